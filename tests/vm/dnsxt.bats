#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The DNS filters as extensions of iptables (examples/dnsblock, examples/dnsdoctor), with dig and dnsmasq.

bats_require_minimum_version 1.5.0
load log
load slowness
load dns

setup_file() {
	lunatik load
	make_dns
}

teardown_file() { remove_dns; }

setup() {
	mark
}

teardown() {
	tell_failure
	iptables-legacy -F
	ip6tables-legacy -F
	iptables-legacy -t mangle -F
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
}

@test "dnsblock: a rule of iptables, and one of ip6tables, drops queries for blocked names over UDP and TCP" {
	lunatik run examples/dnsblock/dnsblock
	iptables-legacy -A OUTPUT -m dnsblock -j DROP
	ip6tables-legacy -A OUTPUT -m dnsblock -j DROP
	iptables-legacy -L OUTPUT | grep 'blocked DNS question'
	iptables-legacy -m dnsblock -h | grep 'dnsblock match'
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	[ "$(asks 2001:db8::1 notblocked.example)" = 203.0.113.9 ]
	[ "$(asks 2001:db8::1 allowed.example +tcp)" = 203.0.113.9 ]
	in_vain 10.1.1.1 a.b.c.ads.test
	in_vain 2001:db8::1 www.Blocked.EXAMPLE
	in_vain 2001:db8::1 blocked.example +tcp
	log | grep -Fx 'dnsblock: a.b.c.ads.test matches'
	log | grep -Fx 'dnsblock: blocked.example matches'
	log | run ! grep lunatik:
	iptables-legacy-save >"$BATS_TEST_TMPDIR/saved"
	iptables-legacy-restore <"$BATS_TEST_TMPDIR/saved"
	in_vain 10.1.1.1 ads.test
	ip6tables-legacy -D OUTPUT -m dnsblock -j DROP
	[ "$(asks 2001:db8::1 blocked.example)" = 203.0.113.9 ]
	run ! iptables-legacy -A INPUT -m dnsblock -j DROP
}

@test "dnsdoctor: a rule of iptables tells the client the other address, by an answer whose checksum is right" {
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	lunatik run examples/dnsdoctor/dnsdoctor
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	iptables-legacy -t mangle -A PREROUTING -p udp --sport 53 -j dnsdoctor
	[ "$(asks 10.1.1.1 lunatik.com)" = 10.1.2.3 ]
	[ "$(asks 10.1.1.1 lunatik.com +noedns)" = 10.1.2.3 ]
	[ "$(asks 10.1.1.1 lunatik.com -b 10.1.1.3)" = 192.168.10.1 ]
	[ "$(asks 2001:db8::1 lunatik.com)" = 203.0.113.9 ]
	[ "$(log | grep -Fcx 'dnsdoctor: changed')" = 2 ]
	log | run ! grep lunatik:
	iptables-legacy -t mangle -D PREROUTING -p udp --sport 53 -j dnsdoctor
	[ "$(asks 10.1.1.1 lunatik.com)" = 192.168.10.1 ]
	run ! iptables-legacy -t mangle -A PREROUTING -p tcp --sport 53 -j dnsdoctor
}

@test "dnsblock, dnsdoctor: packets that are no DNS message pass, and no script fails" {
	lunatik run examples/dnsblock/dnsblock
	lunatik run examples/dnsdoctor/dnsdoctor
	iptables-legacy -A OUTPUT -m dnsblock -j DROP
	iptables-legacy -t mangle -A PREROUTING -p udp --sport 53 -j dnsdoctor
	ip netns exec dnsdoctor python3 - 10.1.1.2 53000 <<-'END' 3>&- &
		import random, socket, sys
		random.seed(1)
		out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		out.bind(("10.1.1.1", 0))
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 17)
		name = b"\x07lunatik\x03com\x00\x00\x01\x00\x01"
		for i in range(300):
		    # Answers cut short, with counts that lie, names that point anywhere
		    message = bytearray(b"\x00\x00\x80\x00\x00\x01" + bytes([random.choice((0, 255)), random.randrange(256)]) + b"\0\0\0\0"
		                        + name + b"\xc0" + bytes([random.randrange(256)]) + random.randbytes(random.randrange(60)))
		    del message[random.randrange(len(message) + 1):]
		    port = b"\x00\x35" + (53000).to_bytes(2, "big") + random.choice(((len(message) + 8), 0, 7, 65535)).to_bytes(2, "big") + b"\0\0"
		    raw.sendto(port + bytes(message), ("10.1.1.2", 0))
	END
	python3 - <<-'END'
		import random, socket
		random.seed(2)
		out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 6)
		for i in range(300):
		    message = b"\0\0\x01\0\0\x01\0\0\0\0\0\0" + random.choice((b"\x07blocked\x07example\0\0\x01\0\x01", b"\xc0\x0c\0\x01", b"\x3f" * 70))
		    try:
		        out.sendto(message[:random.randrange(len(message) + 1)] if i else b"", ("10.1.1.1", 53))
		    except PermissionError:
		        pass # it was dropped: enough of the name was there
		    raw.sendto(b"\x30\x39\0\x35" + random.randbytes(random.randrange(40)), ("10.1.1.1", 0))
	END
	wait
	log | run ! grep lunatik:
	[ "$(asks 10.1.1.1 lunatik.com)" = 10.1.2.3 ]
	in_vain 10.1.1.1 blocked.example
}
