# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# A server of DNS and those who ask it, for tests of the DNS filters: `load slowness`, `load dns`.
#
#	this machine                             namespace dnsdoctor, as examples/dnsdoctor/setup.sh makes it
#	  dnsdoctor0 10.1.1.2, 10.1.1.3 -------- dnsdoctor1 10.1.1.1, dnsmasq: lunatik.com is 192.168.10.1
#	             2001:db8::2                            2001:db8::1

patience=$((10 * slowness))

server() { # NAME OPTION...
	ip netns exec dnsdoctor dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --address=/#/203.0.113.9 --bind-interfaces \
		--pid-file="$BATS_FILE_TMPDIR/$1" "${@:2}"
}

make_dns() {
	examples/dnsdoctor/setup.sh
	ip address add 10.1.1.3/24 dev dnsdoctor0
	ip address add 2001:db8::2/64 dev dnsdoctor0 nodad
	ip -n dnsdoctor address add 2001:db8::1/64 dev dnsdoctor1 nodad
	# What comes is looked at, whether its checksum is right.
	ethtool -K dnsdoctor0 rx off >/dev/null
	# Another server, of IPv6, for whatever name
	server 6 --listen-address=2001:db8::1
	asks 10.1.1.1 lunatik.com >/dev/null
}

remove_dns() {
	kill $(cat "$BATS_FILE_TMPDIR"/[46])
	examples/dnsdoctor/cleanup.sh
}

asks() { # SERVER NAME [OPTION...]: prints the answer
	timeout $((2 * patience)) dig +short +tries=1 +time=$patience "@$1" "$2" "${@:3}" 3>&-
}

in_vain() { # SERVER NAME [OPTION...]
	run dig +short +tries=1 +time=1 "@$1" "$2" "${@:3}" 3>&-
	[[ "$output" == *"no servers could be reached"* ]]
}
