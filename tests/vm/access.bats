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
