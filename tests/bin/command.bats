#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The command, with the driver of /dev/lunatik and the runner behind it.

scripts=/lib/modules/lua/command

setup_file() {
	mkdir -p $scripts
	echo 'print("hello")' >$scripts/hello.lua
	printf -- '-- lunatik: softirq percpu\nlocal x = 1\n' >$scripts/soft.lua
	printf 'local function f()\n\terror("bad")\nend\nf()\n' >$scripts/bad.lua
	echo 'x y z' >$scripts/syntax.lua
	cat >$scripts/worker.lua <<-'END'
		local thread, linux = require("thread"), require("linux")
		return function()
			while not thread.shouldstop() do linux.schedule(20) end
			print("the worker ends")
		end
	END
	echo 'return function() print("ran once") end' >$scripts/once.lua
	cat >$scripts/deaf.lua <<-'END'
		local linux = require("linux")
		return function()
			local start = linux.time()
			while linux.time() - start < 3000000000 do linux.schedule(20) end
		end
	END
}

teardown_file() {
	rm -r $scripts
}

setup() {
	lunatik load
}

teardown() {
	lunatik load
	echo 'require("lunatik.runner").shutdown()' | lunatik
}

# fails STATUS TEXT COMMAND...: the command ends so, with one line on stderr that has the text
fails() {
	local status_wanted=$1 text=$2
	shift 2
	run "$@"
	[ "$status" -eq "$status_wanted" ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == "lunatik: "*"$text"* ]]
}

# kernel SOURCE: evaluates it
kernel() {
	echo "$1" | lunatik
}

@test "command: evaluates each line of standard input" {
	[ "$(echo 'return 42' | lunatik)" = 42 ]
	[ "$(printf '6*7\nx = 1\nx, nil\nfor i = 1, 2 do\nprint(i)\nend\n' | lunatik)" = $'42\n1\tnil\n1\n2' ]
}

@test "command: an evaluation that fails shows file, line and traceback, and makes the status 1" {
	run lunatik <<<$'error("boom")\nreturn 1'
	[ "$status" -eq 1 ]
	[ "$output" = $'stdin:1: boom\nstack traceback:\n\t[C]: in function \'error\'\n\tstdin:1: in main chunk\n1' ]
	run lunatik <<<'if x then'
	[ "$status" -eq 1 ]
	[[ "$output" == *"'end' expected"* ]]
}

@test "command: precompiled chunks are refused" {
	run lunatik <<<$'\033Lua'
	[ "$status" -eq 1 ]
	[[ "$output" == "attempt to load a binary chunk"* ]]
}

@test "command: what a request prints is in the kernel log and in its answer" {
	dmesg -C
	[ "$(kernel 'print("seen", 7)')" = $'seen\t7' ]
	dmesg | grep -q $'seen\t7'
}

@test "command: the device answers a write for as long as it is read, from the start" {
	exec 5<>/dev/lunatik
	echo '6*7' >&5
	[ "$(cat <&5)" = $'ok\n42' ]
	[ "$(cat <&5)" = "" ]
	echo 'error(setmetatable({}, { __tostring = function() return "T" end }))' >&5
	[ "$(cat <&5)" = $'error\nT' ]
	exec 5>&-
	[ "$(stat -c %a /dev/lunatik)" = 600 ]
}

@test "command: source up to the limit is evaluated, beyond it is refused" {
	[ "$( (head -c 1048500 /dev/zero | tr '\0' ' '; echo 'return 5') | lunatik)" = 5 ]
	run bash -c "(head -c 1048600 /dev/zero | tr '\0' ' '; echo 'return 5') | lunatik"
	[ "$status" -eq 1 ]
	[[ "$output" == "lunatik: "*"longer than 1048576 bytes"* ]]
}

@test "command: a large answer comes whole, and too large a one is an error" {
	[ "$(kernel 'return ("x"):rep(3000000)' | wc -c)" -eq 3000001 ]
	run kernel 'return ("x"):rep(30000000)'
	[ "$status" -eq 1 ]
	[[ "$output" == "not enough memory"* ]]
	[ "$(kernel 7)" = 7 ]
}

@test "command: the prompt edits, continues, drops and ends, and its history is the user's alone" {
	rm -f ~/.lunatik_history
	run script -qec lunatik /dev/null < <(sleep 1; printf '6*7\n'; sleep 1; printf 'if x\n'; sleep 1; printf 'garbage\003'
		sleep 1; printf '7\n'; sleep 1; printf '\004'; sleep 1)
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == "Lunatik "*"Lua 5.4"* ]]
	[[ "$output" == *$'> 6*7\r\n42\r\n> if x\r\n>> garbage^C\r\n> 7\r\n7\r\n> '* ]]
	[ "$(stat -c %a ~/.lunatik_history)" = 600 ]
	[ "$(cat ~/.lunatik_history)" = $'6*7\nif x\n7' ]
}

