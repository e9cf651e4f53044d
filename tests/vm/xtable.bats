#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `xtable`, and luaxt: rules of iptables-legacy and ip6tables-legacy, with real traffic.
#
#	+-------------------------+          +-------------------------+
#	| near                    |          | far                     |
#	|   near 192.0.2.1        |----------|   far 192.0.2.2         |
#	|   2001:db8::1           |          |   2001:db8::2           |
#	+-------------------------+          +-------------------------+
#
# The rules are far's. libxt_luatest.lua is in tests/xtable. For ARP and bridges the tools are arptables-nft and
# ebtables-nft: their predecessors have all that they know built in.

bats_require_minimum_version 1.5.0
load log
load slowness

name=tests/xt
file=/lib/modules/lua/$name.lua
patience=$((10 * slowness))
extensions=$(pkg-config --variable=xtlibdir xtables)

far() { nsenter --net=/run/netns/far "$@"; }
near() { nsenter --net=/run/netns/near "$@"; }
rule() { far iptables-legacy -w "$@"; }
rule6() { far ip6tables-legacy -w "$@"; }
arp_rule() { far arptables-nft "$@"; }
bridge_rule() { far ebtables-nft "$@"; }

setup_file() {
	lunatik load
	for space in near far; do
		ip netns add $space
		ip -n $space link set lo up
	done
	ip -n near link add near type veth peer name far netns far
	local address=1 space
	for space in near far; do
		ip -n $space address add 192.0.2.$address/24 dev $space
		ip -n $space address add 2001:db8::$address/64 dev $space nodad
		ip -n $space link set $space up
		((address++))
	done
	far ethtool -K far rx off >/dev/null
	near ping -q -c 1 -W $patience 192.0.2.2
	near ping -q -c 1 -W $patience 2001:db8::2
}

teardown_file() {
	for space in near far; do ip netns delete $space; done
	rm -f $file /lib/modules/lua/tests/xt2.lua
}

setup() {
	[ -c /dev/lunatik ] || lunatik load
	mark
}

teardown() {
	tell_failure
	arp_rule -F
	bridge_rule -F
	ip -n near link delete nearb 2>/dev/null || true
	ip -n far link delete bridge 2>/dev/null || true
	for table in filter mangle raw; do
		rule -t $table -F
		rule6 -t $table -F
		rule -t $table -X
	done
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
	kill $(jobs -p) 2>/dev/null || true
	wait
}

# Runs the script of standard input: script [OPTION...]
script() {
	{
		echo '-- lunatik: softirq'
		echo 'local xtable, netfilter = require("xtable"), require("netfilter")'
		echo 'local action, family = netfilter.action, netfilter.family'
		echo 'local function match(f, opts) opts = opts or {} opts.name = opts.name or "luatest"'
		echo '  opts.revision = opts.revision or 2 opts.match = f return xtable.match(opts) end'
		echo 'local function target(f, opts) opts = opts or {} opts.name = opts.name or "luatest"'
		echo '  opts.revision = opts.revision or 2 opts.target = f return xtable.target(opts) end'
		echo 'local function results(f) return function() while true do coroutine.yield(f()) end end end'
		cat
	} >$file
	lunatik run $name "$@"
}

# What the function returns that the script has handed to results()
result() { lunatik <<<"return require('lunatik')._ENV.runtimes['$name']:resume()"; }

reaches() { near ping -n -q -c 1 -W $patience "${@:2}" "$1" >/dev/null; }
blocked() { ! near ping -n -q -c 1 -W 0.5 "${@:2}" "$1" >/dev/null; }
both_reach() { reaches 192.0.2.2 && reaches 2001:db8::2; }
both_blocked() { blocked 192.0.2.2 && blocked 2001:db8::2; }

# --- matches

@test "xtable: a match decides about IPv4 and IPv6 packets" {
	script <<-'END'
		local matches = true
		match(function() return matches end)
		return results(function() matches = not matches end)
	END
	rule -A INPUT -m luatest --say x -j DROP
	rule6 -A INPUT -p ipv6-icmp --icmpv6-type echo-request -m luatest --say x -j DROP
	both_blocked
	result
	both_reach
	log | run ! grep lunatik:
}

