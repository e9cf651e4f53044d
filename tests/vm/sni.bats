#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The SNI filters (examples/filter), at XDP and at netfilter, on real connections and on crafted frames.
#
#	+-------------------+                    +-------------------------+
#	| namespace near    |    ClientHello     | namespace far           |
#	|                   |                    |                         |
#	|   near 192.0.2.1  |------------------->|   far 192.0.2.2, XDP    |
#	|   near.5          |   VLAN 5           |   far.5                 |
#	|     198.51.100.1  |------------------->|     198.51.100.2        |
#	|                   |                    |                         |
#	|   curl, openssl,  |                    |   gnutls-serv           |
#	|   gnutls-cli      |                    |                         |
#	+-------------------+                    +-------------------------+

bats_require_minimum_version 1.5.0
load log
load slowness

filter=/lib/modules/lua/examples/filter/https.o
pin=/sys/fs/bpf/test

# Seconds: the most that an answer may take, and how long to wait for one that shall not come, whatever the log says.
patience=$((60 * slowness)) blocked_wait=5

near() { nsenter --net=/run/netns/near "$@"; }
far() { nsenter --net=/run/netns/far "$@"; }

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
		-keyout key -out certificate
	cd "$OLDPWD" || return
	tests/vm/frames hello blocked.example >"$BATS_FILE_TMPDIR/hello"
	tests/vm/frames hello blocked.example 1.2 >"$BATS_FILE_TMPDIR/hello-1.2"

	ip netns add near
	ip netns add far
	ip -netns near link add near type veth peer name far netns far
	ip -netns near link add near.5 link near type vlan id 5
	ip -netns far link add far.5 link far type vlan id 5
	ip -netns near address add 192.0.2.1/24 dev near
	ip -netns far address add 192.0.2.2/24 dev far
	ip -netns near address add 198.51.100.1/24 dev near.5
	ip -netns far address add 198.51.100.2/24 dev far.5
	for link in near near.5; do ip -netns near link set $link up; done
	for link in far far.5; do ip -netns far link set $link up; done
	nsenter --net=/run/netns/far gnutls-serv --quiet --http --port 443 --x509certfile "$BATS_FILE_TMPDIR/certificate" \
		--x509keyfile "$BATS_FILE_TMPDIR/key" --disable-client-cert </dev/null >/dev/null 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/server"
	near timeout $patience bash -c 'until (: </dev/tcp/192.0.2.2/443) 2>/dev/null; do sleep 0.1; done'
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/server")"
	ip netns delete near
	ip netns delete far
}

setup() {
	attached=no hooked=no
	lunatik run examples/filter/sni
	mark
}

teardown() {
	tell_failure
	if [ $hooked = yes ]; then
		lunatik stop examples/filter/nf_sni || true
		near ss -K dst 192.0.2.2 or dst 198.51.100.2 >/dev/null
	fi
	if [ $attached = yes ]; then
		far xdp-loader unload --all far || true
		# Else what was dropped would be sent again, into the next test.
		near ss -K dst 192.0.2.2 or dst 198.51.100.2 >/dev/null
	fi
	rm -f $pin
	lunatik stop examples/filter/sni || true
}

# --- connections

attach() { # MODE, of xdp-loader
	attached=yes
	far xdp-loader load -m "$1" far "$filter"
}

# What fetches a page from the server, or shakes hands with it, in `command`: LIBRARY VERSION NAME SECONDS [ADDRESS]
client_command() {
	local address=${5-192.0.2.2}
	local -A curl=([1.2]="--tls-max 1.2" [1.3]=--tlsv1.3)
	command=(nsenter --net=/run/netns/near timeout "$4")
	case $1 in
	# shellcheck disable=SC2206
	openssl) command+=(curl --silent --show-error --insecure --output /dev/null
		${curl[$2]} --resolve "$3:443:$address" "https://$3/") ;;
	gnutls) command+=(gnutls-cli --insecure --priority "NORMAL:-VERS-ALL:+VERS-TLS$2"
		--sni-hostname="$3" --port 443 "$address") ;;
	esac
}

client() {
	local command
	client_command "$@"
	"${command[@]}" </dev/null 3>&-
}

# handshake_command NAME SECONDS, or -noservername for the name
handshake_command() {
	local name=(-servername "$1")
	[ "$1" != -noservername ] || name=("$1")
	command=(nsenter --net=/run/netns/near timeout "$2" openssl s_client -connect 192.0.2.2:443 "${name[@]}")
}

# Ends well when the filter has dropped the ClientHello of `command`, which then waits on: unanswered NAME
unanswered() {
	local status=0 waiting
	"${command[@]}" </dev/null 3>&- &
	waiting=$!
	until log | grep -Fx "filter_sni: $1 DROP" || ! kill -0 $waiting 2>/dev/null; do sleep 0.2; done
	sleep 1
	kill $waiting || true
	wait $waiting || status=$?
	[ $status = 143 ] || { echo "${command[*]}: ended with $status, not by being killed"; return 1; }
}

