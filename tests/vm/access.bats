#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# What scripts may be loaded, and who may load them.

bats_require_minimum_version 1.5.0

folder=/lib/modules/lua/access

setup_file() {
	lunatik load
	mkdir -p $folder/inner /root/outside
	echo 'print("inside")' >$folder/inside.lua
	echo 'print("outside")' >/root/outside/script.lua
}

teardown_file() {
	rm -rf $folder /root/outside
}

teardown() {
	rm -rf $folder/link* $folder/inner/link*
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
}

refused() { # MESSAGE SCRIPT
	run -1 lunatik run "$2"
	[[ "$output" == *"$1"* ]]
	[ -z "$(lunatik list)" ]
}

@test "access: a script's name does not leave the folder by .. or as an absolute path" {
	for name in ../lua/access/inside access/../access/inside access/.. .. /lib/modules/lua/access/inside /root/outside/script; do
		refused 'is not a script name' "$name"
	done
	refused 'is not a script name' ''
}

@test "access: a link inside of the folder is followed, one out of it is not" {
	ln -s inside.lua $folder/link1.lua
	ln -s ../inside.lua $folder/inner/link2.lua
	ln -s /root/outside/script.lua $folder/link3.lua
	ln -s ../../../../root/outside/script.lua $folder/link4.lua
	ln -s /root/outside $folder/link5
	for name in access/link3 access/link4 access/link5/script; do
		refused 'No such file or directory' $name
	done
	lunatik run access/link1
	lunatik run access/inner/link2
}

@test "access: no script reads files beyond the folder" {
	ln -s /root/outside $folder/link5
	for path in /root/outside/script.lua /lib/modules/lua/../../../root/outside/script.lua /lib/modules/lua/access/link5/script.lua /proc/kallsyms; do
		run -1 lunatik <<<"assert(loadfile('$path'))"
		[[ "$output" == *"No such file or directory"* ]]
		run -1 lunatik <<<"dofile('$path')"
	done
	run -1 lunatik <<<"package.path = '/root/outside/?.lua' require('script')"
	[[ "$output" == *"module 'script' not found"* ]]
}

@test "access: what is no regular file is not opened, neither as a script nor by one" {
	mkfifo $folder/link6.lua
	mknod $folder/link7.lua c 1 5
	python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$folder/link8.lua')"
	mkdir $folder/link9.lua
	ln -s link6.lua $folder/link10.lua
	for number in 6 7 8 9 10; do
		reason='Not a regular file'
		[ $number != 9 ] || reason='Is a directory'
		for source in "assert(loadfile('$folder/link$number.lua'))" "dofile('$folder/link$number.lua')"; do
			run -1 timeout 10 lunatik <<<"$source"
			echo "$output"
			[[ "$output" == *"cannot open $folder/link$number.lua"*"$reason"* ]]
		done
		run -1 timeout 10 lunatik <<<"require('access.link$number')"
		[[ "$output" == *"module 'access.link$number' not found"* ]]
		run -1 timeout 10 lunatik run access/link$number
		[[ "$output" == *"cannot open $folder/link$number.lua: $reason"* ]]
	done
	: >$folder/link11.lua
	lunatik run access/link11
}

@test "access: precompiled code is refused by the command, by load, by loadfile and by require" {
	luac5.4 -o $folder/link6.lua $folder/inside.lua
	refused "attempt to load a binary chunk" access/link6
	for source in "assert(loadfile('$folder/link6.lua'))" "assert(load(string.dump(function() end)))" \
		"assert(load(string.dump(function() end), 'x', 'b'))" "assert(load('\\27Lua', 'x', 'bt'))" "require('access.link6')"; do
		run -1 lunatik <<<"$source"
		echo "$source: $output"
		[[ "$output" == *"binary"* || "$output" == *"dump"* ]]
	done
}

@test "access: /dev/lunatik is its owner's alone" {
	[ "$(stat -c '%a %u %g' /dev/lunatik)" = "600 0 0" ]
	run -1 setpriv --reuid 65534 --clear-groups lunatik list
	run -1 setpriv --bounding-set -sys_admin lunatik list
}
