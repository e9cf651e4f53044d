#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The forwarding at XDP (examples/xdptables): from the client to the server of router.bash, whose router does not
# forward by itself.

bats_require_minimum_version 1.5.0
load log
load slowness
load router

tool=/lib/modules/lua/examples/xdptables/xdptables
rule=(-d 10.0.0.2 --dport 2222)

setup_file() {
	lunatik load
	make_router
	ip -n client route add 10.0.0.2 via 10.0.0.254
}

teardown_file() { remove_router; }

setup() {
	servers=()
	mark
	# Of a hundred thousand packets one comes while the emulated CPU stands still for more than 10 ms.
	lunatik run examples/xdptables/forward --budget 500ms
}

teardown() {
	tell_failure
	detach_all
	stop_serving
	lunatik stop examples/xdptables/forward || true
	lunatik stop examples/xdptables/control || true
	lunatik <<<'local e = require("lunatik")._ENV e.xdptables_rules, e.xdptables_flows = nil'
}

tables() { inside router $tool "$@"; }

serve_iperf() {
	serve server iperf3 -s -p 5201
	for _ in {1..50}; do
		! inside server bash -c ': </dev/tcp/192.168.0.1/5201' 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}

# flow PROTOCOL ARGUMENT...: bits per second that a client of iperf3 gets through
flow() {
	inside client timeout $((30 * slowness)) iperf3 -c 10.0.0.2 -p 2222 -t 2 --json "$@" >"$BATS_TEST_TMPDIR/flow"
	python3 -c 'import json, sys; end = json.load(open(sys.argv[1]))["end"]
print(int((end.get("sum_received") or end["sum"])["bits_per_second"]), end.get("sum", {}).get("lost_percent", 0))' \
		"$BATS_TEST_TMPDIR/flow"
}

# Rules for TCP and UDP, and a flow of each, and one backwards
check_flows() { # OPTION...
	serve_iperf
	tables "${rule[@]}" -p tcp --to-destination 192.168.0.1:5201 "$@" near
	tables "${rule[@]}" -p udp --to-destination 192.168.0.1:5201 "$@" near
	read -r rate _ < <(flow)
	echo "# TCP: $rate bits per second"
	[ "$rate" -gt 200000 ]
	read -r rate _ < <(flow --reverse)
	echo "# TCP backwards: $rate bits per second"
	[ "$rate" -gt 200000 ]
	read -r rate lost < <(flow --udp --bitrate 500K --length 1000)
	echo "# UDP: $rate bits per second, $lost % lost"
	[ "$rate" -gt 10000 ]
	# Only XDP forwards: the router itself does not.
	tables -D "${rule[@]}" -p tcp near
	run -1 inside client nc -z -w 2 10.0.0.2 2222
	nothing_logged
}

@test "xdptables: flows of TCP and UDP are forwarded to another address and port, and back" {
	check_flows
}

@test "xdptables: generic, the same" {
	inside router lunatik attach examples/xdptables/forward near --mode generic
	inside router lunatik attach examples/xdptables/forward far --mode generic
	check_flows
}

@test "xdptables: flows are forwarded with other source addresses" {
	# 192.168.0.99 is nobody's: its packets come back for its link address only.
	ip -n server neighbour replace 192.168.0.99 lladdr 02:00:00:00:00:99 dev server
	ip -n router link set far promisc on
	check_flows --to-source 192.168.0.99 --mac-source 02:00:00:00:00:99
	ip -n router link set far promisc off
}

@test "xdptables: a rule for one source leaves others alone" {
	serve server nc -lk 192.168.0.1 53
	tables "${rule[@]}" -p tcp -s 10.0.0.9 --to-destination 192.168.0.1:53 near
	run -1 inside client nc -z -w 2 10.0.0.2 2222
	tables "${rule[@]}" -p tcp -s 10.0.0.1 --to-destination 192.168.0.1:53 near
	inside client timeout 20 bash -c 'until nc -z -w 2 10.0.0.2 2222; do sleep 0.2; done'
}

@test "xdptables: rules are listed as they were given, changed and deleted" {
	[ -z "$(tables -L)" ]
	tables "${rule[@]}" -p udp --to-destination 192.168.0.1:53 near
	tables -d 10.0.0.3 --dport 80 -p tcp -s 10.0.0.1 --sport 1234 --to-destination 192.168.0.1 --to-source 192.168.0.9 \
		--out-interface far --mac-source 02:00:00:00:00:09 --mac-destination 02:00:00:00:00:01 near
	run tables -L
	[ "${#lines[@]}" = 2 ]
	[[ "${lines[0]}" =~ ^"-d 10.0.0.2 --dport 2222 -p udp --to-destination 192.168.0.1:53 --out-interface far --mac-destination "[0-9a-f:]{17}" --mac-source "[0-9a-f:]{17}" near"$ ]]
	[ "${lines[1]}" = "-d 10.0.0.3 --dport 80 -p tcp -s 10.0.0.1 --sport 1234 --to-destination 192.168.0.1:80 --to-source 192.168.0.9 --out-interface far --mac-destination 02:00:00:00:00:01 --mac-source 02:00:00:00:00:09 near" ]
	tables "${rule[@]}" -p udp --to-destination 192.168.0.1:54 near
	[ "$(tables -L | grep -c -- '--to-destination 192.168.0.1:54')" = 1 ]
	tables -D "${rule[@]}" -p udp near
	tables -D -d 10.0.0.3 --dport 80 -p tcp near
	[ -z "$(tables -L)" ]
	run -1 tables -D "${rule[@]}" -p udp near
	[[ "$output" == *"no such rule"* ]]
}

@test "xdptables: wrong usage is told, with status 2" {
	for arguments in '-d 10.0.0.256 --dport 1 -p tcp' '-d 10.0.0.1 --dport 0 -p tcp' '-d 10.0.0.1 --dport 1 -p icmp' \
		'-d 10.0.0.1 --dport 1 -p tcp near' '--to-destination 1.2.3.4:x' '--out-interface a;b' '--mac-source 1:2' '-x' 'a b' '-d'; do
		# shellcheck disable=SC2086 # words
		run -2 tables $arguments
		[[ "$output" == "xdptables: "*"--help" ]]
	done
	run -1 tables "${rule[@]}" -p tcp --to-destination 192.168.0.1:53 gone0
	[[ "$output" == *"no interface gone0"* ]]
}

@test "xdptables: when the interface that a rule leads to is gone, packets pass, and nothing breaks" {
	ip -n router link add other type dummy
	ip -n router link set other up
	tables "${rule[@]}" -p tcp --to-destination 192.168.0.1:53 --out-interface other --mac-destination 02:00:00:00:00:01 near
	ip -n router link delete other
	run -1 inside client nc -z -w 1 10.0.0.2 2222
	log | grep 'no such interface'
	inside client ping -c 1 -W 5 10.0.0.254
}
