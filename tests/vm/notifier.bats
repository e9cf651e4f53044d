#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library notifier: events of real keys, network devices and virtual terminals; and that none of its callbacks
# holds up the machine.

bats_require_minimum_version 1.5.0
load log
load slowness

scripts=tests/scripts

setup_file() {
	lunatik load
}

setup() {
	started=()
	mark
}

teardown() {
	tell_failure
	for script in "${started[@]}"; do
		lunatik stop "$script" || true
	done
	for name in $(ls /sys/class/net | grep '^nt' || true); do
		ip link delete "$name"
	done
	ip netns delete other 2>/dev/null || true
	deallocate 2>/dev/null || true
	dmesg -n 5
}

start() { # SCRIPT [CONTEXT...]
	lunatik run "$scripts/$1" "${@:2}"
	started+=("$scripts/$1")
}

# Forgets tty9, which nobody has open.
deallocate() { python3 -c 'import fcntl; fcntl.ioctl(open("/dev/tty1"), 0x5608, 9)'; } # VT_DISALLOCATE

press() { tests/vm/keys "$@"; }

# What the script printed, each line once it is there
told() { log | sed -n "s/^$1: //p"; }

# --- keyboard

@test "notifier: a key is told with its code, then its keysym, pressed and released, with Shift or without" {
	start keyboard
	press a shift-b
	sleep 0.5
	told kbd >"$BATS_TEST_TMPDIR/told"
	cat "$BATS_TEST_TMPDIR/told"
	grep -qx 'KEYCODE true false 30' "$BATS_TEST_TMPDIR/told"
	grep -qx "KEYSYM true false $((0xfb00 + 97))" "$BATS_TEST_TMPDIR/told"
	grep -qx "POST_KEYSYM true false $((0xfb00 + 97))" "$BATS_TEST_TMPDIR/told"
	grep -qx 'KEYCODE false false 30' "$BATS_TEST_TMPDIR/told"
	grep -qx 'KEYCODE true true 48' "$BATS_TEST_TMPDIR/told"
	grep -qx "KEYSYM true true $((0xfb00 + 66))" "$BATS_TEST_TMPDIR/told"
}

