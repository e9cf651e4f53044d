#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The examples keylocker and spyglass, with keys pressed on the real keyboard of the virtual machine.

bats_require_minimum_version 1.5.0
load log

konami=(up up down down left right left right ctrl alt)

setup_file() {
	lunatik load
}

setup() {
	script=
	mark
}

teardown() {
	tell_failure
	[ -z "$script" ] || lunatik stop "$script"
}

start() { # EXAMPLE
	script=examples/$1
	lunatik run "$script"
}

press() { tests/vm/keys "$@"; }

# Reads the terminal's next line, behind whatever others have typed.
read_line() {
	timeout 120 sed -un '/zqz$/ { n; p; q }' </dev/tty1 >"$BATS_TEST_TMPDIR/line" 3>&- &
	reader=$!
	sleep 0.3
	press z q z ret
}

typed() {
	tail --pid=$reader -f /dev/null
	cat "$BATS_TEST_TMPDIR/line"
}

# Reads the device until it has so many bytes, for ten seconds at most.
spied() { # BYTES
	local text=
	for _ in {1..50}; do
		text+=$(cat /dev/spyglass)
		[ ${#text} -lt "$1" ] || break
		sleep 0.2
	done
	echo "$text"
}

@test "keylocker: after the Konami code no key reaches the terminal, until it is typed again" {
	start keylocker
	read_line
	press "${konami[@]}"
	press l o s t ret f1
	log | grep -qx 'keylocker: locked'
	press "${konami[@]}"
	press o k ret
	line=$(typed)
	[[ "$line" == *ok ]]
	[[ "$line" != *lost* ]]
	[ "$(log | grep -c '^keylocker: ')" = 2 ]
}

@test "keylocker: more keys before the code do not matter, one in it does" {
	start keylocker
	read_line
	press up "${konami[@]}"
	log | grep -qx 'keylocker: locked'
	press "${konami[@]:0:5}" a "${konami[@]:5}"
	press l o s t ret
	[ "$(log | grep -c '^keylocker: ')" = 1 ]
	press "${konami[@]}" o k ret
	line=$(typed)
	[[ "$line" == *ok ]]
}

@test "keylocker: a script that is stopped has locked nothing" {
	start keylocker
	read_line
	press "${konami[@]}"
	press l o s t
	lunatik stop "$script"
	script=
	press o k ret
	line=$(typed)
	[[ "$line" == *ok ]]
	[[ "$line" != *lost* ]]
}

@test "spyglass: what is typed is read, printable or by its mnemonic, and once" {
	start spyglass
	press h i shift-1 spc tab backspace esc up f1 shift-a ret
	[ "$(spied 40)" = "hi! <ht><del><esc><up><f1>A<cr>" ]
	[ -z "$(cat /dev/spyglass)" ]
}

@test "spyglass: tail -f shows keys as they are typed" {
	start spyglass
	timeout 30 tail -f /dev/spyglass >"$BATS_TEST_TMPDIR/tail" 3>&- &
	press a
	sleep 2.5
	press b
	sleep 2.5
	kill $!
	[ "$(cat "$BATS_TEST_TMPDIR/tail")" = ab ]
}

@test "spyglass: enable=false logs nothing, enable=true logs again" {
	start spyglass
	press a
	[ "$(spied 1)" = a ]
	echo enable=false >/dev/spyglass
	press b
	echo enable=true >/dev/spyglass
	press c
	[ "$(spied 1)" = c ]
}

@test "spyglass: any other setting is an error that says what is right" {
	start spyglass
	for line in enable=maybe net=localhost:1337 net=127.0.0.1:65536 net=127.0.0.1 nonsense =; do
		run -1 sh -c "echo $line | dd of=/dev/spyglass status=none"
		[[ "$output" == *"Operation canceled"* ]]
	done
	log | grep -q 'write enable=true, enable=false or net=ADDRESS:PORT'
}

@test "spyglass: nobody but root reads keys" {
	start spyglass
	[ "$(stat -c %a:%u /dev/spyglass)" = 600:0 ]
}

@test "spyglass: net= sends what is read by UDP" {
	modinfo luasocket >/dev/null 2>&1 || skip "there is no library socket"
	start spyglass
	timeout 30 nc -lu 127.0.0.1 1337 >"$BATS_TEST_TMPDIR/received" 3>&- &
	sleep 0.5
	echo net=127.0.0.1:1337 >/dev/spyglass
	press n e t
	[ "$(spied 3)" = net ]
	for _ in {1..50}; do
		[ "$(cat "$BATS_TEST_TMPDIR/received")" = net ] && break
		sleep 0.1
	done
	kill $!
	[ "$(cat "$BATS_TEST_TMPDIR/received")" = net ]
}