@test "command: run, list and stop" {
	[ -z "$(lunatik list)" ]
	[ "$(lunatik list --json)" = "[]" ]
	lunatik run command/hello.lua
	lunatik run command/soft
	run lunatik list
	[ "${#lines[@]}" -eq 3 ]
	[[ "${lines[0]}" =~ ^SCRIPT\ +CONTEXT\ +PERCPU\ +MEMORY\ +BREACHES\ +STATE$ ]]
	[[ "${lines[1]}" =~ ^command/hello\ +process\ +no\ +[0-9.]+\ KiB\ +0\ +running$ ]]
	[[ "${lines[2]}" =~ ^command/soft\ +softirq\ +yes\ +[0-9.]+\ KiB\ +0\ +running$ ]]
	local budget
	budget=$(cat /sys/module/lunatik/parameters/process_budget)
	[[ "$(lunatik list --json)" =~ ^\[\{\"script\":\"command/hello\",\"context\":\"process\",\"percpu\":false,\"memory\":[0-9]+,\"quota\":16777216,\"budget\":$budget,\"breaches\":0,\"running\":true,\"condemned\":false\},\{.*\}\]$ ]]
	lunatik stop command/soft.lua
	lunatik stop command/hello
	[ -z "$(lunatik list)" ]
}

@test "command: spawn runs a thread, which stop ends" {
	lunatik spawn command/worker
	grep -qx worker /proc/[0-9]*/comm
	fails 1 'command/worker is already running' lunatik spawn command/worker.lua
	[[ "$(lunatik list)" == *"command/worker "* ]]
	dmesg -C
	lunatik stop command/worker
	dmesg | grep -q 'the worker ends'
	run grep -x worker /proc/[0-9]*/comm
	[ "$status" -ne 0 ]
	[ -z "$(lunatik list)" ]
}

@test "command: a thread that has ended is still stopped" {
	dmesg -C
	lunatik spawn command/once
	sleep 0.5
	dmesg | grep -q 'ran once'
	lunatik stop command/once
	[ -z "$(lunatik list)" ]
}

@test "command: what cannot be spawned leaves nothing" {
	fails 1 'command/soft is a softirq script: only process scripts are spawned' lunatik spawn command/soft
	run lunatik spawn command/bad
	[ "$status" -eq 1 ]
	[ -z "$(lunatik list)" ]
}

@test "command: Ctrl-C ends a stop that waits for a thread, and the next stop goes on" {
	lunatik spawn command/deaf
	run timeout --signal INT 0.5 env --default-signal=INT lunatik stop command/deaf
	[ "$status" -eq 124 ]
	[[ "$(lunatik list)" == *"command/deaf "* ]]
	lunatik stop command/deaf
	[ -z "$(lunatik list)" ]
}

@test "command: unload ends threads" {
	lunatik spawn command/worker
	lunatik spawn command/once
	lunatik run command/soft
	lunatik unload
}

@test "command: words for the context override the script's own" {
	check() {
		local wanted=$1
		shift
		lunatik run command/soft "$@"
		[[ "$(lunatik list --json)" == *"\"context\":$wanted,\"memory\""* ]]
		lunatik stop command/soft
	}
	check '"softirq","percpu":true'
	check '"process","percpu":false' true
	check '"softirq","percpu":false' false
	check '"hardirq","percpu":false' hardirq
	check '"hardirq","percpu":true' percpu hardirq
	check '"softirq","percpu":true' percpu
}

@test "command: a script that fails is told with file, line and traceback, and is not registered" {
	run lunatik run command/bad
	[ "$status" -eq 1 ]
	[[ "$output" == "lunatik: $scripts/bad.lua:2: bad"$'\nstack traceback:\n'*"$scripts/bad.lua:4: in main chunk"* ]]
	fails 1 "$scripts/syntax.lua:1: syntax error near 'y'" lunatik run command/syntax
	[ -z "$(lunatik list)" ]
}

@test "command: each mistake is one line and says what to do" {
	lunatik run command/hello
	fails 1 'command/hello is already running; to run it anew, first run: lunatik stop command/hello' lunatik run command/hello.lua
	fails 1 'command/soft is not running; to see what is, run: lunatik list' lunatik stop command/soft
	fails 1 'No such file or directory; scripts are named by their path below' lunatik run command/nope
	fails 1 'No such file or directory; scripts are named by their path below' lunatik run command/nope hardirq
	fails 1 'give its path below' lunatik run ../passwd
	fails 1 'give its path below' lunatik run ''
	fails 2 "unknown command 'frob'; see: lunatik --help" lunatik frob
	fails 2 'SCRIPT is required' lunatik run
	fails 2 'SCRIPT is required' lunatik stop
	fails 2 "unexpected 'x'" lunatik load x
	fails 2 "unexpected 'softirq'" lunatik spawn command/hello softirq
	fails 2 "unknown context 'soft'" lunatik run command/hello soft
	fails 2 'not both' lunatik run command/hello softirq hardirq
	fails 2 'is not percpu' lunatik run command/hello process percpu
	fails 2 'control characters' lunatik run $'command/hello\n'
}

@test "command: a name is no source" {
	fails 1 'is not a script name' lunatik run '"); print("injected'
	fails 1 'is not running' lunatik stop '") error("x'
	fails 1 'No such file' lunatik run 'command/\");x'
	[ -z "$(lunatik list)" ]
}

@test "command: without rights it says so" {
	local user=(setpriv --reuid 65534 --clear-groups)
	fails 1 'run this as root' "${user[@]}" lunatik list
	fails 1 'run this as root' "${user[@]}" lunatik unload
	"${user[@]}" lunatik status
	lunatik unload
	fails 1 'run this as root' "${user[@]}" lunatik load
	fails 1 'run: lunatik load' "${user[@]}" lunatik list
}

@test "command: load, status, unload and reload" {
	[ "$(lunatik load)" = "Lunatik is already loaded" ]
	lunatik run command/soft
	[ "$(lunatik unload)" = "Lunatik is unloaded" ]
	[ "$(grep -cE '^(lua|lunatik)' /proc/modules)" -eq 0 ]
	[ "$(lunatik unload)" = "Lunatik is not loaded" ]
	[ "$(lunatik status | sed 1d | grep -vc 'not loaded$')" -eq 0 ]
	fails 1 'run: lunatik load' lunatik list
	fails 1 'run: lunatik load' lunatik run command/hello
	fails 1 'run: lunatik load' lunatik
	[ "$(lunatik load)" = "Lunatik is loaded" ]
	[ "$(lunatik status | sed 1d | grep -c ' not loaded$')" -eq 0 ]
	lunatik run command/soft
	lunatik reload
	[ -z "$(lunatik list)" ]
}

@test "command: unload stops scripts that share objects" {
	kernel 'require("lunatik")._ENV.kept = require("rcu").table()'
	lunatik unload
}

@test "command: unload names what is in use, and load repairs" {
	exec 5<>/dev/lunatik
	run lunatik unload
	[ "$status" -eq 1 ]
	[[ "$output" == *"module luadevice is in use by an open device"* ]]
	exec 5>&-
	lunatik load
	lunatik list
}

@test "command: fifty at once get their own answers" {
	local i
	for i in {1..50}; do
		{ [ "$(printf 'print("a%s") return "b%s"\nx = %s\nx\n' $i $i $i | lunatik)" = "a$i"$'\n'"b$i"$'\n'"$i" ] || echo "$i"; } >>"$BATS_TEST_TMPDIR/wrong" &
	done
	wait
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
}

@test "command: fifty at once run and stop their own scripts, and one of fifty gets a name" {
	local i
	for i in {1..50}; do
		cp $scripts/hello.lua $scripts/hello$i.lua
	done
	for i in {1..50}; do
		{
			lunatik run command/hello && echo won >>"$BATS_TEST_TMPDIR/won"
			lunatik run command/hello$i && [[ "$(lunatik list)" == *"command/hello$i "* ]] && lunatik stop command/hello$i ||
				echo "$i" >>"$BATS_TEST_TMPDIR/wrong"
		} 2>/dev/null &
	done
	wait
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
	[ "$(cat "$BATS_TEST_TMPDIR/won")" = won ]
	[ "$(lunatik list | wc -l)" -eq 2 ]
}

@test "command: reloads at once leave it loaded" {
	local i
	for i in {1..4}; do
		lunatik reload &
	done
	wait
	lunatik load
	[ "$(kernel 6*7)" = 42 ]
}

@test "command: Ctrl-C ends one that waits for another" {
	# Background jobs of a script ignore the signal, unless they are told not to.
	kernel 'for i = 1, 60000000 do end' &
	sleep 0.3
	run timeout --signal INT 0.3 env --default-signal=INT lunatik list
	[ "$status" -eq 124 ]
	wait
	[ "$(kernel 7)" = 7 ]
}

@test "command: output that cannot be written is a failure" {
	run bash -c 'lunatik --version >/dev/full'
	[ "$status" -eq 1 ]
	[ "$output" = "lunatik: cannot write the output" ]
}

@test "command: the completion knows the verbs and what they take" {
	lunatik run command/hello
	eval "$(lunatik completion)"
	complete_words() {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_lunatik
		echo "${COMPREPLY[@]}"
	}
	[ "$(complete_words lunatik s)" = "status spawn stop" ]
	[ "$(complete_words lunatik run command/b)" = "command/bad" ]
	[ "$(complete_words lunatik run command/bad p)" = "process percpu" ]
	[ "$(complete_words lunatik stop '')" = "command/hello" ]
	[ "$(complete_words lunatik list '')" = "--json" ]
	[ "$(lunatik --help | grep -c completion)" -eq 0 ]
}
