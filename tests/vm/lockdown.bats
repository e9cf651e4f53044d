#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A kernel that is locked down takes no scripts. There is no way back: the last tests of all.

bats_require_minimum_version 1.5.0
load log

mode=/sys/kernel/security/lockdown

setup_file() {
	lunatik load
}

@test "lockdown: neither mode lets /dev/lunatik be opened, and what runs goes on" {
	lunatik run tests/scripts/chardev
	for name in integrity confidentiality; do
		mark
		echo $name >$mode
		for attempt in 'lunatik list' 'lunatik run tests/scripts/nothing' 'lunatik'; do
			run -1 $attempt </dev/null
			[[ "$output" == *"the kernel is locked down"* ]]
		done
		run -1 cat /dev/lunatik
		[[ "$output" == *"Operation not permitted"* ]]
		[ -n "$(log | grep '/dev/lunatik is not opened: the kernel is locked down')" ]
		[ "$(cat /dev/chardev)" = "hello world" ]
	done
}

@test "lockdown: a script that runs makes no other" {
	run cat /dev/chardev-runtime
	[[ "$output" == *"the kernel is locked down"* ]]
}
