#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The examples of docs/packet.md, on packets at XDP: they are what they say they are.

bats_require_minimum_version 1.5.0
load log

pin=/sys/fs/bpf/test
script=/lib/modules/lua/tests/whole.lua

setup_file() {
	lunatik load
}

setup() {
	bpftool prog load "build/$(uname -r)/tests/xdp/whole.o" $pin
	mark
}

teardown() {
	tell_failure
	lunatik stop tests/whole || true
	rm -f $pin $script
}

# example N: runs the Nth one of the page
example() {
	awk -v wanted="$1" '/^```lua/ { inside = ++n == wanted; next } /^```/ { inside = 0 } inside' docs/packet.md >$script
	[ -s $script ]
	lunatik run tests/whole
}

# returned FRAME: what the script returned for it, which is hexadecimal digits
returned() {
	echo "${1^^}" | basenc -d --base16 >"$BATS_TEST_TMPDIR/frame"
	bpftool prog run pinned $pin data_in "$BATS_TEST_TMPDIR/frame" repeat 1 | grep -o 'Return value: [0-9]*'
}

link=0200000000020200000000010800
# ip4 PROTOCOL TOTAL
ip4() { printf '4500%04x0007000040%02x0000c0000201c0000202' "$2" "$1"; }
# tcp PORT
tcp() { printf '9c40%04x00000001000000025018040000000000' "$1"; }

@test "packet: the first example drops TCP to its port, and passes all else" {
	example 1
	[ "$(returned "$link$(ip4 6 40)$(tcp 9999)")" = "Return value: 1" ]
	[ "$(returned "$link$(ip4 6 40)$(tcp 9998)")" = "Return value: 2" ]
	[ "$(returned "$link$(ip4 17 40)$(tcp 9999)")" = "Return value: 2" ]
	[ "$(returned "$link$(ip4 6 39)$(tcp 9999)")" = "Return value: 2" ]
	[ "$(returned "${link}ff$(ip4 6 40)$(tcp 9999)")" = "Return value: 2" ]
	# Behind a tag
	[ "$(returned "0200000000020200000000018100000508004500002800070000400600000a0000010a000002$(tcp 9999)")" = "Return value: 1" ]
	[ -z "$(log | grep lunatik)" ]
}

@test "packet: the second example drops answers with private addresses, and passes all else" {
	example 2
	# answers ADDRESS [COUNT]: example.org is 192.0.2.1 and the address; it says to be so many
	answers() {
		printf '%s%s0035a00000510000' "$link" "$(ip4 17 101)"
		printf '12348180000100%02x00000000076578616d706c65036f72670000010001' "${2:-2}"
		printf 'c00c000100010000012c0004c0000201c00c000100010000012c0004%s000000000000000000000000' "$1"
	}
	[ "$(returned "$(answers 0a010203)")" = "Return value: 1" ]
	log | grep -F "example.org	is	10.1.2.3"
	[ "$(returned "$(answers c0000203)")" = "Return value: 2" ]
	[ "$(returned "$(answers 0a010203 1)")" = "Return value: 2" ]
	[ "$(returned "$(answers c0000203 9)")" = "Return value: 1" ]
	[ "$(returned "$link$(ip4 6 40)$(tcp 53)")" = "Return value: 2" ]
}
