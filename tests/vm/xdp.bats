#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `xdp`: what the kfunc returns for what a callback does. The packets are made by
# tests/vm/frames, and call tests/xdp/named.c through bpf(BPF_PROG_TEST_RUN).

bats_require_minimum_version 1.5.0
load log

verdicts=tests/scripts/verdicts
counter=tests/scripts/counter
keeper=tests/scripts/keeper
pin=/sys/fs/bpf/test

setup_file() {
	lunatik load
}

setup() {
	script=
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	mark
}

teardown() {
	rm -f $pin
	[ -z "$script" ] || lunatik stop "$script" || true
}

start() { # SCRIPT [CONTEXT...]
	script=$1
	lunatik run "$@"
}

resume() { # SCRIPT
	lunatik <<<"return require('lunatik')._ENV.runtimes['$1']:resume()"
}

# returned SCRIPT ARGUMENT...: what the kfunc returns for each argument, on CPU 0
returned() { on_cpu 0 "$@"; }
on_cpu() { tests/vm/frames call $pin "$2" "$1" "${@:3}"; }

@test "xdp: the kfunc returns the callback's action, and PASS for nothing or nil" {
	start $verdicts
	[ "$(returned $verdicts aborted drop pass tx redirect)" = "0 1 2 3 4 " ]
	[ "$(returned $verdicts several nothing nil)" = "1 2 2 " ]
	[ -z "$(log | grep lunatik)" ]
}

@test "xdp: a program without an argument gives the callback an empty one" {
	start $verdicts
	[ "$(returned $verdicts '')" = "0 " ]
}

@test "xdp: what is no action is -1 and a line in the log, and the script goes on" {
	start $verdicts
	wait_for_log
	[ "$(returned $verdicts negative behind wide text boolean table drop)" = "-1 -1 -1 -1 -1 -1 1 " ]
	[ "$(log | grep -c lunatik)" = 6 ]
	[ "$(log | grep -cx "lunatik: $verdicts: .*returned no XDP action")" = 6 ]
}

@test "xdp: an error in the callback is -1 and a traceback in the log, and the script goes on" {
	start $verdicts
	wait_for_log
	[ "$(returned $verdicts error 'error table' 'error text' 'error nil' 'no such case' drop)" = "-1 -1 -1 -1 -1 1 " ]
	log | grep -A 4 "^lunatik: $verdicts: .*verdicts.lua:[0-9]*: deliberate" | grep "in function 'error'"
	log | grep '(error object is a table value)'
	log | grep 'in words'
	log | grep "attempt to call a nil value"
}

@test "xdp: recursion and memory without end, a yield and attach() in the callback are errors, and the script goes on" {
	start $verdicts
	wait_for_log
	[ "$(returned $verdicts 'Lua recursion' 'C recursion' memory yield attach drop)" = "-1 -1 -1 -1 -1 1 " ]
	log | grep 'stack overflow'
	log | grep 'not enough memory'
	log | grep 'attempt to yield'
	log | grep 'inside of the callback'
}

@test "xdp: after xdp.detach() the kfunc returns -1" {
	start $verdicts
	[ "$(returned $verdicts pass detach pass)" = "2 1 -1 " ]
	[ -z "$(log | grep lunatik)" ]
}

@test "xdp: the kfunc returns -1 for a script that does not run, before, between and after its runs" {
	for _ in 1 2; do
		[ "$(returned $verdicts drop)" = "-1 " ]
		lunatik run $verdicts
		[ "$(returned $verdicts drop)" = "1 " ]
		lunatik stop $verdicts
	done
	[ "$(returned $verdicts drop)" = "-1 " ]
	[ -z "$(log | grep lunatik)" ]
}

@test "xdp: the kfunc returns -1 for an empty name, also after names that are right and too long" {
	start $verdicts
	[ "$(returned $verdicts drop)" = "1 " ]
	[ "$(returned '' drop)" = "-1 " ]
	[ "$(returned $verdicts drop)" = "1 " ]
	[ "$(returned "$(printf 'x%.0s' {1..100})" drop)" = "-1 " ]
	[ "$(returned '' drop)" = "-1 " ]
}

@test "xdp: a process runtime cannot attach" {
	run ! lunatik run $verdicts process
	[[ "$output" == *"packets come in softirq context"* ]]
	[[ "$(lunatik list)" != *$verdicts* ]]
}

@test "xdp: a packet and an argument that the script keeps cannot be read after the callback" {
	start $keeper
	[ "$(returned $keeper x)" = "2 " ]
	run -0 resume $keeper
	[[ "$output" == *"the memory is gone"*"the memory is gone"*$'\t0' ]]
}

@test "xdp: a percpu script has a state on each CPU" {
	start $counter
	[ "$(on_cpu 0 $counter x x x)" = "1 2 3 " ]
	[ "$(on_cpu 1 $counter x x)" = "1 2 " ]
	[ "$(on_cpu 0 $counter x)" = "4 " ]
}

@test "xdp: a context on the command line overrides the script's own, percpu included" {
	start $counter softirq
	[ "$(on_cpu 0 $counter x x x)" = "1 2 3 " ]
	[ "$(on_cpu 1 $counter x)" = "4 " ]
}