@test "notifier: STOP swallows a key, and an error, a wrong answer and a callback without end do not" {
	start keyboard
	# The line behind whatever others have typed
	timeout 120 sed -un '/zqz$/ { n; p; q }' </dev/tty1 >"$BATS_TEST_TMPDIR/line" 3>&- &
	sleep 0.3
	press z q z ret
	press a x e x w x l b ret
	wait $!
	cat "$BATS_TEST_TMPDIR/line"
	[ "$(cat "$BATS_TEST_TMPDIR/line")" = aewlb ]
	[ "$(log | grep -c 'keyboard.lua:.*on purpose')" = 1 ]
	[ "$(log | grep -c "a notifier's callback returned no value of notifier.notify")" = 1 ]
	[ "$(log | grep -c 'the script ran for too long')" = 1 ]
}

@test "notifier: what a callback deletes is told nothing from then on, nor is what a script has left" {
	start keyboard
	press d a
	sleep 0.5
	# The press of d itself
	[ "$(told kbd)" = "KEYCODE true false 32" ]
	lunatik stop $scripts/keyboard
	started=()
	start keyboard
	press a
	sleep 0.3
	lunatik stop $scripts/keyboard
	started=()
	mark
	press a
	sleep 0.3
	[ -z "$(told kbd)" ]
}

# --- network devices

@test "notifier: the life of a network device is told in its order" {
	start netdevice
	ip link add nt0 type dummy
	ip link set nt0 up
	ip link set nt0 down
	ip link set nt0 name nt1
	ip link delete nt1
	told nt | grep -E '^(REGISTER|PRE_UP|UP|GOING_DOWN|DOWN|CHANGENAME|UNREGISTER) ' >"$BATS_TEST_TMPDIR/told"
	diff - "$BATS_TEST_TMPDIR/told" <<-'END'
	REGISTER nt0
	PRE_UP nt0
	UP nt0
	GOING_DOWN nt0
	DOWN nt0
	CHANGENAME nt1
	UNREGISTER nt1
	END
}

@test "notifier: BAD keeps a device from going up, and other answers, wrong ones and errors do not" {
	start netdevice
	for what in BAD OK STOP error wrong number; do
		ip link add "nt-$what" type dummy
	done
	run -2 ip link set nt-BAD up
	[[ "$output" == *"not permitted"* ]]
	for what in OK STOP error wrong number; do
		ip link set "nt-$what" up
	done
	[ "$(log | grep -c 'netdevice.lua:.*on purpose')" = 1 ]
	[ "$(log | grep -c "a notifier's callback returned no value of notifier.notify")" = 2 ]
}

@test "notifier: a callback without end holds up a network device for a moment only" {
	start netdevice
	ip link add nt-loop type dummy
	# The runtime's own budget is 5 s.
	within 3 ip link set nt-loop up
	log | grep -q 'the script ran for too long'
	[ -e /sys/class/net/nt-loop ]
}

@test "notifier: a callback that deletes its own notifier does not wait for itself" {
	start netdevice
	ip link add nt-delete type dummy
	within 10 ip link set nt-delete up
	ip link set nt-delete down
	told nt | tail -n 1 | grep -qx 'PRE_UP nt-delete'
}

@test "notifier: a runtime that waits for network devices itself stops no one, and the log says what it missed" {
	start rtnl
	# Its reads hold the runtime and want RTNL, which every change of a device holds while it wants the runtime.
	for _ in 1 2 3; do
		timeout 60 sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do head -c 1 /dev/rtnl; done' >/dev/null 3>&- &
	done
	readers=$(jobs -p)
	within 55 sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do ip link add nt0 type dummy; ip link delete nt0; done'
	wait $readers
	[ -z "$(ip rule show priority 4242)" ]
	# One that is inside for long
	timeout 20 dd if=/dev/rtnl bs=2 count=1 status=none 3>&- &
	sleep 0.5
	within 10 ip link add nt0 type dummy
	wait $!
	log | grep -q 'tests/scripts/rtnl: busy: it was not told of event [0-9]* of the network device nt0'
}

@test "notifier: devices of other network namespaces are not told, and a script there is told of these only" {
	ip netns add other
	start netdevice
	ip netns exec other ip link add nt0 type dummy
	ip netns exec other ip link delete nt0
	[ -z "$(told nt)" ]
	lunatik stop $scripts/netdevice
	ip netns exec other lunatik run $scripts/netdevice
	ip link add nt1 type dummy
	ip netns exec other ip link add nt0 type dummy
	[ "$(told nt | grep REGISTER)" = "REGISTER nt0" ]
	# The namespace may go before its script.
	ip netns delete other
	for _ in {1..50}; do
		told nt | grep -q 'UNREGISTER nt0' && break
		sleep 0.1
	done
	told nt | grep -q 'UNREGISTER nt0'
	ip link delete nt1
}

@test "notifier: a device that was there before the script is told to it" {
	ip link add nt0 type dummy
	ip link set nt0 up
	start netdevice
	[ "$(told nt | head -n 2)" = "REGISTER nt0
UP nt0" ]
}

@test "notifier: scripts start and stop while devices come and go" {
	timeout 120 sh -c 'for i in $(seq 15); do ip link add nt0 type dummy; ip link set nt0 up; ip link delete nt0; done' 3>&- &
	for _ in {1..6}; do
		lunatik run $scripts/netdevice
		lunatik stop $scripts/netdevice
	done
	wait $!
	lunatik unload
	lunatik load
}

# --- virtual terminals

@test "notifier: what is written to a terminal is told, and STOP to PREWRITE keeps it from the terminal" {
	start vterm
	printf 'a#b' >/dev/tty9
	sleep 0.2
	told vt >"$BATS_TEST_TMPDIR/told"
	grep -qx 'ALLOCATE 0 8' "$BATS_TEST_TMPDIR/told"
	grep -E '^(PRE)?WRITE (97|35|98) ' "$BATS_TEST_TMPDIR/told" >"$BATS_TEST_TMPDIR/characters"
	diff - "$BATS_TEST_TMPDIR/characters" <<-'END'
	PREWRITE 97 8
	WRITE 97 8
	PREWRITE 35 8
	PREWRITE 98 8
	WRITE 98 8
	END
	[ "$(head -c 2 /dev/vcs9)" = ab ]
	deallocate
	told vt | grep -qx 'DEALLOCATE 0 8'
}

@test "notifier: a callback that prints, while terminals show what is printed, is not called for its own text" {
	# The log goes to tty1 (tools/vm).
	dmesg -n 8
	start chatty
	printf 'hello\n' >/dev/tty9
	within 5 lunatik list
	lines=$(log | grep -c '^chatty: ')
	sleep 1
	[ "$(log | grep -c '^chatty: ')" = "$lines" ]
	[ "$lines" -ge 10 ]
	echo "some text of the kernel's log" >/dev/kmsg
	sleep 0.2
	[ "$(log | grep -c '^chatty: ')" = "$lines" ]
}