# Ends well when blocked.example gets no answer of the server, and allowed.example does.
check_clients() { # LIBRARY VERSION [ADDRESS]
	local command
	mark
	client "$1" "$2" allowed.example $patience "${@:3}" || { echo "$1, TLS $2: allowed.example got no answer"; return 1; }
	log | grep -Fx "filter_sni: allowed.example PASS"
	client_command "$1" "$2" blocked.example $patience "${@:3}"
	unanswered blocked.example
}

check_library() { # MODE LIBRARY
	attach "$1"
	check_clients "$2" 1.2
	check_clients "$2" 1.3
}

@test "SNI: native, curl with OpenSSL reaches an allowed name and no blocked one, by TLS 1.2 and 1.3" {
	check_library native openssl
}

@test "SNI: native, gnutls-cli reaches an allowed name and no blocked one, by TLS 1.2 and 1.3" {
	check_library native gnutls
}

@test "SNI: generic, curl with OpenSSL reaches an allowed name and no blocked one, by TLS 1.2 and 1.3" {
	check_library skb openssl
}

@test "SNI: generic, gnutls-cli reaches an allowed name and no blocked one, by TLS 1.2 and 1.3" {
	check_library skb gnutls
}

@test "SNI: native, names are filtered over VLAN" {
	attach native
	check_clients openssl 1.3 198.51.100.2
}

@test "SNI: generic, names are filtered over VLAN with the tag in the frame" {
	near ethtool -K near txvlan off
	attach skb
	check_clients openssl 1.3 198.51.100.2
	near ethtool -K near txvlan on
}

@test "SNI: bpftool net attach does as well as xdp-loader, native and generic" {
	attached=yes
	bpftool prog load "$filter" $pin type xdp
	for mode in xdpdrv xdpgeneric; do
		far bpftool net attach $mode pinned $pin dev far
		check_clients openssl 1.3
		far bpftool net detach $mode dev far
	done
}

@test "SNI: a server is reached again when the program is gone" {
	attach native
	run -124 client openssl 1.3 blocked.example $blocked_wait
	far xdp-loader unload --all far
	client openssl 1.3 blocked.example $patience
}

@test "SNI: a server is reached while the script is stopped, and no more when it runs again" {
	attach native
	lunatik stop examples/filter/sni
	client openssl 1.3 blocked.example $patience
	lunatik run examples/filter/sni
	run -124 client openssl 1.3 blocked.example $blocked_wait
}

in_netfilter() { # NAMESPACE: the filter at its hooks
	"$1" lunatik run examples/filter/nf_sni
	hooked=yes
}

@test "SNI: at netfilter, curl with OpenSSL reaches an allowed name and no blocked one, by TLS 1.2 and 1.3" {
	in_netfilter near
	check_clients openssl 1.2
	check_clients openssl 1.3
}

@test "SNI: at netfilter, gnutls-cli reaches an allowed name and no blocked one, and over VLAN" {
	in_netfilter near
	check_clients gnutls 1.3 198.51.100.2
}

@test "SNI: a name is blocked in upper case too" {
	attach native
	handshake_command BLOCKED.Example $patience
	unanswered BLOCKED.Example
}

@test "SNI: a ClientHello without a name passes" {
	attach native
	handshake_command -noservername $patience
	"${command[@]}" </dev/null 3>&-
	[ -z "$(log | grep filter_sni)" ]
}

@test "SNI: a ClientHello in two segments passes, native and generic" {
	for mode in native skb; do
		attach $mode
		[ "$(near tests/vm/frames split 192.0.2.2 blocked.example $patience)" = TLSv1.3 ]
		far xdp-loader unload --all far
	done
	[ -z "$(log | grep filter_sni)" ]
}

# --- frames

@test "SNI: the filter sees through IPv4 and TCP options and a VLAN tag, and lets pass what is no ClientHello to port 443" {
	bpftool prog load "$filter" $pin
	tests/vm/frames forms $pin "$BATS_FILE_TMPDIR/hello"
	[ -z "$(log | grep -vx -e 'filter_sni: blocked.example DROP' -e 'filter_sni:  PASS')" ]
}

@test "SNI: a ClientHello cut at any length passes when the name is not whole, and nothing is logged" {
	bpftool prog load "$filter" $pin
	tests/vm/frames lengths $pin "$BATS_FILE_TMPDIR/hello" blocked.example
	tests/vm/frames lengths $pin "$BATS_FILE_TMPDIR/hello-1.2" blocked.example
	[ -z "$(log | grep -vx 'filter_sni: blocked.example DROP')" ]
}

@test "SNI: 1000 damaged ClientHellos pass or are dropped, and no error is logged" {
	bpftool prog load "$filter" $pin
	tests/vm/frames mutations $pin "$BATS_FILE_TMPDIR/hello" 1 500
	tests/vm/frames mutations $pin "$BATS_FILE_TMPDIR/hello-1.2" 2 500
	[ -z "$(log | grep lunatik)" ]
}
