#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The DNS filters (examples/dnsblock, examples/dnsdoctor), with dig and dnsmasq.
#
#	this machine                             namespace dnsdoctor, as examples/dnsdoctor/setup.sh makes it
#	  dnsdoctor0 10.1.1.2, 10.1.1.3 -------- dnsdoctor1 10.1.1.1, dnsmasq: lunatik.com is 192.168.10.1
#	             2001:db8::2                            2001:db8::1

bats_require_minimum_version 1.5.0
load log
load slowness

script=examples/dnsblock/nf_dnsblock
doctor=examples/dnsdoctor/nf_dnsdoctor
patience=$((10 * slowness))

server() { # NAME OPTION...
	ip netns exec dnsdoctor dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --address=/#/203.0.113.9 --bind-interfaces \
		--pid-file="$BATS_FILE_TMPDIR/$1" "${@:2}"
}

setup_file() {
	lunatik load
	examples/dnsdoctor/setup.sh
	ip address add 10.1.1.3/24 dev dnsdoctor0
	ip address add 2001:db8::2/64 dev dnsdoctor0 nodad
	ip -n dnsdoctor address add 2001:db8::1/64 dev dnsdoctor1 nodad
	# What comes is looked at, whether its checksum is right.
	ethtool -K dnsdoctor0 rx off >/dev/null
	# Two more servers, for whatever name: at another port, and of IPv6
	server 4 --listen-address=10.1.1.1 --port=5300
	server 6 --listen-address=2001:db8::1
	asks 10.1.1.1 lunatik.com >/dev/null
}

teardown_file() {
	kill $(cat "$BATS_FILE_TMPDIR"/[46])
	examples/dnsdoctor/cleanup.sh
}

setup() {
	mark
}

teardown() {
	lunatik stop $script 2>/dev/null || true
	lunatik stop $doctor 2>/dev/null || true
}

asks() { # SERVER NAME [OPTION...]: prints the answer
	timeout $((2 * patience)) dig +short +tries=1 +time=$patience "@$1" "$2" "${@:3}" 3>&-
}

in_vain() { # SERVER NAME [OPTION...]
	run dig +short +tries=1 +time=1 "@$1" "$2" "${@:3}" 3>&-
	[[ "$output" == *"no servers could be reached"* ]]
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
