#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library fib: its rules in the eyes of `ip`, and what they do to routes.
#
#   main table:   192.0.2.0/24, 2001:db8::/64 via left
#   table 4000:   the same via right

bats_require_minimum_version 1.5.0

setup_file() {
	lunatik load
	ip link add left type dummy
	ip link add right type dummy
	ip link set left up
	ip link set right up
	ip route add 192.0.2.0/24 dev left
	ip route add 192.0.2.0/24 dev right table 4000
	ip -6 route add 2001:db8::/64 dev left
	ip -6 route add 2001:db8::/64 dev right table 4000
}

teardown_file() {
	ip link delete left
	ip link delete right
}

teardown() {
	for family in -4 -6; do
		while ip $family rule del table 4000 2>/dev/null; do :; done
		while ip $family rule del table 4001 2>/dev/null; do :; done
	done
	ip netns delete other 2>/dev/null || true
}

lua() { lunatik <<<"local fib = require('fib') $1"; }

goes_by() { # DEVICE ADDRESS
	[[ "$(ip route get "$2")" == *" dev $1 "* ]]
}

@test "fib: a new rule sends what the main table would send elsewhere, and a deleted one does not" {
	goes_by left 192.0.2.1
	lua 'fib.newrule(4000, 100)'
	[ "$(ip rule show priority 100)" = "100:	from all lookup 4000" ]
	goes_by right 192.0.2.1
	lua 'fib.delrule(4000, 100)'
	[ -z "$(ip rule show priority 100)" ]
	goes_by left 192.0.2.1
}

@test "fib: with fib.af.INET6 it is a rule of IPv6, and IPv4 is left alone" {
	lua 'fib.newrule(4000, 100, fib.af.INET6)'
	[ "$(ip -6 rule show priority 100)" = "100:	from all lookup 4000" ]
	[ -z "$(ip rule show priority 100)" ]
	goes_by right 2001:db8::1
	goes_by left 192.0.2.1
	lua 'fib.delrule(4000, 100, fib.af.INET6)'
	goes_by left 2001:db8::1
}

@test "fib: the priority is the place in the list: behind the main table a rule changes nothing" {
	lua 'fib.newrule(4000, 40000)'
	goes_by left 192.0.2.1
	lua 'fib.newrule(4000, 32765)'
	goes_by right 192.0.2.1
}

@test "fib: delrule() deletes what ip added, with this table and this priority only" {
	ip rule add table 4000 priority 100
	ip rule add table 4001 priority 100
	ip rule add table 4000 priority 101
	lua 'fib.delrule(4000, 100)'
	[ "$(ip rule show | grep -c 400)" = 2 ]
	run -1 lua 'fib.delrule(4000, 100)'
	[[ "$output" == *"there is none"* ]]
	[ "$(ip rule show | grep -c 400)" = 2 ]
}

@test "fib: the rule is in the network namespace of whoever runs the script" {
	ip netns add other
	ip netns exec other lunatik <<<"require('fib').newrule(4000, 100)"
	[ -n "$(ip netns exec other ip rule show priority 100)" ]
	[ -z "$(ip rule show priority 100)" ]
	run -1 lua 'fib.delrule(4000, 100)'
	ip netns exec other lunatik <<<"require('fib').delrule(4000, 100)"
	[ -z "$(ip netns exec other ip rule show priority 100)" ]
}

@test "fib: rules are told to those who listen to the kernel" {
	ip monitor rule >"$BATS_TEST_TMPDIR/told" 3>&- &
	sleep 0.5
	lua 'fib.newrule(4000, 100) fib.delrule(4000, 100)'
	sleep 0.5
	kill $!
	[ "$(grep -c 'lookup 4000' "$BATS_TEST_TMPDIR/told")" = 2 ]
	grep -q '^Deleted 100:' "$BATS_TEST_TMPDIR/told"
}
