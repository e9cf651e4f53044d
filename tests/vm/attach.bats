#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# `lunatik attach` and `lunatik detach`, on the interface `near` of router.bash, which the client pings.

bats_require_minimum_version 1.5.0
load log
load router

scripts=/lib/modules/lua/attach

setup_file() {
	lunatik load
	make_router
	mkdir -p $scripts
	printf -- '-- lunatik: softirq\nrequire("xdp").attach(function() return 1 end)\n' >$scripts/drop.lua
	printf -- '-- lunatik: softirq percpu\nrequire("xdp").attach(function() return 2 end)\n' >$scripts/pass.lua
	printf -- '-- lunatik: softirq\nrequire("xdp").attach(function() error("on purpose") end)\n' >$scripts/failing.lua
	printf -- '-- lunatik: softirq\nlocal x = 1\n' >$scripts/idle.lua
	printf -- 'local x = 1\n' >$scripts/process.lua
	cat >$scripts/pieces.lua <<-'END'
		-- lunatik: softirq
		-- Echo requests that are in pieces: says how long, cuts them down, each to another number of pieces
		local xdp = require("xdp")
		local last = 9000
		xdp.attach(function(packet)
			local length = #packet
			if length > 8000 and packet:getbyte(23) == 1 and packet:getbyte(34) == 8 then
				print("pieces", length, packet:getbyte(length - 1))
				last = last > 2000 and last - 2000 or 60
				packet:resize(math.min(last, length))
				packet:setbyte(#packet - 1, 1)
				return 1
			end
		end)
	END
}

teardown_file() {
	remove_router
	rm -r $scripts
}

setup() { mark; }

teardown() {
	inside router lunatik detach near 2>/dev/null || true
	inside router xdp-loader unload --all near 2>/dev/null || true
	lunatik <<<'require("lunatik.runner").shutdown()'
}

router() { inside router "$@"; }

# The first packet after a change of programs may be lost with the device's queue.
answers() {
	for _ in 1 2 3; do
		inside client ping -c 1 -W 1 10.0.0.254 >/dev/null && return
	done
	return 1
}

attached() { router xdp-loader status near | grep -c lunatik; }

# fails TEXT COMMAND...: with status 1 and one line that has the text; then no script runs
fails() {
	local text=$1
	shift
	run -1 "$@"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == "lunatik: "*"$text"* ]]
	[ -z "$(lunatik list)" ]
}

@test "attach: runs the script, hands it the packets, and detach ends that, in every mode that the interface has" {
	for mode in native generic auto; do
		router lunatik attach attach/drop.lua near --mode $mode
		[[ "$(lunatik list)" == *attach/drop*running* ]]
		run -1 answers
		router lunatik detach near
		[[ "$(lunatik list)" == *attach/drop*running* ]]
		answers
	done
	[[ "$(router xdp-loader status near)" == *"No XDP program"* ]]
}

@test "attach: a script that runs already is attached as it is, with its context" {
	lunatik run attach/pass
	router lunatik attach attach/pass near
	[[ "$(lunatik list)" =~ attach/pass\ +softirq\ +yes ]]
	answers
}

@test "attach: another script takes the place of the first, and there is one program" {
	router lunatik attach attach/drop near
	run -1 answers
	router lunatik attach attach/pass near
	answers
	[ "$(attached)" = 1 ]
	router lunatik attach attach/drop near
	run -1 answers
	[ "$(attached)" = 1 ]
}

@test "attach: packets pass when the callback fails, and when the script is stopped" {
	router lunatik attach attach/failing near
	answers
	log | grep 'on purpose'
	router lunatik attach attach/drop near
	run -1 answers
	lunatik stop attach/drop
	answers
}

@test "attach: what cannot be attached is told, and nothing is left running" {
	fails "no interface gone0" router lunatik attach attach/drop gone0
	fails "has no callback" router lunatik attach attach/idle near
	fails "process context" router lunatik attach attach/process near
	fails "attach/absent" router lunatik attach attach/absent near
	fails "offload" router lunatik attach attach/drop near --mode offload
	ip -n router link add plain type dummy
	fails "native mode" router lunatik attach attach/drop plain --mode native
	router lunatik attach attach/drop plain
	router lunatik detach plain
	ip -n router link delete plain
	lunatik stop attach/drop
	fails "no script is attached" router lunatik detach near
	fails "no interface gone0" router lunatik detach gone0
	run -2 lunatik attach attach/drop near --mode skb
	run -2 lunatik attach attach/drop
	[ "$(router xdp-loader status near | grep -c 'No XDP program')" = 1 ]
}

@test "attach: the mode is changed after detach" {
	router lunatik attach attach/drop near --mode generic
	run -1 router lunatik attach attach/drop near --mode native
	[[ "$output" == *"generic mode"*"lunatik detach near"* ]]
	router lunatik detach near
	router lunatik attach attach/drop near --mode native
}

@test "attach: programs of others stay, before and after" {
	router xdp-loader load -m native near /lib/modules/lua/examples/filter/https.o
	router lunatik attach attach/drop near
	run -1 answers
	[ "$(router xdp-loader status near | grep -c filter_https)" = 1 ]
	router lunatik detach near
	answers
	[ "$(router xdp-loader status near | grep -c filter_https)" = 1 ]
	[ "$(attached || true)" = 0 ]
}

@test "attach: in a namespace without a file system for BPF programs, too" {
	taskset --cpu-list 1 ip netns exec router lunatik attach attach/drop near
	run -1 answers
	taskset --cpu-list 1 ip netns exec router lunatik attach attach/pass near
	answers
	taskset --cpu-list 1 ip netns exec router lunatik detach near
	run -1 taskset --cpu-list 1 ip netns exec router lunatik detach near
}

@test "attach: packets in pieces come whole, and are cut down to any number of pieces" {
	for end in 'client client' 'router near'; do
		ip -n ${end% *} link set ${end#* } mtu 9000
	done
	router lunatik attach attach/pieces near --mode native
	for _ in 1 2 3 4 5; do
		run -1 inside client ping -c 1 -W 1 -s 8400 -p ab 10.0.0.254
	done
	[ "$(log | grep -cP '^pieces\t8442\t171$')" = 5 ]
	router lunatik detach near
	inside client ping -c 1 -W 5 -s 8400 10.0.0.254
	nothing_logged
	for end in 'client client' 'router near'; do
		ip -n ${end% *} link set ${end#* } mtu 1500
	done
}

@test "attach: the completion knows interfaces and modes" {
	[[ "$(lunatik completion)" == *"attach:3) words=\$(ls /sys/class/net)"*"auto native generic offload"*"detach:2) words=\$(ls /sys/class/net)"* ]]
}
