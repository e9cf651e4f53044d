#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The DNS cache at XDP (examples/dnscache), on the router of router.bash: dig asks dnsmasq through it.

bats_require_minimum_version 1.5.0
load log
load slowness
load router

setup_file() {
	lunatik load
	make_router
	inside router bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	# What is sent back by XDP_TX a veth hears only when there is an XDP program on it, too.
	inside client bpftool prog load "build/$(uname -r)/bench/empty.o" /sys/fs/bpf/empty
	inside client bpftool net attach xdpdrv pinned /sys/fs/bpf/empty dev client
	rm /sys/fs/bpf/empty
}

teardown_file() { remove_router; }

setup() {
	servers=()
	mark
}

teardown() {
	tell_failure
	detach_all
	stop_serving
	lunatik stop examples/dnscache || true
	lunatik <<<'local e = require("lunatik")._ENV e.dnscache, e.dnscache_pending = nil'
}

attach() { # [MODE]
	# The emulated CPU may stand still for more than 10 ms.
	lunatik run examples/dnscache --budget 500ms
	inside router lunatik attach examples/dnscache near --mode "${1:-native}"
	inside router lunatik attach examples/dnscache far --mode "${1:-native}"
}

serve_names() {
	serve server dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root --listen-address=192.168.0.1 \
		--bind-interfaces --host-record=one.example,198.51.100.7,300 --host-record=short.example,198.51.100.8,8 \
		--host-record=many.example,198.51.100.9,300 --host-record=many.example,198.51.100.10,300 \
		--host-record=six.example,198.51.100.6,2001:db8::6,300 --cname=alias.example,one.example,100 --address=/gone.example/
	for _ in {1..50}; do
		[ -z "$(ask one.example +short +time=1 2>/dev/null)" ] || return 0
	done
	return 1
}

ask() { inside client dig @192.168.0.1 +tries=1 +time="$((2 * slowness))" "$@"; }

# What is answered when nobody else does
cached() { ask "$@" +short; }

check_cache() { # MODE
	serve_names
	attach "$1"
	for name in one many alias; do ask $name.example +short; done
	stop_serving
	[ "$(cached one.example)" = 198.51.100.7 ]
	[ "$(cached ONE.example)" = 198.51.100.7 ]
	[ "$(cached many.example | sort)" = $'198.51.100.10\n198.51.100.9' ]
	[ "$(cached alias.example)" = 198.51.100.7 ]
	[ "$(cached one.example +noedns)" = 198.51.100.7 ]
	# A whole message, as the client asked for it: what dig does not understand it would say.
	run -0 ask one.example
	[[ "$output" == *"status: NOERROR"*"flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0"* ]]
	[[ "$output" =~ one\.example\.[[:space:]]+([12]?[0-9]?[0-9]|300)[[:space:]]+IN[[:space:]]+A[[:space:]]+198\.51\.100\.7 ]]
	[[ "$output" != *[Ww]arn* && "$output" != *[Mm]alformed* ]]
	nothing_logged
}

@test "dnscache: native, what the server answered once is answered when the server is gone" {
	check_cache native
}

@test "dnscache: generic, the same" {
	check_cache generic
}

@test "dnscache: what was not asked for before, other types and signatures are left to the server" {
	serve_names
	attach
	ask six.example +short
	[ "$(ask six.example AAAA +short)" = 2001:db8::6 ]
	ask gone.example | grep 'status: NXDOMAIN'
	stop_serving
	[ "$(cached six.example)" = 198.51.100.6 ]
	run -9 ask six.example AAAA
	run -9 ask gone.example
	run -9 ask many.example
	run -9 ask six.example +dnssec
	run -9 ask one.example +tcp
}

@test "dnscache: an answer is given no longer than its time to live" {
	serve_names
	attach
	ask short.example +short
	stop_serving
	[ "$(cached short.example)" = 198.51.100.8 ]
	sleep 8
	run -9 ask short.example
}

@test "dnscache: damaged queries harm nobody, and nothing is logged" {
	serve_names
	attach
	ask one.example +short
	inside client tests/vm/dns ask 192.168.0.1 1 300
	[ "$(cached one.example)" = 198.51.100.7 ]
	nothing_logged
}

@test "dnscache: of wrong responses nothing is kept" {
	serve server tests/vm/dns serve 192.168.0.1
	attach
	for _ in {1..50}; do
		[ -z "$(ask good.example +short +time=1 2>/dev/null)" ] || break
	done
	for name in loop lies empty failed cut foreign unasked forever; do
		ask $name.example +time=1 >/dev/null 2>&1 || true
	done
	stop_serving
	[ "$(cached good.example)" = 198.51.100.99 ]
	for name in loop lies empty failed cut foreign unasked forever other; do
		run -9 ask $name.example +time=1
	done
	nothing_logged
}
