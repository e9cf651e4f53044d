#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The guard: a script that never ends is ended, and everyone else goes on. tests/vm/faults has the ways to it.

bats_require_minimum_version 1.5.0
load log
load slowness

scripts=tests/scripts/endless
pin=/sys/fs/bpf/test

# On the debug kernel (tools/debug/check) scripts may take far longer than it is slower: not here.
setup_file() {
	if slow_kernel; then
		cp -a /lib/modules/lua/driver.lua "$BATS_FILE_TMPDIR"
		sed -i "s/ budget=.*/ budget=$((5 * slowness))s/" /lib/modules/lua/driver.lua
		lunatik unload
		modprobe lunatik process_budget=$((5000 * slowness))
	fi
	lunatik load
}

teardown_file() {
	if slow_kernel; then
		cp -a "$BATS_FILE_TMPDIR/driver.lua" /lib/modules/lua
		lunatik unload
		lunatik load
	fi
}

setup() {
	script=
	mark
}

teardown() {
	tell_failure
	rm -f $pin
	[ -z "$script" ] || lunatik stop "$script" || true
}

start() { # SCRIPT [CONTEXT...]
	script=$scripts/$1
	lunatik run "$script" "${@:2}"
}

still_evaluates() { [ "$(lunatik <<<'return 6*7')" = 42 ]; }

@test "guard: what never ends at the prompt is an error after 5 s, and the next line is evaluated" {
	for source in 'while true do end' 'while true do pcall(function() while true do end end) end' 'return ("a"):rep(200):find(("a*"):rep(100) .. "b")'; do
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

@test "guard: finalizers that never end do not keep a script from being stopped, nor its device" {
	start finalizer
	[ -e /dev/endless ]
	within 8 lunatik stop "$script"
	script=
	[ ! -e /dev/endless ]
}

@test "guard: the collector and the growth of a table take a time linear in their size, whatever the script does" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start collector
	for way in rehash chain; do
		read -r _ _ took < <(timeout $((60 * slowness)) tests/vm/frames timed $pin "$script" 0 "$way")
		echo "$way in $took ms"
		[ "$took" -lt $((500 * slowness)) ]
	done
}

@test "guard: --budget says how long a visit may take" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start packet softirq --budget 300ms
	read -r _ verdict took < <(timeout $((30 * slowness)) tests/vm/frames timed $pin "$script" 0 loop)
	echo "$verdict in $took ms"
	[ "$verdict" = -1 ]
	[ "$took" -ge 300 ]
	[ "$took" -lt $((900 * slowness)) ]
	lunatik stop "$script"
	start device process --budget 1s
	run -1 within 3 dd if=/dev/endless bs=2 count=1
}

@test "guard: a runtime that goes over its limits eight times in a row is stopped, says so, and may be run again" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start packet
	# As many others in between as one weighs: no row
	for _ in {1..10}; do
		[ "$(tests/vm/frames call $pin "$script" 0 loop pass pass pass pass pass pass pass pass)" = "-1 2 2 2 2 2 2 2 2 " ]
	done
	[ "$(breaches)" = 10 ]
	[ "$(tests/vm/frames call $pin "$script" 0 loop loop loop loop loop loop loop loop)" = "-1 -1 -1 -1 -1 -1 -1 -1 " ]
	[ "$(tests/vm/frames call $pin "$script" 0 pass)" = "-1 " ]
	[ "$(breaches)" = 18 ]
	lunatik list | grep "$script.*stopped for its breaches"
	[ "$(log | grep -c "$script: stopped: it went over its limits again and again")" = 1 ]
	# The driver itself is never stopped for what is asked of it
	for _ in {1..10}; do
		echo 'local t = {} while true do t[#t + 1] = ("x"):rep(1 << 20) .. #t end' | run -1 lunatik
	done
	still_evaluates
	lunatik run "$script"
	[ "$(tests/vm/frames call $pin "$script" 0 pass)" = "2 " ]
	[ "$(breaches)" = 0 ]
}

@test "guard: one state of a percpu runtime that goes over its limits ends it on all" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start packet percpu
	[ "$(tests/vm/frames call $pin "$script" 1 pass)" = "2 " ]
	tests/vm/frames call $pin "$script" 0 loop loop loop loop loop loop loop loop
	for _ in {1..50}; do
		[ "$(tests/vm/frames call $pin "$script" 1 pass)" = "-1 " ] && break
		sleep 0.1
	done
	[ "$(tests/vm/frames call $pin "$script" 1 pass)" = "-1 " ]
}

# Microseconds that are slow for a packet: twice the usual budget
slow_packet() { echo $(($(cat /sys/module/lunatik/parameters/softirq_budget) * 2000)); }

breaches() { lunatik list | awk -v script="$script" '$1 == script { print $6 }'; }

@test "guard: slow packets take 80 % of a second at most, and a script that has more is stopped" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start crowd softirq --budget 500ms
	# Ten seconds of them, each far below its own budget
	timeout $((60 * slowness)) tests/vm/frames repeated $pin "$script" 0 "$(slow_packet)" 500
	lunatik list | grep "$script.*stopped for its breaches"
	[ "$(breaches)" -ge 8 ]
	log | grep 'crowd.lua:[0-9]*: the script ran for too long: slow packets took more than 80 % of a second'
	log | grep "$script: stopped: it went over its limits again and again"
	still_evaluates
}

@test "guard: fast packets may take all of the time" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	start crowd
	timeout $((60 * slowness)) tests/vm/frames repeated $pin "$script" 0 $(($(slow_packet) / 100)) 15000
	[ "$(breaches)" = 0 ]
	[ "$(tests/vm/frames call $pin "$script" 0 1)" = "2 " ]
}

@test "guard: --memory says how much a state may use, and more is an error" {
	lunatik run tests/scripts/wide --memory 8M
	lunatik stop tests/scripts/wide
	run -1 lunatik run tests/scripts/wide --memory 1M
	[[ "$output" == *"not enough memory"* ]]
	run -1 lunatik run tests/scripts/nothing --memory 1
	[[ "$output" == *"the memory of a process runtime is 65536 to 1073741824 bytes"* ]]
	for option in '--budget 2h' '--budget 0' '--budget -1' '--memory x' '--memory 0' '--memory'; do
		# shellcheck disable=SC2086 # two words
		run -2 lunatik run tests/scripts/nothing $option
	done
	run -1 lunatik run tests/scripts/nothing softirq --budget 2s
	[[ "$output" == *"the budget of a softirq runtime is 1 to 500 ms"* ]]
}

@test "guard: an error longer than a record of the log is there at once, cut" {
	script=tests/scripts/an_error_that_is_longer_than_a_record_of_the_log
	lunatik spawn $script
	for _ in {1..50}; do
		[ -z "$(log)" ] || break
		sleep 0.1
	done
	[[ "$(log)" == "lunatik: $script: xxx"* ]]
}

@test "guard: time asleep does not count" {
	[ "$(lunatik <<<"require('linux').schedule(6000) return 'awake'")" = awake ]
}

@test "guard: recursion leaves at least 2 KiB of a task's stack and of the stack of interrupts" {
	modprobe stackmark
	modprobe -r stackmark
	for stack in task interrupts; do
		line=$(log | grep "stackmark: $stack: ")
		echo "# $line" >&3
		left=$(sed -n 's/.*: \([0-9]*\) of .*/\1/p' <<<"$line")
		[ "$left" -ge 2048 ]
		[[ "$line" != *"call failed"* ]]
	done
}
