#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `device`, by what programs see of /dev/NAME.

script=tests/scripts/chardev

setup_file() {
	lunatik load
}

setup() {
	lunatik run "$script"
}

teardown() {
	lunatik stop "$script" || true
}

# kernel SOURCE: evaluates in the kernel
kernel() {
	echo "$1" | lunatik
}

# written FILE: what one write of ten bytes returns
written() {
	python3 -c 'import os, sys; print(os.write(os.open(sys.argv[1], os.O_WRONLY), b"x" * 10))' "$1"
}

@test "device: the node has the name and the mode of the driver, and goes with the script" {
	[ "$(stat -c %a /dev/chardev)" = 640 ]
	[ -c /dev/chardev ]
	lunatik stop "$script"
	[ ! -e /dev/chardev ]
	lunatik run "$script"
}

@test "device: a read returns the callback's string, cut to the length asked for" {
	[ "$(head -c 5 /dev/chardev)" = "hello" ]
	[ "$(cat /dev/chardev)" = "hello world" ]
}

@test "device: the offset moves by what was read, or to where the callback says" {
	[ "$(dd if=/dev/chardev bs=3 count=2 status=none)" = "hello " ]
	exec 5</dev/chardev-offset
	[ "$(dd bs=10 count=1 status=none <&5)" = "at 0" ]
	[ "$(dd bs=10 count=1 status=none <&5)" = "at 100" ]
	exec 5<&-
}

@test "device: a write hands over the bytes, zeros included, and the offset" {
	printf 'a\0b' >/dev/chardev-sink
	cmp /dev/chardev-sink <(printf '0:3:a\0b')
}

@test "device: a callback may take a part of what was written" {
	[ "$(written /dev/chardev-part)" = 4 ]
}

@test "device: a length longer than what was written is corrected" {
	[ "$(written /dev/chardev-boast)" = 10 ]
}

@test "device: each open file has a table of its own" {
	exec 5<>/dev/chardev-file 6<>/dev/chardev-file
	echo -n one >&5
	echo -n two >&6
	[ "$(head -c 3 <&5)" = one ]
	[ "$(head -c 3 <&6)" = two ]
	exec 5<&- 6<&-
}

@test "device: an operation without a callback is ENXIO" {
	for attempt in 'cat /dev/chardev-bare' 'echo x > /dev/chardev-bare' 'cat /dev/chardev-closed'; do
		run bash -c "$attempt"
		[ "$status" -ne 0 ]
		[[ "$output" == *"No such device or address"* ]]
	done
}

@test "device: an error in a callback is ECANCELED, with the traceback in the kernel log" {
	dmesg -C
	run cat /dev/chardev-bad
	[ "$status" -ne 0 ]
	[[ "$output" == *"Operation canceled"* ]]
	dmesg | grep -q 'tests/scripts/chardev: .*chardev.lua:[0-9]*: bad read'
	dmesg | grep -q 'stack traceback'
}

@test "device: a callback that returns the wrong type is ECANCELED, not a crash" {
	for name in table function boolean negative; do
		run cat "/dev/chardev-wrong-$name"
		[ "$status" -ne 0 ]
		[[ "$output" == *"Operation canceled"* ]]
	done
	run bash -c 'echo x > /dev/chardev-wrong-negative'
	[[ "$output" == *"Operation canceled"* ]]
}

@test "device: a write longer than the driver's limit is EMSGSIZE, and the callback is not called" {
	run dd if=/dev/zero of=/dev/chardev-limit bs=9 count=1
	[ "$status" -ne 0 ]
	[[ "$output" == *"Message too long"* ]]
	dd if=/dev/zero of=/dev/chardev-limit bs=8 count=1 status=none
	run dd if=/dev/zero of=/dev/chardev-sink bs=2M count=1
	[[ "$output" == *"Message too long"* ]]
}

