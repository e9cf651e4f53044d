#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The examples that use sockets and /dev, with the clients that people use.

bats_require_minimum_version 1.5.0
load log
load slowness

setup_file() {
	lunatik load
	ip link set lo up
}

setup() {
	mark
	background=()
}

teardown() {
	tell_failure
	exec 5<&- 6<&- 7<&-
	[ ${#background[@]} = 0 ] || kill -KILL "${background[@]}" || true
	wait
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
}

run_on() { # COMMAND...: in the background, until the test ends
	"$@" >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
	background+=($!)
}

# The threads of the kernel with this name
threads() { ps -eo comm= | grep -c "^$1\$"; }

without() { # THREAD: until none is left
	for _ in {1..50}; do
		[ "$(threads "$1")" = 0 ] && return
		sleep 0.1
	done
	return 1
}

# --- echod

@test "echod: what a client sends comes back" {
	lunatik spawn examples/echod/daemon
	[ "$(printf 'hello kernel!\n' | nc -N -w 5 127.0.0.1 1337)" = 'hello kernel!' ]
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	nc -N -w 5 127.0.0.1 1337 <"$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/received"
	cmp "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/received"
	[ -z "$(log | grep 'examples/echod')" ]
}

@test "echod: several clients at once are each served, and a silent one holds up nobody" {
	lunatik spawn examples/echod/daemon
	python3 - <<-'END'
	import socket
	def client():
	    return socket.create_connection(("127.0.0.1", 1337), timeout=10)
	silent = client()
	clients = [client() for _ in range(20)]
	for round in range(3):
	    for number, each in enumerate(clients):
	        each.sendall(b"%d from %d" % (round, number))
	    for number, each in reversed(list(enumerate(clients))):
	        assert each.recv(100) == b"%d from %d" % (round, number)
	END
}

@test "echod: connections that have ended leave neither threads nor memory" {
	lunatik spawn examples/echod/daemon
	# More than the daemon's 16 MiB would hold
	python3 - <<-'END'
	import socket, struct
	for number in range(400):
	    with socket.create_connection(("127.0.0.1", 1337), timeout=10) as client:
	        client.sendall(b"x")
	        assert client.recv(1) == b"x"
	        if number % 2:  # with a reset
	            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	END
	without echod/worker
	used=$(lunatik <<<'return require("lunatik")._ENV.runtimes["examples/echod/daemon"]:info().memory')
	[ "$used" -lt 12000000 ]
	[ -z "$(log | grep 'echod: ')" ]
}

@test "echod: stop ends everything within a second, with clients connected, and it can be started again" {
	for _ in 1 2; do
		lunatik spawn examples/echod/daemon
		exec 5<>/dev/tcp/127.0.0.1/1337 6<>/dev/tcp/127.0.0.1/1337 7<>/dev/tcp/127.0.0.1/1337
		echo x >&5
		read -r -t 5 line <&5
		[ "$line" = x ]
		for _ in {1..50}; do [ "$(threads echod/worker)" = 3 ] && break; sleep 0.1; done
		[ "$(threads echod/worker)" = 3 ]
		[ "$(milliseconds lunatik stop examples/echod/daemon)" -lt $((1000 * slowness)) ]
		[ "$(threads echod/worker)" = 0 ]
		[ "$(threads daemon)" = 0 ]
		! read -r -t 5 line <&6
		exec 5<&- 6<&- 7<&-
	done
	run -1 nc -N -w 2 127.0.0.1 1337 </dev/null
}

@test "echod: a port that is taken is told to whoever spawns it" {
	run_on nc -l 127.0.0.1 1337
	sleep 0.5
	run -1 lunatik spawn examples/echod/daemon
	[[ "$output" == *EADDRINUSE* ]]
}

# --- shared

ask() { printf "$@" | nc -N -w 5 127.0.0.1 90; }

@test "shared: a key is assigned and asked for, from other connections too" {
	lunatik spawn examples/shared
	[ "$(ask 'foo=bar\nfoo\n')" = bar ]
	[ "$(ask 'foo\r\n')" = bar ]
	[ "$(ask 'foo=a=b c\nfoo\nabsent\n' | tr '\n' '|')" = 'a=b c||' ]
	[ "$(ask 'foo=\nfoo\n' | tr '\n' '|')" = '|' ]
	[ "$(ask '=x\n')" = 'error: no key' ]
}

@test "shared: lines that come in pieces, many in one piece, and without an end" {
	lunatik spawn examples/shared
	[ "$({ printf 'key='; sleep 0.3; printf 'val'; sleep 0.3; printf 'ue\nke'; sleep 0.3; printf 'y\n'; } | nc -N -w 5 127.0.0.1 90)" = value ]
	python3 - <<-'END'
	import socket
	client = socket.create_connection(("127.0.0.1", 90), timeout=10)
	client.sendall(b"".join(b"k%d=v%d\n" % (i, i) for i in range(500)))
	client.sendall(b"".join(b"k%d\n" % i for i in range(500)))
	client.shutdown(socket.SHUT_WR)
	answer = b"".join(iter(lambda: client.recv(4096), b""))
	assert answer == b"".join(b"v%d\n" % i for i in range(500)), answer
	END
	[ "$(ask 'half=way')" = '' ]
	[ "$(ask 'half\n')" = '' ]
}

@test "shared: a line that is too long is refused, and the next is served" {
	lunatik spawn examples/shared
	python3 - <<-'END'
	import socket
	def talk(*pieces):
	    with socket.create_connection(("127.0.0.1", 90), timeout=10) as client:
	        for piece in pieces:
	            client.sendall(piece)
	        client.shutdown(socket.SHUT_WR)
	        return b"".join(iter(lambda: client.recv(4096), b""))
	error = b"error: the line is longer than 1024 bytes\n"
	assert talk(b"a=" + b"x" * 1022 + b"\na\n") == b"x" * 1022 + b"\n"
	assert talk(b"b=" + b"x" * 1023 + b"\nb\n") == error + b"\n"
	assert talk(b"y" * 300000, b"\na=1\na\n") == error + b"1\n"
	END
}

@test "shared: a client that fills the store is refused more, and others go on" {
	lunatik spawn examples/shared
	python3 - <<-'END'
	import socket
	client = socket.create_connection(("127.0.0.1", 90), timeout=30)
	for start in range(0, 10000, 500):
	    client.sendall(b"".join(b"k%d=%s\n" % (i, b"x" * 1000) for i in range(start, start + 500)))
	client.shutdown(socket.SHUT_WR)
	answer = b"".join(iter(lambda: client.recv(65536), b""))
	assert b"error: not enough memory\n" in answer, answer[:100]
	END
	[ "$(ask 'foo=bar\nfoo\n')" = bar ]
	[ "$(ask 'k1\n' | wc -c)" = 1001 ]
}

@test "shared: stop ends everything within a second, with clients connected" {
	lunatik spawn examples/shared
	exec 5<>/dev/tcp/127.0.0.1/90 6<>/dev/tcp/127.0.0.1/90
	printf 'foo=bar\nfoo\n' >&5
	read -r -t 5 line <&5
	[ "$line" = bar ]
	[ "$(milliseconds lunatik stop examples/shared)" -lt $((1000 * slowness)) ]
	[ "$(threads shared/session)" = 0 ]
	lunatik spawn examples/shared
	[ "$(ask 'foo\n')" = '' ]
}

# --- tap

@test "tap: shows each frame's addresses, type and size" {
	lunatik run examples/tap
	[ "$(stat -c %a /dev/tap)" = 400 ]
	run_on timeout 10 head -n 1 /dev/tap
	sleep 1
	python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x" * 100, ("127.0.0.1", 9))'
	wait "${background[-1]}"
	# 14 of Ethernet, 20 of IP, 8 of UDP
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/output")" = $'00:00:00:00:00:00\t00:00:00:00:00:00\t0x0800\t142' ]
}

@test "tap: the addresses are the frame's own" {
	ip link add here type veth peer name there
	ip link set here address 02:00:00:00:00:01 up
	ip link set there address 02:00:00:00:00:02 up
	lunatik run examples/tap
	run_on timeout 10 grep -m 1 0x88b5 /dev/tap
	sleep 1
	python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("here", 0))
s.send(bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(46))'
	wait "${background[-1]}"
	ip link delete here
	grep -q $'^02:00:00:00:00:02\t02:00:00:00:00:01\t0x88b5\t60$' "$BATS_TEST_TMPDIR/output"
}

@test "tap: stop ends it while somebody reads, and nothing comes" {
	lunatik run examples/tap
	run_on cat /dev/tap
	sleep 0.5
	# Its socket is closed after an RCU grace period.
	[ "$(milliseconds lunatik stop examples/tap)" -lt $((2000 * slowness)) ]
	[ ! -e /dev/tap ]
}

# --- passwd

@test "passwd: gives as many printable characters as are asked for, and others each time" {
	lunatik run examples/passwd
	[ "$(stat -c %a /dev/passwd)" = 444 ]
	[ "$(head -c 5000 /dev/passwd | LC_ALL=C tr -d ' -~' | wc -c)" = 0 ]
	[ "$(head -c 5000 /dev/passwd | wc -c)" = 5000 ]
	[ "$(head -c 5000 /dev/passwd | fold -w 1 | LC_ALL=C sort -u | wc -l)" -gt 90 ]
	[ "$(head -c 32 /dev/passwd)" != "$(head -c 32 /dev/passwd)" ]
	[ "$(dd if=/dev/passwd bs=1 count=3 status=none | wc -c)" = 3 ]
}
