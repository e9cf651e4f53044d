#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The guard: a script that never ends is ended, and everyone else goes on.

bats_require_minimum_version 1.5.0
load log

scripts=tests/scripts/endless
ways=(loop pcall xpcall coroutine coroutines close closings gc hook sethook memory pattern class find rep sort concat
	move insert pack utf8 gsub load index searchpath)
pin=/sys/fs/bpf/test

setup_file() {
	lunatik load
}

setup() {
	script=
	mark
}

teardown() {
	rm -f $pin
	[ -z "$script" ] || lunatik stop "$script" || true
}

start() { # SCRIPT [CONTEXT...]
	script=$scripts/$1
	lunatik run "$script" "${@:2}"
}

# within SECONDS COMMAND...: what the command does, in so long at most
within() {
	local began=$EPOCHREALTIME limit=$1 status=0
	shift
	timeout 60 "$@" || status=$?
	awk -v took="$EPOCHREALTIME" -v began="$began" -v limit="$limit" \
		'BEGIN { took -= began; print "# " took " s"; exit took > limit }' || return 99
	return $status
}

still_evaluates() { [ "$(lunatik <<<'return 6*7')" = 42 ]; }

@test "guard: a packet's callback that never returns is -1 within its 10 ms, whatever it does, and the script goes on" {
	start packet
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	for context in 'softirq' 'softirq percpu'; do
		lunatik stop "$script"
		# shellcheck disable=SC2086 # two words
		start packet $context
		for way in "${ways[@]}"; do
			read -r name verdict took < <(timeout 30 tests/vm/frames timed $pin "$script" 0 "$way")
			echo "$context: $name returned $verdict in $took ms"
			[ "$name $verdict" = "$way -1" ]
			# 10 ms, one look of the timer, and what a machine without hardware support loses
			[ "$took" -lt 500 ]
			[ "$(tests/vm/frames call $pin "$script" 0 pass)" = "2 " ]
		done
	done
	[ -n "$(log | grep 'the script ran for too long')" ]
}

@test "guard: what never ends at the prompt is an error after 5 s, and the next line is evaluated" {
	for source in 'while true do end' 'while true do pcall(function() while true do end end) end' 'return (""):rep(1 << 60)'; do
		run within 8 lunatik <<<"$source"
		[ "$status" = 1 ]
		[[ "$output" == *"the script ran for too long"* ]]
		still_evaluates
	done
}

@test "guard: a script that never ends its start fails, and is not registered" {
	run within 8 lunatik run $scripts/start
	[ "$status" = 1 ]
	[[ "$output" == *"start.lua:2: the script ran for too long"* ]]
	[ -z "$(lunatik list | grep endless)" ]
}

@test "guard: a read that never ends is ECANCELED, and the next one is answered" {
	start device
	run -1 within 8 dd if=/dev/endless bs=2 count=1
	[[ "$output" == *"Operation canceled"* ]]
	[ "$(dd if=/dev/endless bs=1 count=1 status=none)" = x ]
}

@test "guard: a thread has no limit, and is stopped within a second whatever it does" {
	for name in task sleeper nest; do
		script=$scripts/$name
		lunatik spawn "$script"
		sleep 7
		lunatik list | grep "$script"
		within 2 lunatik stop "$script"
		[ -z "$(lunatik list)" ]
		[ -z "$(ps -e -o comm= | grep endless)" ]
	done
	script=
}

@test "guard: a hardirq runtime that never returns is an error within milliseconds, whatever it does" {
	start task hardirq
	for way in "${ways[@]}"; do
		run within 1 lunatik <<<"return pcall(require('lunatik')._ENV.runtimes['$script'].resume, require('lunatik')._ENV.runtimes['$script'], '$way')"
		echo "$way: $output"
		[[ "$output" == *"the script ran for too long"* || "$output" == *"cannot resume dead"* ]]
		lunatik stop "$script"
		lunatik run "$script" hardirq
	done
}

@test "guard: finalizers that never end do not keep a script from being stopped, nor its device" {
	start finalizer
	[ -e /dev/endless ]
	within 8 lunatik stop "$script"
	script=
	[ ! -e /dev/endless ]
}

@test "guard: time asleep does not count" {
	[ "$(lunatik <<<"require('linux').schedule(6000) return 'awake'")" = awake ]
}
