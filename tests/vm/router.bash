# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# A router between a client and a server, in namespaces of their own: `load router`.
#
#	+------------------+       +-------------------------------+       +------------------+
#	| client           |       | router                        |       | server           |
#	|  client 10.0.0.1 |-------| near 10.0.0.254               |       |                  |
#	|                  |       |             far 192.168.0.254 |-------| server           |
#	|                  |       |                               |       |    192.168.0.1   |
#	+------------------+       +-------------------------------+       +------------------+
#
# What rewrites the kernel's jumps to XDP programs and what runs these keep to CPU 1: see stress.bats.

inside() { # NAMESPACE COMMAND...
	local namespace=$1
	shift
	taskset --cpu-list 1 nsenter --net="/run/netns/$namespace" "$@"
}

make_router() {
	local namespace
	for namespace in client router server; do
		ip netns add $namespace
		inside $namespace bash -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
		ip -n $namespace link set lo up
	done
	ip -n router link add near type veth peer name client netns client
	ip -n router link add far type veth peer name server netns server
	ip -n client address add 10.0.0.1/24 dev client
	ip -n router address add 10.0.0.254/24 dev near
	ip -n router address add 192.168.0.254/24 dev far
	ip -n server address add 192.168.0.1/24 dev server
	for namespace in client server; do
		# Checksums are complete, as those of packets from a wire; and packets from XDP are taken.
		inside $namespace ethtool -K $namespace tx off gro on >/dev/null
		ip -n $namespace link set $namespace up
	done
	ip -n router link set near up
	ip -n router link set far up
	ip -n client route add default via 10.0.0.254
	ip -n server route add default via 192.168.0.254
}

remove_router() {
	local namespace
	for namespace in client server router; do
		ip netns delete $namespace || true
	done
	# What was pinned for an interface that has gone holds its program, and that luaxdp.
	xdp-loader clean >/dev/null
}

# serve NAMESPACE COMMAND...: in the background, until stop_serving
serve() {
	taskset --cpu-list 1 nsenter --net="/run/netns/$1" "${@:2}" </dev/null >"$BATS_TEST_TMPDIR/served" 2>&1 3>&- &
	servers+=($!)
}

stop_serving() {
	[ ${#servers[@]} = 0 ] || kill -KILL "${servers[@]}" 2>/dev/null || true
	wait
	servers=()
}

detach_all() {
	local interface
	for interface in near far; do
		inside router lunatik detach $interface 2>/dev/null || true
	done
}

# Shows what Lunatik has logged, if it has.
nothing_logged() { ! log | grep -A 3 lunatik; }
