#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# What ends while it is in use: tasks, files, interfaces, namespaces, runtimes. Each leaves the rest working.

bats_require_minimum_version 1.5.0
load log
load background
load slowness

pin=/sys/fs/bpf/test

setup_file() {
	lunatik load
}

setup() {
	mark
	background=()
}

teardown() {
	tell_failure
	exec 5<&- 6<&-
	end_background
	ip netns delete far || true
	ip link delete near || true
	rm -f $pin
	lunatik load
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
}

still_evaluates() { [ "$(timeout $((20 * slowness)) lunatik <<<'return 6*7')" = 42 ]; }

seconds() { # COMMAND...: how long it takes
	local began=$EPOCHREALTIME
	"$@"
	awk -v took="$EPOCHREALTIME" -v began="$began" 'BEGIN { print int(took - began) }'
}

@test "lifetime: a process killed in the middle of a write to /dev/lunatik ends at once, and others are served" {
	for source in 'while true do end' 'require("linux").schedule(100000, require("linux").task.UNINTERRUPTIBLE)' \
		'for i = 1, 1 << 60 do pcall(string.rep, "x", -1) end'; do
		run_on python3 -c 'import os, sys; os.write(os.open("/dev/lunatik", os.O_RDWR), sys.argv[1].encode())' "$source"
		sleep 1
		kill -KILL "${background[-1]}"
		[ "$(seconds wait "${background[-1]}")" -le $((2 * slowness)) ]
		still_evaluates
	done
}

@test "lifetime: a process that ends while a runtime is busy does not wait for it, and its file is closed later" {
	lunatik run tests/scripts/busy
	run_on sleep 100 5</dev/busy
	sleep 0.5
	run_on head -c 1 /dev/busy
	sleep 0.5
	kill -KILL "${background[0]}"
	[ "$(seconds wait "${background[0]}")" -le $((1 * slowness)) ]
	# The file of the sleeper, of head, and of the first reader here
	sleep 4
	[ "$(dd if=/dev/busy bs=2 count=1 status=none)" = 2 ]
	[ "$(dd if=/dev/busy bs=2 count=1 status=none)" = 3 ]
}

@test "lifetime: of two stops at once one stops the script, the other says that it does not run" {
	for _ in {1..20}; do
		lunatik run tests/scripts/chardev
		lunatik stop tests/scripts/chardev >"$BATS_TEST_TMPDIR/1" 2>&1 &
		lunatik stop tests/scripts/chardev >"$BATS_TEST_TMPDIR/2" 2>&1 || true
		wait $! || true
		[ "$(cat "$BATS_TEST_TMPDIR"/[12] | grep -c 'is not running')" = 1 ]
		[ ! -e /dev/chardev ]
	done
}

@test "lifetime: files left open keep the modules in use; once they are closed, unloading goes on" {
	lunatik run tests/scripts/chardev
	exec 5<>/dev/chardev 6<>/dev/lunatik
	run -1 lunatik unload
	[[ "$output" == *"in use"* ]]
	run dd bs=5 count=1 status=none <&5
	[[ "$output" == *"No such device or address"* ]]
	run bash -c 'echo x >&6'
	[ "$status" -ne 0 ]
	exec 5<&- 6<&-
	lunatik unload
	[ -z "$(lsmod | grep ^lunatik)" ]
	lunatik load
	still_evaluates
}

hermits() { find /dev -name 'hermit-*' | wc -l; }

@test "lifetime: runtimes that hold themselves, by an object, a table or a thread, end with the script that made them" {
	lunatik run tests/scripts/hermits
	sleep 1
	[ "$(hermits)" = 3 ]
	[ -n "$(ps -e -o comm= | grep hermit)" ]
	lunatik stop tests/scripts/hermits
	for _ in {1..50}; do
		[ "$(hermits)" -gt 0 ] || break
		sleep 0.1
	done
	[ "$(hermits)" = 0 ]
	[ -z "$(ps -e -o comm= | grep hermit)" ]
	lunatik unload
	[ -z "$(lsmod | grep ^lunatik)" ]
}

@test "lifetime: a script that takes itself off the list ends at the latest when Lunatik is unloaded" {
	lunatik spawn tests/scripts/endless/hermit
	sleep 1
	[ -z "$(lunatik list)" ]
	[ "$(hermits)" = 1 ]
	for _ in {1..50}; do
		lunatik unload && break
		sleep 0.1
	done
	[ -z "$(lsmod | grep ^lunatik)" ]
	[ "$(hermits)" = 0 ]
	[ -z "$(ps -e -o comm= | grep hermit)" ]
}

packets_to_far() {
	ip netns add far
	ip link add near type veth peer name far netns far
	echo 1 >/proc/sys/net/ipv6/conf/near/disable_ipv6
	ip link set near up
	ip -n far link set far up
	lunatik run bench/sni softirq percpu
	# What rewrites the jump to XDP programs and what runs it are on one CPU: see stress.bats.
	taskset --cpu-list 1 bpftool prog load "build/$(uname -r)/bench/call-sni.o" $pin
	taskset --cpu-list 1 nsenter --net=/run/netns/far bpftool net attach xdpdrv pinned $pin dev far
	run_on taskset --cpu-list 1 tests/vm/frames send near tests/bench/sni.bin 60
	sleep 1
}

@test "lifetime: an interface is deleted under XDP while packets come" {
	packets_to_far
	taskset --cpu-list 1 ip link delete near
	lunatik stop bench/sni
	still_evaluates
}

@test "lifetime: a network namespace is deleted under XDP while packets come" {
	packets_to_far
	taskset --cpu-list 1 ip netns delete far
	for _ in {1..50}; do
		[ -e /sys/class/net/near ] || break
		sleep 0.1
	done
	[ ! -e /sys/class/net/near ]
	lunatik stop bench/sni
	still_evaluates
}

@test "lifetime: scripts are stopped, and modules unloaded, while fifo, mailbox, completion, rcu, packet, syscall and fib are in use" {
	ip netns add far
	for _ in {1..5}; do
		nsenter --net=/run/netns/far lunatik spawn tests/scripts/using
		sleep 0.2
		lunatik stop tests/scripts/using
	done
	nsenter --net=/run/netns/far lunatik spawn tests/scripts/using
	for library in fifo completion rcu packet syscall fib data; do
		run -1 rmmod lua$library
		[[ "$output" == *"in use"* ]]
	done
	lunatik unload
	[ -z "$(lsmod | grep ^lua)" ]
	lunatik load
	still_evaluates
	log | run ! grep lunatik:
}

@test "lifetime: a program of XDP that holds the kfunc keeps its module, and lets it go" {
	bpftool prog load "build/$(uname -r)/tests/xdp/named.o" $pin
	run -1 lunatik unload
	[[ "$output" == *"in use"* ]]
	rm $pin
	for _ in {1..50}; do
		lunatik unload && break
		sleep 0.1
	done
	[ -z "$(lsmod | grep ^lunatik)" ]
}
