#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The DNS filters (examples/dnsblock, examples/dnsdoctor), with dig and dnsmasq.

bats_require_minimum_version 1.5.0
load log
load slowness
load dns

script=examples/dnsblock/nf_dnsblock
doctor=examples/dnsdoctor/nf_dnsdoctor

setup_file() {
	lunatik load
	make_dns
	# At another port
	server 4 --listen-address=10.1.1.1 --port=5300
}

teardown_file() { remove_dns; }

setup() {
	mark
}

teardown() {
	tell_failure
	lunatik stop $script 2>/dev/null || true
	lunatik stop $doctor 2>/dev/null || true
}

@test "dnsblock: a blocked name, and one below it, gets no answer over UDP and TCP, IPv4 and IPv6; others do" {
	lunatik run $script
	[ "$(asks 2001:db8::1 allowed.example)" = 203.0.113.9 ]
	[ "$(asks 2001:db8::1 allowed.example +tcp)" = 203.0.113.9 ]
	[ "$(asks 2001:db8::1 notblocked.example)" = 203.0.113.9 ]
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	in_vain 2001:db8::1 blocked.example
	in_vain 2001:db8::1 www.Blocked.EXAMPLE
	in_vain 2001:db8::1 blocked.example +tcp
	in_vain 10.1.1.1 a.b.c.ads.test
	log | grep -Fx 'dnsblock: blocked.example DROP'
	log | grep -Fx 'dnsblock: www.blocked.example DROP'
	log | grep -Fx 'dnsblock: a.b.c.ads.test DROP'
	[ -z "$(log | grep lunatik:)" ]
	lunatik stop $script
	[ "$(asks 2001:db8::1 blocked.example)" = 203.0.113.9 ]
}

@test "dnsblock: another port is no DNS" {
	lunatik run $script
	[ "$(asks 10.1.1.1 blocked.example -p 5300)" = 203.0.113.9 ]
}

@test "dnsdoctor: the client is told the other address, by an answer whose checksum is right; other clients and names are not" {
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	lunatik run $doctor
	[ "$(asks 10.1.1.1 lunatik.com)" = 10.1.2.3 ]
	[ "$(asks 10.1.1.1 lunatik.com +noedns)" = 10.1.2.3 ]
	[ "$(asks 10.1.1.1 lunatik.com -b 10.1.1.3)" = 192.168.10.1 ]
	[ "$(asks 10.1.1.1 www.lunatik.com)" = 192.168.10.1 ]
	[ "$(asks 2001:db8::1 lunatik.com)" = 203.0.113.9 ]
	[ "$(log | grep -Fcx 'dnsdoctor: changed')" = 2 ]
	[ -z "$(log | grep lunatik:)" ]
	lunatik stop $doctor
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
}
