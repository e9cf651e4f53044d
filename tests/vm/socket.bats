#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `socket`, by what programs see of it: namespaces, the end of waits, modules in use.
#
#	first ── 192.0.2.2/24 nowhere (takes all packets, answers none)
#	far ── its own lo

bats_require_minimum_version 1.5.0
load log
load slowness
load background

setup_file() {
	lunatik load
	ip link set lo up
	ip link add nowhere type dummy
	ip address add 192.0.2.2/24 dev nowhere
	ip link set nowhere up
	ip netns add far
	ip -n far link set lo up
}

teardown_file() {
	ip link delete nowhere
	ip netns delete far || true
}

setup() {
	mark
	background=()
}

teardown() {
	tell_failure
	end_background
	lunatik load
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
}

reads() { # FILE: until the latest in the background has it open, and a moment for the read
	for _ in {1..100}; do
		! readlink /proc/"${background[-1]}"/fd/* | grep -qx "$1" || break
		sleep 0.1
	done
	sleep 0.3
	kill -0 "${background[-1]}"
}

hello() { [ "$("$@" nc -N -w 2 127.0.0.1 7000 </dev/null)" = hello ]; }

@test "socket: a spawned script serves the namespace of whoever spawned it, and no other" {
	ip netns exec far lunatik spawn tests/scripts/listening
	hello ip netns exec far
	run -1 nc -N -w 2 127.0.0.1 7000 </dev/null
	# The same port in the other
	lunatik stop tests/scripts/listening
	lunatik spawn tests/scripts/listening
	hello
	run -1 ip netns exec far nc -N -w 2 127.0.0.1 7000 </dev/null
}

@test "socket: a request to /dev/lunatik has the namespace of its sender" {
	lunatik spawn tests/scripts/listening
	connect='local s = require("socket.inet").tcp() s:connect("127.0.0.1", 7000) return s:receive(9)'
	[ "$(lunatik <<<"$connect")" = hello ]
	run -1 ip netns exec far lunatik <<<"$connect"
	[[ "$output" == *ECONNREFUSED* ]]
}

@test "socket: an open one keeps its namespace as a program would, and lets it go when the script stops" {
	ip netns add gone
	ip -n gone link set lo up
	ip link add near type veth peer name inner netns gone
	ip netns exec gone lunatik spawn tests/scripts/listening
	ip netns delete gone
	sleep 1
	[ -e /sys/class/net/near ]
	lunatik stop tests/scripts/listening
	for _ in {1..100}; do
		[ -e /sys/class/net/near ] || break
		sleep 0.1
	done
	[ ! -e /sys/class/net/near ]
}

@test "socket: in a namespace that has ended there are none: an error that says so" {
	ip netns add gone
	ip netns exec gone lunatik run tests/scripts/task
	ip netns delete gone
	for _ in {1..100}; do
		[ "$(lunatik <<<'return require("lunatik")._ENV.runtimes["tests/scripts/task"]:info().netns')" = nil ] && break
		sleep 0.1
	done
	run -1 lunatik <<<'local r = require("lunatik")._ENV.runtimes["tests/scripts/task"] r:resume("require(\"socket.inet\").udp()") r:resume()'
	[[ "$output" == *"the network namespace that the script was run in has ended"* ]]
}

@test "socket: 'lunatik stop' ends an accept() of a thread at once, and the port is free again" {
	for _ in {1..3}; do
		lunatik spawn tests/scripts/listening
		hello
		[ "$(milliseconds lunatik stop tests/scripts/listening)" -lt $((2000 * slowness)) ]
	done
	run -1 nc -N -w 2 127.0.0.1 7000 </dev/null
}

@test "socket: 'lunatik stop' ends receive(), accept() and connect() in a device's callback at once" {
	for call in receive accept connect; do
		lunatik run tests/scripts/sockets
		echo -n $call >/dev/sockets
		run_on cat /dev/sockets
		reads /dev/sockets
		[ "$(milliseconds lunatik stop tests/scripts/sockets)" -lt $((2000 * slowness)) ]
		run -1 wait "${background[-1]}"
		log | grep -q 'tests/scripts/sockets: EINTR'
	done
}

@test "socket: a process that is killed or interrupted while it waits ends at once, and the next is served" {
	lunatik run tests/scripts/sockets
	for signal in KILL INT; do
		for call in receive accept connect; do
			echo -n $call >/dev/sockets
			# Background jobs of a script ignore SIGINT: this one's is the default again
			run_on python3 -c 'import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); open("/dev/sockets").read()'
			reads /dev/sockets
			kill -$signal "${background[-1]}"
			[ "$(milliseconds wait "${background[-1]}" || true)" -lt $((2000 * slowness)) ]
		done
	done
}

@test "socket: a process that is killed while its script starts, and waits, ends at once" {
	run_on bash -c 'exec lunatik <<<"local i = require(\"socket.inet\") local s = i.tcp() s:bind(i.localhost, 0) s:listen() s:accept()"'
	reads /dev/lunatik
	kill -KILL "${background[-1]}"
	[ "$(milliseconds wait "${background[-1]}" || true)" -lt $((2000 * slowness)) ]
	[ "$(timeout 5 lunatik <<<'return 6*7')" = 42 ]
}

@test "socket: a timeout of connect() elapses: EINPROGRESS" {
	run -1 lunatik <<<'local s = require("socket.inet").tcp() s:settimeout(200) s:connect("192.0.2.1", 1)'
	[[ "$output" == *EINPROGRESS* ]]
}

@test "socket: IPv6 link-local addresses have their interface" {
	index=$(cat /sys/class/net/nowhere/ifindex)
	ip -6 address add fe80::2/64 dev nowhere nodad
	[ "$(lunatik <<<"local s = require('socket.inet6').udp() s:connect('fe80::3%$index', 9) return (s:getsockname())")" = "fe80::2%$index" ]
}

@test "socket: programs see what a script sends, and scripts what programs send" {
	run_on timeout $((10 * slowness)) python3 -c '
import socket
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
	server = socket.socket(family, socket.SOCK_DGRAM)
	server.bind((address, 7001))
	message, sender = server.recvfrom(100)
	server.sendto(b"<" + message + b">", sender)
	server.close()
'
	timeout $((10 * slowness)) sh -c 'until ss -Huln sport = 7001 | grep -q .; do sleep 0.05; done'
	for library in inet inet6; do
		[ "$(lunatik <<<"local l = require('socket.$library') local s = l.udp() s:settimeout(3000) s:send('ping', l.localhost, 7001) return s:receivefrom(100)" | cut -f 1)" = '<ping>' ]
		sleep $((slowness > 1 ? 5 : 1))
	done
	wait "${background[-1]}"
}

@test "socket: UNIX sockets are those of programs" {
	path=$BATS_TEST_TMPDIR/socket
	run_on timeout $((10 * slowness)) python3 -c '
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
peer = server.accept()[0]
# With a descriptor, which nobody takes
socket.send_fds(peer, [b"from a program"], [0])
peer.recv(1)
' "$path"
	timeout $((10 * slowness)) sh -c 'until ss -Hxl src "$1" | grep -q .; do sleep 0.05; done' - "$path"
	[ "$(lunatik <<<"local s = require('socket') local c = s.new(s.af.UNIX, s.sock.STREAM) c:connect('$path') return c:receive(99)")" = 'from a program' ]
}

@test "socket: the module is in use while a socket is open, and goes when the scripts are stopped" {
	lunatik spawn tests/scripts/listening
	run -1 rmmod luasocket
	[[ "$output" == *"in use"* ]]
	lunatik unload
	[ -z "$(lsmod | grep ^lua)" ]
	run -1 nc -N -w 2 127.0.0.1 7000 </dev/null
}