@test "xtable: a match reads the packet, and cannot change it" {
	script <<-'END'
		local seen
		match(function(packet)
			local good, message = pcall(packet.setbyte, packet, 8, 1)
			seen = ("%d %d %d %s %s"):format(#packet, packet:getbyte(0), packet:getbyte(9), good, message)
			return false
		end)
		return results(function() return seen end)
	END
	rule -A INPUT -s 192.0.2.1 -m luatest --say x -j DROP
	reaches 192.0.2.2 -s 100
	[[ "$(result)" == "128 69 1 false"*read-only* ]]
}

@test "xtable: userargs are those of the rule, whichever rule it is" {
	script <<-'END'
		local seen = {}
		match(function(_, _, userargs)
			seen[#seen + 1] = userargs
			return userargs == "second"
		end)
		return results(function() return table.concat(seen, ",") end)
	END
	rule -A INPUT -p icmp -m luatest --say first -j DROP
	rule -A INPUT -p icmp -m luatest --say second
	rule -A INPUT -p icmp -m luatest --say "$(printf 'l%.0s' {1..255})" -j DROP
	reaches 192.0.2.2
	reaches 192.0.2.2
	long=$(printf 'l%.0s' {1..255})
	[ "$(result)" = "first,second,$long,first,second,$long" ]
}

@test "xtable: userargs stay the same string without memory for each packet" {
	script <<-'END'
		local text
		match(function(_, _, userargs)
			text = userargs
			return false
		end)
		collectgarbage("stop")
		return results(function()
			local used = collectgarbage("count")
			return text, used
		end)
	END
	rule -A INPUT -m luatest --say "$(printf 'l%.0s' {1..200})" -j DROP
	reaches 192.0.2.2
	result
	before=$(lunatik <<<"return select(2, require('lunatik')._ENV.runtimes['$name']:resume()) * 1024 // 1")
	near ping -q -f -c 200 192.0.2.2 >/dev/null
	after=$(lunatik <<<"return select(2, require('lunatik')._ENV.runtimes['$name']:resume()) * 1024 // 1")
	[ $((after - before)) -lt 2048 ]
}

@test "xtable: par.hotdrop drops the packet at once, whatever the match says" {
	script <<-'END'
		match(function(_, par)
			assert(par.hotdrop == false)
			par.hotdrop = true
			assert(par.hotdrop == true)
			return true
		end)
	END
	rule -A INPUT -p icmp -m luatest --say x -j ACCEPT
	blocked 192.0.2.2
	log | run ! grep lunatik:
}

@test "xtable: par has thoff and fragoff, for IPv4 and IPv6" {
	script <<-'END'
		local seen = {}
		local function note(packet, par)
			seen[#seen + 1] = par.thoff .. "/" .. par.fragoff
			return false
		end
		match(note)
		return results(function()
			local text = table.concat(seen, " ")
			seen = {}
			return text
		end)
	END
	rule -t raw -A PREROUTING -m luatest --say x
	rule6 -t raw -A PREROUTING -s 2001:db8::1 -d 2001:db8::2 -m luatest --say x
	reaches 192.0.2.2
	[ "$(result)" = "20/0" ]
	reaches 2001:db8::2
	[[ "$(result)" == *"40/0"* ]]
	reaches 192.0.2.2 -s 2000
	[ "$(result)" = "20/0 20/185" ]
	reaches 2001:db8::2 -s 2000
	[[ "$(result)" == *"48/0"*/1448* ]]
}

@test "xtable: par and packet are gone when the callback has returned" {
	script <<-'END'
		local kept, packet
		match(function(p, par)
			kept, packet = par, p
			return false
		end)
		return results(function()
			local _, a = pcall(function() return kept.thoff end)
			local _, b = pcall(function() kept.hotdrop = true end)
			local _, c = pcall(packet.getbyte, packet, 0)
			return a .. "|" .. b .. "|" .. c
		end)
	END
	rule -A INPUT -m luatest --say x -j DROP
	reaches 192.0.2.2
	[[ "$(result)" == *"packet is gone"*"packet is gone"*"memory is gone"* ]]
}

@test "xtable: an error in a match, or no boolean, is no match and one line" {
	wait_for_log
	script <<-'END'
		local outcomes = { function() error("on purpose") end, function() return 1 end, function() end }
		local which = 0
		match(function(_, par)
			which = which + 1
			par.hotdrop = which < 3
			return outcomes[which]()
		end)
	END
	rule -A INPUT -p icmp -m luatest --say x -j DROP
	for _ in 1 2 3; do reaches 192.0.2.2; done
	log | grep 'on purpose'
	[ "$(log | grep -c 'returned no boolean')" -eq 1 ]
}

# --- targets

@test "xtable: each verdict of a target, and userargs" {
	wait_for_log
	script <<-'END'
		target(function(_, _, userargs)
			return action[userargs]
		end)
	END
	rule -N verdict
	rule -A INPUT -p icmp -j verdict
	for verdict in CONTINUE ACCEPT STOP none; do
		rule -F verdict
		rule -A verdict -j luatest --say $verdict
		reaches 192.0.2.2
	done
	rule -A verdict -j DROP
	blocked 192.0.2.2
	for verdict in ACCEPT STOP; do
		rule -F verdict
		rule -A verdict -j luatest --say $verdict
		rule -A verdict -j DROP
		reaches 192.0.2.2
	done
	for verdict in DROP STOLEN QUEUE; do
		rule -F verdict
		rule -A verdict -j luatest --say $verdict
		blocked 192.0.2.2
	done
	log | run ! grep lunatik:
}

@test "xtable: what is no verdict of a target, and an error, are CONTINUE, and a line each" {
	wait_for_log
	script <<-'END'
		local outcomes = { action.RETURN, -1, 77, "DROP", true, 1 << 32, "error" }
		local which = 0
		target(function()
			which = which + 1
			if outcomes[which] == "error" then error("on purpose") end
			return outcomes[which]
		end)
	END
	rule -A INPUT -p icmp -j luatest --say x
	for _ in {1..6}; do reaches 192.0.2.2; done
	[ "$(log | grep -c 'returned no verdict')" -eq 6 ]
	reaches 192.0.2.2
	log | grep 'on purpose'
}

@test "xtable: REPEAT calls the target again, and ends" {
	script <<-'END'
		local calls, most = 0, 3
		target(function()
			calls = calls + 1
			return calls % most == 0 and action.CONTINUE or action.REPEAT
		end)
		return results(function()
			local seen = calls
			calls, most = 0, 1000
			return seen
		end)
	END
	rule -A INPUT -p icmp -j luatest --say x
	reaches 192.0.2.2
	[ "$(result)" = 3 ]
	reaches 192.0.2.2
	[ "$(result)" = 17 ]
	log | grep 'again and again'
}

@test "xtable: a target changes the packet, with its checksums" {
	script <<-'END'
		target(function(packet, par)
			assert(par.hotdrop == false and not pcall(function() par.hotdrop = true end))
			packet:setbyte(par.thoff + 8, ("!"):byte())
			packet:checksum()
			return action.CONTINUE
		end)
	END
	rule -t mangle -A PREROUTING -p udp --dport 9 -j luatest --say x
	far timeout $patience nc -u -l -W 1 -n 192.0.2.2 9 >"$BATS_TEST_TMPDIR/out" 3>&- &
	far timeout $patience sh -c 'until ss -Huln sport = 9 | grep -q .; do sleep 0.05; done'
	near bash -c 'printf hello >/dev/udp/192.0.2.2/9'
	wait
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "!ello" ]
}

# --- families

@test "xtable: a target of arptables has ARP packets, changes them, and decides about them" {
	wait_for_log
	script <<-'END'
		target(function(packet, par, userargs)
			assert(par.thoff == 0 and par.fragoff == 0 and par.hotdrop == false)
			assert(packet:getuint16be(2) == 0x0800 and #packet >= 28)
			if userargs == "lie" then packet:setuint32be(24, 0xc0000209) end
			return action[userargs]
		end, { family = family.ARP, hooks = 1 << netfilter.arp_hooks.IN })
	END
	arp_rule -A INPUT -j luatest --say DROP
	arp_rule -L INPUT | grep 'target says DROP'
	asks_again() { ip -n near neighbour flush dev near && "$@" 192.0.2.2; }
	for verdict in DROP STOLEN; do
		arp_rule -F INPUT
		arp_rule -A INPUT -j luatest --say $verdict
		asks_again blocked
	done
	for verdict in CONTINUE ACCEPT none; do
		arp_rule -F INPUT
		arp_rule -A INPUT -j luatest --say $verdict
		asks_again reaches
	done
	log | run ! grep lunatik:
	arp_rule -F INPUT
	arp_rule -A INPUT -j luatest --say QUEUE
	asks_again reaches
	log | grep 'QUEUE, which is for IPv4 and IPv6'
	# Who is asked for is nobody here any more.
	arp_rule -F INPUT
	arp_rule -A INPUT -j luatest --say lie
	asks_again blocked
	run ! arp_rule -A OUTPUT -j luatest --say x
	run ! rule -A INPUT -j luatest --say x
	lunatik stop $name
	asks_again reaches
}

@test "xtable: a target of ebtables has frames, changes them, and decides about them" {
	wait_for_log
	ip -n near link add nearb type veth peer name port netns far
	ip -n far link add bridge type bridge
	ip -n far link set port master bridge
	ip -n near address add 203.0.113.1/24 dev nearb
	ip -n far address add 203.0.113.2/24 dev bridge
	ip -n near link set nearb up
	ip -n far link set port up
	ip -n far link set bridge up
	reaches 203.0.113.2
	script <<-'END'
		target(function(packet, par, userargs)
			assert(par.thoff == 0 and par.fragoff == 0 and par.hotdrop == false)
			assert(packet:getuint16be(12) == 0x0800 and packet:getbyte(14) == 0x45)
			if userargs == "lie" then packet:setuint32be(30, 0xcb007109) end
			return action[userargs]
		end, { family = family.BRIDGE, hooks = 1 << netfilter.bridge_hooks.LOCAL_IN })
	END
	bridge_rule -A INPUT -p IPv4 -j luatest --say DROP
	bridge_rule -L INPUT | grep 'target says DROP'
	for verdict in DROP STOLEN lie; do
		bridge_rule -F INPUT
		bridge_rule -A INPUT -p IPv4 -j luatest --say $verdict
		blocked 203.0.113.2
	done
	for verdict in CONTINUE ACCEPT none; do
		bridge_rule -F INPUT
		bridge_rule -A INPUT -p IPv4 -j luatest --say $verdict
		reaches 203.0.113.2
	done
	bridge_rule -A INPUT -p IPv4 -j DROP
	blocked 203.0.113.2
	log | run ! grep lunatik:
	bridge_rule -F INPUT
	bridge_rule -A INPUT -p IPv4 -j luatest --say QUEUE
	reaches 203.0.113.2
	log | grep 'QUEUE, which is for IPv4 and IPv6'
	run ! bridge_rule -A OUTPUT -p IPv4 -j luatest --say x
	bridge_rule -F INPUT
	bridge_rule -A INPUT -p IPv4 -j luatest --say DROP
	lunatik stop $name
	reaches 203.0.113.2
}

# --- rules come and go

@test "xtable: checkentry and destroy see the userargs; false, and an error, refuse a rule" {
	wait_for_log
	script <<-'END'
		local seen = {}
		match(function() return false end, {
			checkentry = function(userargs)
				if userargs == "error" then error("on purpose") end
				if userargs == "false" then return false end
				seen[#seen + 1] = "+" .. userargs
			end,
			destroy = function(userargs)
				seen[#seen + 1] = "-" .. userargs
			end,
		})
		return results(function()
			local text = table.concat(seen, " ")
			seen = {}
			return text
		end)
	END
	rule -A INPUT -m luatest --say a
	[ "$(result)" = "+a" ]
	for refused in false error; do
		run ! rule -A INPUT -m luatest --say $refused
		[[ "$output" == *"Invalid argument"* ]]
	done
	log | grep 'on purpose'
	log | grep 'checkentry refused the rule'
	# iptables hands over the whole table, so the rule that was there was checked as well
	[ "$(result)" = "+a -a +a -a" ]
	rule -D INPUT -m luatest --say a
	[ "$(result)" = "-a" ]
}

@test "xtable: in a percpu runtime each CPU's packets enter their own state" {
	script percpu <<-'END'
		match(function(_, _, userargs) return userargs == "yes" end, {
			checkentry = function(userargs) print("checked " .. userargs) end,
			destroy = function(userargs) print("destroyed " .. userargs) end,
		})
	END
	rule -A OUTPUT -p icmp -m luatest --say yes -j DROP
	[ "$(log | grep -c 'checked yes')" -eq "$(nproc --all)" ]
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		blocked 192.0.2.2
		far taskset -c $cpu ping -q -c 1 -W 0.5 192.0.2.1 && false
	done
	rule -F OUTPUT
	[ "$(log | grep -c 'destroyed yes')" -eq "$(nproc --all)" ]
	reaches 192.0.2.2
}

@test "xtable: a rule outlives its script, does nothing then, and works again with the next one" {
	wait_for_log
	dropping=$(mktemp -p "$BATS_TEST_TMPDIR")
	cat >"$dropping" <<-'END'
		match(function(_, _, userargs) return userargs == "drop" end, {
			checkentry = function(userargs) print("asked for " .. userargs) end,
		})
	END
	script <"$dropping"
	rule -A INPUT -m luatest --say drop -j DROP
	rule -A INPUT -m luatest --say keep -j DROP
	blocked 192.0.2.2
	lunatik stop $name
	reaches 192.0.2.2
	run ! rule -A INPUT -m luatest --say more
	[[ "$output" == *luatest* ]]
	rule -L INPUT 2>&1 | grep luatest
	mark
	script <"$dropping"
	blocked 192.0.2.2
	[ "$(log | grep -c 'asked for')" -eq 1 ]
	blocked 192.0.2.2
	[ "$(log | grep -c 'asked for')" -eq 1 ]
	lunatik stop $name
	script percpu <"$dropping"
	blocked 192.0.2.2
	rule -D INPUT 2
	rule -D INPUT 1
	lunatik stop $name
}

@test "xtable: the next script may refuse a rule, and one registered for other packets does not get it" {
	wait_for_log
	script <<-'END'
		match(function() return true end)
	END
	rule -A INPUT -m luatest --say drop -j DROP
	lunatik stop $name
	script <<-'END'
		match(function() return true end, { checkentry = function() return false end })
	END
	reaches 192.0.2.2
	reaches 192.0.2.2
	[ "$(log | grep -c 'not taken')" -eq 1 ]
	lunatik stop $name
	mark
	script <<-'END'
		match(function() return true end, { hooks = 1 << netfilter.inet_hooks.LOCAL_OUT })
	END
	reaches 192.0.2.2
	[ "$(log | grep -c 'not taken')" -eq 1 ]
}

@test "xtable: stopped and run again, under traffic" {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		match(function(packet) return packet:getbyte(0) == 0 end)
		target(function() return action.CONTINUE end)
	END
	script <"$BATS_TEST_TMPDIR/script"
	rule -A INPUT -m luatest --say a -j luatest --say b
	rule -A OUTPUT -j luatest --say b
	rule6 -A INPUT -m luatest --say a -j luatest --say b
	# Not by near(): what is killed afterwards is to be ping itself.
	nsenter --net=/run/netns/near ping -q -f 192.0.2.2 >/dev/null 3>&- &
	nsenter --net=/run/netns/near ping -q -f 2001:db8::2 >/dev/null 3>&- &
	for i in {1..8}; do
		lunatik stop $name
		local context=(softirq)
		[ $((i % 2)) = 0 ] || context+=(percpu)
		script "${context[@]}" <"$BATS_TEST_TMPDIR/script"
		rule -A FORWARD -m luatest --say $i
	done
	kill %1 %2
	wait
	rule -F
	both_reach
}

@test "xtable: rules added and deleted while the script is stopped and run" {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		match(function() return false end)
	END
	script <"$BATS_TEST_TMPDIR/script"
	(while :; do
		rule -A INPUT -m luatest --say a
		rule6 -A INPUT -m luatest --say a
		rule -D INPUT 1
		rule6 -D INPUT 1
	done) >/dev/null 2>&1 3>&- &
	for _ in {1..10}; do
		lunatik stop $name
		script <"$BATS_TEST_TMPDIR/script"
	done
	kill %1
	wait
	rule -F
	rule6 -F
}

@test "xtable: unload says that a rule is in the way, and goes when it is gone" {
	script <<-'END'
		match(function() return true end)
	END
	rule -A INPUT -m luatest --say a -j DROP
	run ! lunatik unload
	[[ "$output" == *"luaxtable is in use"* ]]
	reaches 192.0.2.2
	rule -D INPUT 1
	lunatik unload
	lunatik load
}

@test "xtable: a script registers 32 matches and targets at most" {
	run -1 script <<-'END'
		for i = 1, 33 do match(function() end, { name = "luamany" .. i }) end
	END
	[[ "$output" == *"too many matches and targets: a script may register 32"* ]]
}

@test "xtable: a namespace that ends takes its rules along" {
	script <<-'END'
		match(function() return true end, { destroy = function(userargs) print("gone: " .. userargs) end })
	END
	ip netns add third
	nsenter --net=/run/netns/third iptables-legacy -A INPUT -m luatest --say third -j DROP
	ip netns delete third
	for _ in {1..100}; do
		log | grep -q 'gone: third' && break
		sleep 0.1
	done
	log | grep 'gone: third'
}

# --- what is wrong

@test "xtable: what cannot be registered is an error that says so, and registers nothing" {
	refused() { # MESSAGE SOURCE [OPTION...]
		run ! script "${@:3}" <<<"$2"
		[[ "$output" == *"$1"* ]] || { echo "$2: $output"; return 1; }
	}
	refused "'name' is missing" 'xtable.match { match = print }'
	refused "'name' is 1 to 28" 'match(print, { name = "a b" })'
	refused "'name' is 1 to 28" 'match(print, { name = "" })'
	refused "'name' is 1 to 28" 'match(print, { name = ("x"):rep(29) })'
	refused "'match' is no function" 'match(nil)'
	refused "'target' is no function" 'target(42)'
	refused "'checkentry' is no function" 'match(print, { checkentry = 1 })'
	refused "'destroy' is no function" 'match(print, { destroy = {} })'
	refused "'revision' is no integer" 'match(print, { revision = 256 })'
	refused "'revision' is no integer" 'match(print, { revision = "1" })'
	refused "'hooks' is no integer" 'match(print, { hooks = -1 })'
	refused "'hooks' is no integer" 'match(print, { hooks = 1 << 8 })'
	refused "'proto' is no integer" 'match(print, { proto = 256 })'
	refused "'family' is one of" 'target(print, { family = family.NETDEV })'
	refused "arptables has no matches" 'match(print, { family = family.ARP })'
	refused "ebtables none but its own" 'match(print, { family = family.BRIDGE })'
	refused "'proto' is of IPv4 and IPv6" 'target(print, { family = family.BRIDGE, proto = 6 })'
	refused "'hooks' is no integer of 0 to 7" 'target(print, { family = family.ARP, hooks = 8 })'
	refused "a target 'mark' of its own" 'target(print, { name = "mark", revision = 0, family = family.BRIDGE })'
	refused "a match 'conntrack' of its own" 'match(print, { name = "conntrack" })'
	refused "a match 'tcp' of its own" 'match(print, { name = "tcp", revision = 0, family = family.IPV4 })'
	refused "a target 'ERROR' of its own" 'target(print, { name = "ERROR" })'
	refused "a target 'LOG' of its own" 'target(print, { name = "LOG" })'
	refused "registered the match 'luatest', revision 2, already" 'match(print) match(print)'
	refused "softirq context" 'match(print)' process
	refused "softirq context" 'match(print)' hardirq
	refused "table expected" 'xtable.match()'
	! grep luatest /proc/net/ip_tables_matches
	script <<<'match(print, { name = ("x"):rep(28) }) target(print) match(print) match(print, { revision = 3 })'
	lunatik stop $name
	script <<<'match(print)'
	cp $file /lib/modules/lua/tests/xt2.lua
	run ! lunatik run tests/xt2
	[[ "$output" == *"registered the match 'luatest', revision 2, already"* ]]
	sed -i 's/match(print)$/match(print, { revision = 1 })/' /lib/modules/lua/tests/xt2.lua
	lunatik run tests/xt2
}

@test "xtable: registering is refused in a callback" {
	script <<-'END'
		match(function() match(print, { name = "other" }) return false end)
	END
	wait_for_log
	rule -A INPUT -m luatest --say a
	reaches 192.0.2.2
	log | grep "'xtable.match' may sleep"
}

@test "xtable: another revision, family, hook or protocol than the script's is refused" {
	script <<<'match(print, { revision = 1 })'
	run ! rule -A INPUT -m luatest --say a
	[[ "$output" == *luatest* ]]
	lunatik stop $name
	script <<<'match(print, { family = family.IPV6 })'
	run ! rule -A INPUT -m luatest --say a
	rule6 -A INPUT -m luatest --say a
	rule6 -F
	lunatik stop $name
	script <<<'match(print, { hooks = 1 << netfilter.inet_hooks.LOCAL_OUT, proto = 17 })'
	run ! rule -A INPUT -p udp -m luatest --say a
	run ! rule -A OUTPUT -m luatest --say a
	rule -A OUTPUT -p udp -m luatest --say a
}

# --- luaxt

@test "luaxt: help, print and save, and a rule that goes through iptables-save and -restore" {
	script <<<'match(function() return false end) target(function() end)'
	rule -m luatest -h | grep -- '--loudly'
	rule -j luatest -h | grep 'luatest target options'
	rule -A INPUT -m luatest --say 'a "b" \c'"'d" --loudly -j luatest --say b
	rule -A INPUT -m luatest ! --say b
	rule -L INPUT | grep 'match says A "B" \\C'"'D target says b"
	rule -S INPUT >"$BATS_TEST_TMPDIR/before"
	far iptables-legacy-save >"$BATS_TEST_TMPDIR/saved"
	grep -F -- '--say "not b"' "$BATS_TEST_TMPDIR/saved"
	rule -F
	far iptables-legacy-restore <"$BATS_TEST_TMPDIR/saved"
	rule -S INPUT | diff - "$BATS_TEST_TMPDIR/before"
	rule -C INPUT -m luatest --say 'a "b" \c'"'d" --loudly -j luatest --say b
	run ! rule -C INPUT -m luatest --say other
	rule -D INPUT -m luatest --say 'a "b" \c'"'d" --loudly -j luatest --say b
	rule -D INPUT -m luatest ! --say b
}

@test "luaxt: what a user does wrong is one line of iptables" {
	script <<<'match(function() return false end)'
	run ! rule -A INPUT -m luatest
	[[ "$output" == *"luatest: --say is needed"* ]]
	run ! rule -A INPUT -m luatest --say
	run ! rule -A INPUT -m luatest --say "$(printf 'l%.0s' {1..256})"
	[[ "$output" == *"luatest: par.userargs is longer than 255 bytes"* ]]
}

@test "luaxt: what is wrong with its Lua file is one line of iptables" {
	folder=$BATS_TEST_TMPDIR/xtables
	mkdir "$folder"
	cp "$extensions/libxt_luatest.so" "$folder"
	script <<<'match(function() return false end)'
	refused() { # MESSAGE SOURCE
		printf '%s\n' "$2" >"$folder/libxt_luatest.lua"
		XTABLES_LIBDIR=$folder:$extensions run ! rule -A INPUT -m luatest --say a
		[[ "${lines[0]}" == *"luatest: "*"$1"* ]] || { echo "$2: $output"; return 1; }
	}
	XTABLES_LIBDIR=$folder:$extensions run ! rule -A INPUT -m luatest --say a
	[[ "${lines[0]}" == *"cannot open $folder/libxt_luatest.lua"* ]]
	refused "near 'is'" 'this is no Lua'
	refused "registers no match" ''
	refused "table expected" 'require("luaxt").match()'
	refused "'help' is no function" 'require("luaxt").match { help = 1 }'
	refused "'options' needs 'parse'" 'require("luaxt").match { options = {} }'
	refused "option 1 has no name" 'require("luaxt").match { options = { {} }, parse = print }'
	refused "same 'val'" 'require("luaxt").match { options = { { name = "a", val = 2 }, { name = "b" } }, parse = print }'
	refused "registered already" 'local l = require("luaxt") l.match {} l.match {}'
	refused "on purpose" 'require("luaxt").match { revision = 2, init = function() error("on purpose") end }'
	refused "par.userargs is no string" 'require("luaxt").match { revision = 2, init = function(par) par.userargs = {} end }'
	refused "zero byte" 'require("luaxt").match { revision = 2, init = function(par) par.userargs = "a\0b" end }'
	refused "par.flags is no integer" 'require("luaxt").match { revision = 2, options = { { name = "say", has_arg = true } },
		parse = function(par) par.flags = "x" end }'
}