@test "device: a write of 2 GiB, and of more, is EMSGSIZE and takes no memory, and the next one is served" {
	before=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	for length in 0x7ffff000 0x7fffffff 0x80000000 0xffffffff; do
		for node in chardev-sink chardev-limit lunatik; do
			run python3 -c 'import mmap, os, sys
pages = mmap.mmap(-1, 1 << 32, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
os.write(os.open(sys.argv[1], os.O_WRONLY), memoryview(pages)[:int(sys.argv[2], 0)])' "/dev/$node" $length
			[[ "$output" == *"Message too long"* ]]
		done
	done
	[ $((before - $(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo))) -lt 65536 ]
	dd if=/dev/zero of=/dev/chardev-limit bs=8 count=1 status=none
}

@test "device: a privileged one needs CAP_SYS_ADMIN, root or not; /dev/lunatik is one" {
	for node in chardev-privileged lunatik; do
		cat "/dev/$node"
		run setpriv --bounding-set -sys_admin cat "/dev/$node"
		[ "$status" -ne 0 ]
		[[ "$output" == *"Operation not permitted"* ]]
	done
	run setpriv --bounding-set -sys_admin lunatik list
	[ "$status" -eq 1 ]
	setpriv --bounding-set -sys_admin cat /dev/chardev
}

@test "device: a read of 256 MB asks for no more memory than the answer has" {
	[ "$(dd if=/dev/chardev bs=256M count=1 status=none)" = "hello world" ]
}

@test "device: a file left open when its script stops is ENXIO from then on" {
	exec 5<>/dev/chardev
	lunatik stop "$script"
	run dd bs=5 count=1 status=none <&5
	[ "$status" -ne 0 ]
	[[ "$output" == *"No such device or address"* ]]
	lunatik run "$script"
	run dd bs=5 count=1 status=none <&5
	[ "$status" -ne 0 ]
	exec 5<&-
}

@test "device: stop() takes the node away, and stopping twice is nothing" {
	[ -e /dev/chardev-stop ]
	echo >/dev/chardev-stopper
	[ ! -e /dev/chardev-stop ]
	echo >/dev/chardev-stopper
}

@test "device: release is called when the last descriptor closes" {
	exec 5</dev/chardev-released
	exec 6<&5
	exec 5<&-
	[ "$(cat /dev/chardev-count)" = 0 ]
	exec 6<&-
	[ "$(cat /dev/chardev-count)" = 1 ]
}

@test "device: bad drivers are errors that name the field" {
	check() {
		run kernel "require('device').new($1)"
		[ "$status" -eq 1 ]
		[[ "$output" == *"$2"* ]]
	}
	check '' 'table expected, got no value'
	check '{}' 'driver.name is no string'
	check '{name = 1}' 'driver.name is no string'
	for name in '' 'a/b' '..' '.hidden' 'a!b' "$(printf 'x%.0s' {1..64})" 'a\0b'; do
		check "{name = '$name'}" 'driver.name is no name for a file in /dev'
	done
	check '{name = "x", mode = 4096}' 'driver.mode is no integer from 0 to 511'
	check '{name = "x", mode = "all"}' 'driver.mode is no integer'
	check '{name = "x", limit = 0}' 'driver.limit is no integer from 1 to'
	[ ! -e /dev/x ]
}

@test "device: a name that /dev has is an error, ours or anybody's" {
	for name in null chardev; do
		run kernel "require('device').new({name = '$name'})"
		[ "$status" -eq 1 ]
		[[ "$output" == *"/dev/$name exists already"* ]]
	done
	[ "$(stat -c %t:%T /dev/null)" = 1:3 ]
}

@test "device: a method called on another class's object is a type error" {
	run kernel "require('device').stop(require('data').new(1))"
	[[ "$output" == *"device expected, got data"* ]]
}

@test "runtime: one whose last reference goes inside of it is stopped after that" {
	kernel 'l = require("lunatik"); r = l.runtime("tests/scripts/orphan"); l._ENV.tests_orphan = r; r:resume()'
	kernel 'collectgarbage() collectgarbage()'
	[ -e /dev/orphan ]
	echo >/dev/orphan
	for _ in {1..50}; do
		[ -e /dev/orphan ] || return 0
		sleep 0.1
	done
	return 1
}

@test "device: fifty readers at once each get the whole answer" {
	for _ in {1..50}; do
		cat /dev/chardev >"$BATS_TEST_TMPDIR/$BASHPID" &
	done
	wait
	[ "$(cat "$BATS_TEST_TMPDIR"/* | wc -c)" -eq 550 ]
}
