#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `xdp`: what the kfunc returns for what a callback does. The packets are made by
# tests/vm/frames, and call tests/xdp/named.c through bpf(BPF_PROG_TEST_RUN).

bats_require_minimum_version 1.5.0
load log

verdicts=tests/scripts/verdicts
counter=tests/scripts/counter
keeper=tests/scripts/keeper
packets=tests/scripts/packets
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
	tell_failure
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

@test "xdp: the kfunc and attached() find a script by its name with .lua, too, as it may be run" {
	start $verdicts.lua
	[ "$(returned $verdicts.lua drop pass)" = "1 2 " ]
	[ "$(returned $verdicts drop)" = "1 " ]
	[ "$(returned $verdicts.lua.lua drop)" = "-1 " ]
	[ "$(returned .lua drop)" = "-1 " ]
	[ "$(lunatik <<<"local a = require('xdp').attached return a('$verdicts.lua'), a('$verdicts'), a('.lua')")" = $'true\ttrue\tfalse' ]
	lunatik stop $verdicts.lua
	[ "$(returned $verdicts.lua drop)" = "-1 " ]
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
	[[ "$output" == *"the memory is gone"*"the memory is gone"*$'\t0\t'*"the packet is gone"*"the packet is gone"* ]]
}

# changed LENGTH SOURCE: what the source does to a packet of this length: the verdict, its length and last bytes then
changed() { tests/vm/frames changed $pin $packets "$2" "$1"; }

@test "xdp: a packet is resized, and what is new is zeroed" {
	start $packets
	[ "$(changed 300 'return 3')" = "3 300 fcfdfeff" ]
	[ "$(changed 300 'p:resize(305) return #p - 302')" = "3 305 00000000" ]
	[ "$(changed 300 'p:resize(298) return #p - 295')" = "3 298 fafbfcfd" ]
	[ "$(changed 300 'p:resize(14) return 3')" = "3 14 00010800" ]
	[ "$(changed 300 'p:resize(280) p:resize(300) return 3')" = "3 300 00000000" ]
	[ "$(changed 300 'p:resize(299) p:setbyte(298, 7)')" = "2 299 fbfcfd07" ]
}

@test "xdp: a packet has no other length than its frame allows, and an error leaves it as it was" {
	start $packets
	wait_for_log
	for length in 13 0 -1 4096 '1<<62'; do
		[ "$(changed 300 "p:resize($length)")" = "-1 300 fcfdfeff" ]
	done
	log | grep 'length out of range: this packet may have 14 to 35[0-9][0-9] bytes'
}

@test "xdp: bytes that were cut off cannot be read" {
	start $packets
	[ "$(changed 300 'p:resize(290) return pcall(p.getbyte,p,290) and 1 or 3')" = "3 290 f2f3f4f5" ]
}

@test "xdp: a packet in pieces is read and written over their borders" {
	start $packets
	[ "$(changed 9000 'return #p == 9000 and p:getbyte(8999) == 255 and 3')" = "3 9000 fcfdfeff" ]
	# 255 less the distance to the end: at each offset of a border of pages and of what comes before them
	[ "$(changed 9000 'for i=300,8996 do assert(p:getuint8(i)==i-8744&255)end')" = "2 9000 fcfdfeff" ]
	[ "$(changed 9000 'for i=300,8992 do assert(p:getint64(i)>>56&255==i-8737&255)end')" = "2 9000 fcfdfeff" ]
	[ "$(changed 9000 'local s=p:getstring(300) p:setstring(301,s:sub(1,-2))')" = "2 9000 fbfcfdfe" ]
	[ "$(changed 9000 'p:setuint32be(8996,0x1020304) return 3')" = "3 9000 01020304" ]
	[ "$(changed 9000 'for i=300,8992 do p:setint64(i,0)end')" = "2 9000 00000000" ]
	[ "$(changed 9000 'return pcall(p.getbyte,p,9000) and 1 or 3')" = "3 9000 fcfdfeff" ]
	[ "$(changed 9000 'return pcall(p.setuint16,p,8999,0) and 1 or 3')" = "3 9000 fcfdfeff" ]
}

@test "xdp: the end of a packet in pieces is moved, down to one piece" {
	start $packets
	[ "$(changed 9000 'p:resize(8999) return 3')" = "3 8999 fbfcfdfe" ]
	[ "$(changed 9000 'p:resize(9004) return 3')" = "3 9004 00000000" ]
	[ "$(changed 9000 'p:resize(6000) return #p==6000 and 3')" = "3 6000 44454647" ]
	[ "$(changed 9000 'p:resize(300) p:setbyte(299,1) return #p==300 and 3')" = "3 300 00010201" ]
	[ "$(changed 9000 'p:resize(300) p:resize(304) return 3')" = "3 304 00000000" ]
	[ "$(changed 9000 'return pcall(p.resize,p,99999) and 1 or 3')" = "3 9000 fcfdfeff" ]
}

@test "xdp: redirect() takes an interface by its name or index, and no other" {
	start $packets
	[ "$(changed 300 'return p:redirect("lo")')" = "4 300 fcfdfeff" ]
	[ "$(changed 300 'return p:redirect(1)')" = "4 300 fcfdfeff" ]
	[ "$(changed 300 'return p:redirect("gone0")')" = "-1 300 fcfdfeff" ]
	[ "$(changed 300 'return p:redirect(999)')" = "-1 300 fcfdfeff" ]
	log | grep "no such interface"
	# bpf(BPF_PROG_TEST_RUN) has them come by the loopback.
	[ "$(changed 300 'return p:interface()')" = "1 300 fcfdfeff" ]
}

@test "xdp: attached() tells whether a script runs and has a callback" {
	attached() { lunatik <<<"return require('xdp').attached('$1')"; }
	[ "$(attached $verdicts)" = false ]
	start $verdicts
	[ "$(attached $verdicts)" = true ]
	[ "$(returned $verdicts detach)" = "1 " ]
	[ "$(attached $verdicts)" = false ]
	lunatik stop $verdicts
	start tests/scripts/nothing
	[ "$(attached tests/scripts/nothing)" = false ]
	[ "$(attached '')" = false ]
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
