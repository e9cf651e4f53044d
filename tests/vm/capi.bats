#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The C API, by a kernel module that is no part of Lunatik (tests/mydevice).

setup() {
	modprobe mydevice
}

teardown() {
	modprobe -r mydevice
}

@test "C API: a module answers reads by a Lua function" {
	[ "$(cat /dev/mydevice)" = 42 ]
}

@test "C API: an error in the script reaches the module" {
	dmesg -C
	run dd if=/dev/mydevice bs=7 count=1
	[[ "$output" == *"Operation canceled"* ]]
	dmesg | grep -q 'mydevice: .*mydevice.lua:[0-9]*: seven'
}

@test "C API: an error that the handler lets pass is caught, logged, and ECANCELED" {
	dmesg -C
	run dd if=/dev/mydevice bs=8 count=1
	[[ "$output" == *"Operation canceled"* ]]
	dmesg | grep -q 'string expected, got nil'
	[ "$(cat /dev/mydevice)" = 42 ]
}

@test "C API: references are counted, and the state knows its runtime" {
	printf g >/dev/mydevice
	[ "$(cat /dev/mydevice)" = 42 ]
}

@test "C API: a stopped runtime is ENXIO" {
	printf s >/dev/mydevice
	run cat /dev/mydevice
	[[ "$output" == *"No such device or address"* ]]
	! dmesg | grep -q 'the runtime was not released'
}

@test "C API: a script that cannot be run is EINVAL, and the module does not load" {
	modprobe -r mydevice
	mv /lib/modules/lua/tests/scripts/mydevice.lua /lib/modules/lua/tests/scripts/mydevice.away
	dmesg -C
	run modprobe mydevice
	mv /lib/modules/lua/tests/scripts/mydevice.away /lib/modules/lua/tests/scripts/mydevice.lua
	[ "$status" -ne 0 ]
	[[ "$output" == *"Invalid argument"* ]]
	dmesg | grep -q 'tests/scripts/mydevice: cannot open\|tests/scripts/mydevice: .*No such file'
}

@test "C API: Lunatik cannot be unloaded under a module that uses it" {
	run rmmod lunatik
	[ "$status" -ne 0 ]
	[ "$(cat /dev/mydevice)" = 42 ]
}
