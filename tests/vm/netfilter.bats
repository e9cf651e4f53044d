#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The library `netfilter`, and packets (skb), with real traffic.
#
#	+---------------+          +------------------+          +------------------+
#	| near          |          | mid, a router    |          | far              |
#	|   near        |----------| mid0        mid1 |----------| far              |
#	|   192.0.2.1   |          | .254        .254 |          |   198.51.100.2   |
#	|   nearb       |----------| port0 =br0= port1|----------| farb             |
#	|   203.0.113.1 |          |   203.0.113.254  |          |   203.0.113.2    |
#	+---------------+          +------------------+          +------------------+
#	2001:db8:1::1                :1::fe   :2::fe              2001:db8:2::2

bats_require_minimum_version 1.5.0
load log
load slowness

name=tests/nf
file=/lib/modules/lua/$name.lua
patience=$((10 * slowness))

near() { nsenter --net=/run/netns/near "$@"; }
mid() { nsenter --net=/run/netns/mid "$@"; }
far() { nsenter --net=/run/netns/far "$@"; }

setup_file() {
	for space in near mid far; do
		ip netns add $space
		ip -n $space link set lo up
	done
	ip -n near link add near type veth peer name mid0 netns mid
	ip -n mid link add mid1 type veth peer name far netns far
	ip -n near link add nearb type veth peer name port0 netns mid
	ip -n mid link add port1 type veth peer name farb netns far
	ip -n mid link add br0 type bridge
	ip -n mid link set port0 master br0
	ip -n mid link set port1 master br0
	for link in near:nearb mid:port0 mid:port1 far:farb mid:br0; do
		nsenter --net=/run/netns/${link%:*} sh -c "echo 1 >/proc/sys/net/ipv6/conf/${link#*:}/disable_ipv6"
	done
	while read -r space link address; do
		ip -n "$space" link set "$link" up
		[ -z "$address" ] || ip -n "$space" address add "$address" dev "$link" nodad
	done <<-END
		near near 192.0.2.1/24
		near near 2001:db8:1::1/64
		near nearb 203.0.113.1/24
		mid mid0 192.0.2.254/24
		mid mid0 2001:db8:1::fe/64
		mid mid1 198.51.100.254/24
		mid mid1 2001:db8:2::fe/64
		mid port0
		mid port1
		mid br0 203.0.113.254/24
		far far 198.51.100.2/24
		far far 2001:db8:2::2/64
		far farb 203.0.113.2/24
	END
	mid sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n near route add 198.51.100.0/24 via 192.0.2.254
	ip -n far route add 192.0.2.0/24 via 198.51.100.254
	ip -n near -6 route add 2001:db8:2::/64 via 2001:db8:1::fe
	ip -n far -6 route add 2001:db8:1::/64 via 2001:db8:2::fe
	# Whoever has not been there yet.
	near ping -q -c 1 -W $patience 198.51.100.2
	near ping -q -c 1 -W $patience 2001:db8:2::2
	near ping -q -c 1 -W $patience 203.0.113.2
	# The receiver looks at checksums itself.
	far ethtool -K far rx off >/dev/null
	far ethtool -K farb rx off >/dev/null
	# Rates that would make tests fail for lack of answers
	for space in near mid far; do
		nsenter --net=/run/netns/$space sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit'
	done
}

teardown_file() {
	for space in near mid far; do ip netns delete $space; done
	rm -f $file
}

setup() {
	mark
}

teardown() {
	tell_failure
	lunatik stop $name 2>/dev/null || true
	kill $(jobs -p) 2>/dev/null || true
	wait
}

# Runs the script of standard input in a namespace: script NAMESPACE [OPTION...]
script() {
	{
		echo '-- lunatik: softirq'
		echo 'local hooks = require("tests.scripts.hooks") local at, ip, action = hooks.at, hooks.ip, hooks.action'
		cat
	} >$file
	nsenter --net=/run/netns/"$1" lunatik run $name "${@:2}"
}

# What the function returns, or yields, that the script has returned
result() { lunatik <<<"return require('lunatik')._ENV.runtimes['$name']:resume()"; }

reaches() { # NAMESPACE ADDRESS [OPTION...]
	nsenter --net=/run/netns/"$1" ping -n -q -c 1 -W $patience "${@:3}" "$2" >/dev/null
}

blocked() { # NAMESPACE ADDRESS [OPTION...]
	! nsenter --net=/run/netns/"$1" ping -n -q -c 1 -W 0.5 "${@:3}" "$2" >/dev/null
}

# Sends text by UDP from near to port 9 at far, and prints what arrives there: datagram TEXT [ADDRESS [LISTENER]]
datagram() {
	local to=${2-198.51.100.2} out=$BATS_TEST_TMPDIR/datagram listener
	# The process itself, to be killed: of a function only the shell would be.
	nsenter --net=/run/netns/far timeout $patience nc -u -l -W 1 -n "${3-$to}" 9 >"$out" 3>&- &
	listener=$!
	far timeout $patience sh -c 'until ss -Huln sport = 9 | grep -q .; do sleep 0.05; done'
	near bash -c "printf '%s' '$1' >/dev/udp/$to/9"
	if [ "${lost-}" ]; then
		sleep 0.5
		kill $listener
	fi
	wait $listener || true
	cat "$out"
}

# --- hooks

@test "netfilter: each hook of INET sees the IPv4 and IPv6 packets of its way, and no other" {
	script mid <<-'END'
		local seen = { PRE_ROUTING = 0, LOCAL_IN = 0, FORWARD = 0, LOCAL_OUT = 0, POST_ROUTING = 0 }
		for name in pairs(seen) do
			at("INET " .. name, function(packet)
				local protocol, offset = ip(packet)
				local kind = packet:getbyte(offset)
				if protocol == 1 and kind == 8 or protocol == 58 and kind == 128 then
					seen[name] = seen[name] + 1
				end
			end)
		end
		return function()
			return ("%d %d %d %d %d"):format(seen.PRE_ROUTING, seen.LOCAL_IN, seen.FORWARD, seen.LOCAL_OUT, seen.POST_ROUTING)
		end
	END
	reaches near 198.51.100.2
	reaches near 2001:db8:2::2
	reaches near 192.0.2.254
	reaches mid 198.51.100.2
	[ "$(result)" = "3 1 2 1 3" ]
}

@test "netfilter: a family sees its own packets only, and another namespace's hooks see none" {
	script mid <<-'END'
		local seen = { IPV4 = 0, IPV6 = 0 }
		for family in pairs(seen) do
			at(family .. " FORWARD", function(packet)
				seen[family] = seen[family] + (packet:getbyte(0) >> 4 == tonumber(family:sub(4)) and 1 or 100)
			end)
		end
		return function() return seen.IPV4 .. " " .. seen.IPV6 end
	END
	reaches near 198.51.100.2
	reaches near 2001:db8:2::2
	reaches near 127.0.0.1
	[ "$(result)" = "2 2" ]
}

@test "netfilter: hooks of one place are called by priority, and a packet that one drops is not seen by the next" {
	script near <<-'END'
		local seen, drop = "", false
		at("IPV4 LOCAL_OUT", function() seen = seen .. "c" end, 10)
		at("IPV4 LOCAL_OUT", function() seen = seen .. "a" end, -10)
		at("IPV4 LOCAL_OUT", function() seen = seen .. "b" if drop then return action.DROP end end, 0)
		return function()
			drop = true
			coroutine.yield(seen)
			return seen
		end
	END
	reaches near 203.0.113.2
	[ "$(result)" = abc ]
	blocked near 203.0.113.2
	[ "$(result)" = abcab ]
}

# The payload's size chooses among them.
@test "netfilter: verdicts do what they say, and what is none accepts the packet and is logged" {
	script near <<-'END'
		local repeats = 0
		local verdicts = {
			[100] = function() end,
			[101] = function() return action.ACCEPT end,
			[102] = function() return action.STOP end,
			[103] = function() return action.QUEUE | 0x8000 | 7 << 16 end,
			[110] = function() return action.DROP end,
			[111] = function() return action.STOLEN end,
			[112] = function() return action.QUEUE end,
			[113] = function() repeats = repeats + 1 return repeats % 5 == 0 and action.DROP or action.REPEAT end,
			[120] = function() return action.REPEAT end,
			[121] = function() return action.CONTINUE end,
			[122] = function() return action.RETURN end,
			[123] = function() return 6 end,
			[124] = function() return action.DROP | 0x100 end,
			[125] = function() return 1 << 40 end,
			[126] = function() return "DROP" end,
			[127] = function() return false end,
			[130] = function() error("deliberate") end,
			[131] = function() error({}) end,
			[132] = function() coroutine.yield(action.DROP) end,
			[133] = function() at("IPV4 FORWARD", print) end,
		}
		at("IPV4 LOCAL_OUT", function(packet) return verdicts[#packet - 28]() end)
	END
	wait_for_log
	for good in 100 101 102 103; do reaches near 203.0.113.2 -s $good; done
	for bad in 110 111 112 113; do blocked near 203.0.113.2 -s $bad; done
	[ -z "$(log | grep lunatik:)" ]
	for none in {120..127}; do reaches near 203.0.113.2 -s $none; done
	[ "$(log | grep -c 'asked again and again to REPEAT')" = 1 ]
	[ "$(log | grep -c "^lunatik: $name: .*returned no verdict")" = 7 ]
	wait_for_log
	for wrong in {130..133}; do reaches near 203.0.113.2 -s $wrong; done
	log | grep 'deliberate'
	log | grep 'attempt to yield'
	log | grep "'netfilter.register' may sleep"
	blocked near 203.0.113.2 -s 110
}

@test "netfilter: a packet that is stolen is freed" {
	script near <<-'END'
		at("IPV4 LOCAL_OUT", function() return action.STOLEN end)
	END
	# What a socket has sent and is not freed is limited to some 200 KiB.
	near timeout $patience bash -c 'exec 5>/dev/udp/203.0.113.2/9; for _ in {1..1000}; do echo x >&5; done'
}

@test "netfilter: QUEUE for families that cannot queue accepts the packet and is logged" {
	script mid <<-'END'
		at("NETDEV INGRESS", function() return action.QUEUE end, 0, "mid0")
	END
	reaches near 192.0.2.254
	log | grep 'for IP and bridges only'
}

@test "netfilter: of a percpu script one hook is there, and each CPU's packets go to its own state" {
	script near softirq percpu <<-'END'
		local seen = 0
		at("IPV4 LOCAL_OUT", function(packet) seen = seen + 1 print("nf seen", packet:getuint16be(2), seen) end)
	END
	for cpu in 0 1; do
		near taskset --cpu-list $cpu ping -q -c 2 -i 0.2 -s $((100 + cpu)) 203.0.113.2
	done
	[ "$(log | grep -Fc 'nf seen')" = 4 ]
	[ "$(log | grep 'nf seen' | tr '\t\n' ' ;')" = "nf seen 128 1;nf seen 128 2;nf seen 129 1;nf seen 129 2;" ]
}

@test "netfilter: a hook is stopped from outside of it and by its own callback, once" {
	script near <<-'END'
		local netfilter = require("netfilter")
		local first, second, third = 0, 0, nil
		local one = at("IPV4 LOCAL_OUT", function() first = first + 1 end, 1)
		local two
		two = at("IPV4 LOCAL_OUT", function()
			second = second + 1
			two:stop()
			third = select(2, pcall(two.stop, two))
			collectgarbage()
			return action.ACCEPT
		end, 2)
		local gone = at("IPV4 LOCAL_OUT", function() return action.DROP end, 3)
		netfilter.unregister(gone)
		do local closed <close> = at("IPV4 LOCAL_OUT", function() return action.DROP end, 4) end
		collectgarbage()
		return function() return first .. " " .. second .. " " .. tostring(third) end
	END
	near ping -q -c 3 -i 0.2 203.0.113.2
	[[ "$(result)" == "3 1 "*"netfilter.hook is closed"* ]]
}

@test "netfilter: wrong arguments are errors that say what is wrong, and leave nothing" {
	script near <<-'END'
		local netfilter = require("netfilter")
		local good = { pf = netfilter.family.IPV4, hooknum = 3, priority = 0, hook = function() return action.DROP end }
		local function wrong(field, value)
			local ops = {}
			for name, content in pairs(good) do ops[name] = content end
			ops[field] = value
			local fine, message = pcall(netfilter.register, ops)
			return fine and "no error" or message
		end
		local told = { select(2, pcall(netfilter.register)), wrong("pf"), wrong("pf", netfilter.family.UNSPEC), wrong("pf", 255),
			wrong("pf", "2"), wrong("hooknum", 5), wrong("hooknum", -1), wrong("priority"), wrong("priority", 1 << 31),
			wrong("hook"), wrong("hook", "x"), wrong("device", "near"), wrong("device", 1), wrong("pf", netfilter.family.NETDEV),
			wrong("pf", 3) }
		good.pf, good.hooknum = netfilter.family.NETDEV, 0
		told[#told + 1] = wrong("device", "none")
		told[#told + 1] = wrong("dev", ("x"):rep(100))
		return function() return table.concat(told, "\n") end
	END
	run -0 result
	echo "$output"
	[ "$(grep -c . <<<"$output")" = 17 ]
	[ "$(grep -c 'no error' <<<"$output" || true)" = 0 ]
	grep "no family of netfilter.family that has hooks" <<<"$output"
	grep "'hooknum' is no hook of this family" <<<"$output"
	grep "'priority' is missing" <<<"$output"
	grep "'hook' is no function" <<<"$output"
	grep "is for hooks of the family NETDEV" <<<"$output"
	grep "needs 'device'" <<<"$output"
	grep "no interface 'none' in this network namespace" <<<"$output"
	reaches near 203.0.113.2
}

@test "netfilter: a script has 32 hooks at most at a time" {
	script near <<-'END'
		local all = {}
		for i = 1, 32 do all[i] = at("IPV4 LOCAL_OUT", function() end) end
		local _, message = pcall(at, "IPV4 LOCAL_OUT", function() end)
		all[1]:stop()
		at("IPV4 LOCAL_OUT", function() end)
		return function() return message:match("too many hooks.*") end
	END
	[ "$(result)" = "too many hooks: a script has 32 at most at a time" ]
}

@test "netfilter: scripts of other contexts are told so, and one that fails behind register() leaves nothing" {
	for context in process hardirq; do
		run ! script near $context <<<'at("IPV4 LOCAL_OUT", function() return action.DROP end)'
		[[ "$output" == *"run the script with 'softirq'"* ]]
	done
	run ! script near <<<'at("IPV4 LOCAL_OUT", function() return action.DROP end) error("deliberate")'
	reaches near 203.0.113.2
}

# --- families

@test "netfilter: ARP is seen from its own header on, when it comes and when it goes, and is dropped" {
	script mid <<-'END'
		local seen, drop = {}, false
		for _, way in ipairs { "IN", "OUT" } do
			at("ARP " .. way, function(packet)
				seen[way .. packet:getuint16be(6)] = packet:getuint16be(2) == 0x0800 and packet:getbyte(4)
				if drop then return action.DROP end
			end)
		end
		return function()
			drop = true
			return ("%s %s %s %s"):format(seen.IN1, seen.OUT2, seen.OUT1, seen.IN2)
		end
	END
	ip -n near neighbour flush dev near
	ip -n mid neighbour flush dev mid0
	reaches near 192.0.2.254
	ip -n mid neighbour flush dev mid0
	reaches mid 192.0.2.1
	[ "$(result)" = "6 6 6 6" ]
	ip -n near neighbour flush dev near
	blocked near 192.0.2.254
	lunatik stop $name
	reaches near 192.0.2.254 -W 5
}

@test "netfilter: each hook of BRIDGE sees the frames of its way, from the link header on" {
	script mid <<-'END'
		local seen = { PRE_ROUTING = 0, LOCAL_IN = 0, FORWARD = 0, LOCAL_OUT = 0, POST_ROUTING = 0 }
		for name in pairs(seen) do
			at("BRIDGE " .. name, function(packet)
				-- Echo requests of IPv4
				if packet:getuint16be(12) == 0x0800 and packet:getbyte(23) == 1 and packet:getbyte(34) == 8 then
					seen[name] = seen[name] + 1
					assert(#packet == 98 and packet:getstring(0, 98) == packet:copy():getstring(0))
				end
			end, require("netfilter").bridge_priority.FILTER_BRIDGED)
		end
		return function()
			return ("%d %d %d %d %d"):format(seen.PRE_ROUTING, seen.LOCAL_IN, seen.FORWARD, seen.LOCAL_OUT, seen.POST_ROUTING)
		end
	END
	reaches near 203.0.113.2
	reaches near 203.0.113.254
	reaches mid 203.0.113.1
	[ "$(result)" = "2 1 1 1 2" ]
	[ -z "$(log | grep lunatik:)" ]
}

@test "netfilter: a frame is dropped, and another rewritten, on its way through a bridge" {
	script mid <<-'END'
		at("BRIDGE FORWARD", function(packet)
			if packet:getuint16be(12) ~= 0x0800 then return end
			if packet:getbyte(23) == 1 then return action.DROP end
			if packet:getbyte(23) == 17 then
				packet:setstring(42, "bridge")
				assert(packet:checksum())
			end
		end)
	END
	blocked near 203.0.113.2
	for offload in on off; do
		near ethtool -K nearb tx $offload >/dev/null
		[ "$(datagram passed 203.0.113.2)" = bridge ]
	done
	near ethtool -K nearb tx on >/dev/null
	mid ethtool -K port0 rx on >/dev/null
}

@test "netfilter: a device's frames are seen as they come and as they go, and its VLAN tags" {
	ip -n near link add link near name near.5 type vlan id 5 egress-qos-map 0:3
	ip -n near address add 10.5.0.1/24 dev near.5
	ip -n near link set near.5 up
	script mid <<-'END'
		local seen = {}
		local function look(way)
			return function(packet)
				local kind = packet:getuint16be(12)
				local tag, priority = packet:vlan()
				local index, from, to = packet:interface()
				if kind == 0x0806 and tag then seen.tag = tag .. "/" .. priority end
				if kind == 0x0800 then seen[way] = ("%s %s %s"):format(index == packet:ifindex(), from, to) end
			end
		end
		at("NETDEV INGRESS", look("in"), 0, "mid0")
		at("NETDEV EGRESS", look("out"), 0, "mid0")
		return function() return ("%s, %s, %s"):format(seen["in"], seen.out, seen.tag) end
	END
	reaches near 192.0.2.254
	blocked near 10.5.0.2
	ip -n near link delete near.5
	[ "$(result)" = "true mid0 nil, true nil mid0, 5/3" ]
}

@test "netfilter: what a device receives, and what it sends, is dropped" {
	script mid <<-'END'
		at("NETDEV INGRESS", function() return action.DROP end, 0, "mid0")
		at("NETDEV EGRESS", function() return action.STOLEN end, 0, "mid1")
	END
	blocked near 192.0.2.254
	blocked mid 198.51.100.2
	reaches near 203.0.113.2
}

# --- packets

@test "skb: a payload that was changed arrives with its checksum computed anew, and not with the old one" {
	near ethtool -K near tx off >/dev/null
	for sum in true false; do
		script near <<-END
			at("INET LOCAL_OUT", function(packet)
				local protocol, offset = ip(packet)
				if protocol == 17 then
					packet:setstring(offset + 8, "HELLO")
					if $sum then assert(packet:checksum()) end
				end
			end)
		END
		for address in 198.51.100.2 2001:db8:2::2; do
			[ $sum = true ] || local lost=yes
			[ "$(datagram hello $address)" = "$([ $sum = false ] || echo HELLO)" ]
		done
		lunatik stop $name
	done
	near ethtool -K near tx on >/dev/null
	[ -z "$(log | grep lunatik:)" ]
}

@test "skb: addresses are rewritten where the interface computes checksums, and the packet goes to the new one" {
	# The kernel completes the sum in mid.
	mid ethtool -K mid1 tx off >/dev/null
	script near <<-'END'
		at("INET LOCAL_OUT", function(packet)
			local protocol = ip(packet)
			if protocol ~= 17 and protocol ~= 6 then return end
			if packet:getbyte(0) >> 4 == 4 then
				packet:setuint32be(16, 0xc6336402)
			else
				packet:setuint16be(24 + 4, 2)
				packet:setuint16be(24 + 14, 2)
			end
			assert(packet:checksum())
		end)
	END
	ip -n near -6 route add 2001:db8:9::/64 via 2001:db8:1::fe
	# 203.0.113.2 is reached by another interface.
	[ "$(datagram four 203.0.113.2 198.51.100.2)" = four ]
	[ "$(datagram six 2001:db8:9::9 2001:db8:2::2)" = six ]
	ip -n near -6 route del 2001:db8:9::/64
	mid ethtool -K mid1 tx on >/dev/null
	[ -z "$(log | grep lunatik:)" ]
}

@test "skb: ICMP and ICMPv6 that were changed are answered with their checksums computed anew, and not with the old ones" {
	for sum in false true; do
		script mid <<-END
			at("INET FORWARD", function(packet)
				local protocol, offset = ip(packet)
				if packet:getbyte(offset) == (protocol == 1 and 8 or 128) then
					packet:setbyte(#packet - 1, 0xaa)
					if $sum then assert(packet:checksum()) end
				end
			end)
		END
		for address in 198.51.100.2 2001:db8:2::2; do
			run reaches near $address
			[ "$status" = "$([ $sum = true ]; echo $?)" ]
		done
		lunatik stop $name
	done
}

@test "skb: a fragment has no checksum to compute, and arrives" {
	script mid <<-'END'
		local sums = ""
		at("IPV4 FORWARD", function(packet)
			if packet:getbyte(9) == 1 and packet:getuint16be(6) & 0x3fff ~= 0 and packet:interface() == packet:ifindex() then
				sums = sums .. tostring(packet:checksum()) .. " "
			end
		end)
		return function() return sums end
	END
	reaches near 198.51.100.2 -s 2000
	[ "$(result)" = "false false false false " ]
}

@test "skb: a mark decides on the route of a packet that comes, and of one that this host sends" {
	for space in near mid; do
		ip -n $space rule add fwmark 7 table 100
		ip -n $space route add unreachable default table 100
	done
	for place in "near LOCAL_OUT" "mid PRE_ROUTING"; do
		script ${place% *} <<-END
			local marks = ""
			at("IPV4 ${place#* }", function(packet)
				if ip(packet) == 1 then marks = packet:mark() .. " " .. packet:mark(7) .. " " .. packet:mark() end
			end)
			return function() return marks end
		END
		blocked near 198.51.100.2
		[ "$(result)" = "0 7 7" ]
		lunatik stop $name
		reaches near 198.51.100.2
	done
	for space in near mid; do ip -n $space rule del fwmark 7 table 100; ip -n $space route flush table 100; done
}

@test "skb: a packet is made longer and shorter, with the lengths in its headers set by the script" {
	near ethtool -K near tx off >/dev/null
	script near <<-'END'
		at("INET LOCAL_OUT", function(packet)
			local protocol, offset = ip(packet)
			if protocol ~= 17 then return end
			local text = packet:getstring(offset + 8, 1) == "+" and ("0123456789"):rep(100) or "ab"
			packet:resize(offset + 8 + #text)
			assert(#packet == offset + 8 + #text)
			assert(text ~= "ab" and packet:getbyte(#packet - 1) == 0 or text == "ab")
			packet:setstring(offset + 8, text)
			packet:setuint16be(offset + 4, 8 + #text)
			if packet:getbyte(0) >> 4 == 4 then
				packet:setuint16be(2, #packet)
			else
				packet:setuint16be(4, #packet - 40)
			end
			assert(packet:checksum())
		end)
	END
	for address in 198.51.100.2 2001:db8:2::2; do
		[ "$(datagram +x $address)" = "$(printf '0123456789%.0s' {1..100})" ]
		[ "$(datagram -xyz $address)" = ab ]
	done
	near ethtool -K near tx on >/dev/null
	[ -z "$(log | grep lunatik:)" ]
}

@test "skb: what would leave the kernel with broken headers is refused" {
	script near <<-'END'
		local told = {}
		at("IPV4 LOCAL_OUT", function(packet)
			if packet:getbyte(9) ~= 1 then return end
			local size = #packet
			for _, length in ipairs { 0, 19, 65536, -1, math.mininteger, math.maxinteger } do
				told[#told + 1] = select(2, pcall(packet.resize, packet, length))
			end
			told[#told + 1] = select(2, pcall(packet.setbyte, packet, 0, 0x4f))
			told[#told + 1] = select(2, pcall(packet.setstring, packet, 0, ("x"):rep(20)))
			for _, mark in ipairs { -1, 1 << 32 } do
				told[#told + 1] = select(2, pcall(packet.mark, packet, mark))
			end
			told[#told + 1] = select(2, pcall(packet.setbyte, packet, size, 0))
			told[#told + 1] = select(2, pcall(packet.getuint16be, packet, size - 1))
			packet:setstring(0, packet:getstring(0, 20))
			assert(#packet == size)
		end)
		return function() return table.concat(told, "\n") end
	END
	reaches near 198.51.100.2
	run -0 result
	echo "$output"
	[ "$(grep -c . <<<"$output")" = 12 ]
	[ "$(grep -c 'length' <<<"$output")" = 8 ]
	[ "$(grep -c 'the kernel has read them already' <<<"$output")" = 2 ]
	[ "$(grep -c 'mark out of range' <<<"$output")" = 2 ]
	[ "$(grep -c 'out of bounds' <<<"$output")" = 2 ]
}

@test "skb: a copy stays when the packet has gone, of which every method then is an error" {
	script near <<-'END'
		local kept, copy, whole
		at("IPV4 LOCAL_OUT", function(packet)
			if packet:getbyte(9) == 1 then kept, copy, whole = packet, packet:copy(), packet:getstring(0) end
			assert(packet:data() == packet)
		end)
		return function()
			local gone = 0
			for _, method in ipairs { "getbyte", "setbyte", "getstring", "setstring", "length", "len", "interface", "ifindex", "mark",
				"vlan", "checksum", "resize", "copy", "data" } do
				local good, message = pcall(kept[method], kept, 0, 0)
				gone = gone + (not good and message:find("gone") and 1 or 0)
			end
			copy:setbyte(0, copy:getbyte(0))
			return ("%s %d %d"):format(copy:getstring(0) == whole, gone, #kept)
		end
	END
	reaches near 198.51.100.2
	[ "$(result)" = "true 14 0" ]
}

# Sends a megabyte by TCP from near to far, and prints how many of the bytes that arrive are a, and how many b
stream() { # ADDRESS
	far timeout $((3 * patience)) nc -l -n "$1" 9 >"$BATS_TEST_TMPDIR/stream" 3>&- &
	far timeout $patience sh -c 'until ss -Htln sport = 9 | grep -q .; do sleep 0.05; done'
	head -c 1000000 /dev/zero | tr '\0' a | near timeout $((3 * patience)) nc -N -n "$1" 9
	wait $!
	echo "$(tr -cd a <"$BATS_TEST_TMPDIR/stream" | wc -c) $(tr -cd b <"$BATS_TEST_TMPDIR/stream" | wc -c)"
}

@test "skb: bytes in the fragments of packets of many segments are read and written, and the receiver's checksums agree" {
	mid ethtool -K mid1 tx off tso off gso off >/dev/null
	for address in 198.51.100.2 2001:db8:2::2; do
		script near <<-'END'
			local large, payload = 0, 0
			at("INET LOCAL_OUT", function(packet)
				local protocol, offset = ip(packet)
				if protocol ~= 6 then return end
				offset = offset + (packet:getbyte(offset + 12) >> 4) * 4
				if offset == #packet then return end
				if #packet > 2000 then large = large + 1 end
				assert(packet:getstring(offset):find("^[ab]*$"))
				local place = #packet - 1
				packet:setbyte(place, ("b"):byte())
				assert(packet:getbyte(place) == ("b"):byte() and packet:getuint16be(place - 1) & 0xff == ("b"):byte())
			end)
			return function() return large end
		END
		run -0 stream $address
		large=$(result)
		echo "$output, $large large"
		read -r as bs <<<"$output"
		[ $((as + bs)) = 1000000 ]
		[ "$bs" -gt 10 ]
		[ "$large" -gt 10 ]
		lunatik stop $name
	done
	mid ethtool -K mid1 tx on tso on gso on >/dev/null
	[ -z "$(log | grep lunatik:)" ]
}

@test "skb: TCP whose packets are cut and whose checksums are computed anew arrives whole, by what is sent again" {
	script near <<-'END'
		local cut = 0
		at("IPV4 LOCAL_OUT", function(packet)
			if packet:getbyte(9) ~= 6 or #packet < 4000 or cut == 5 then return end
			cut = cut + 1
			packet:resize(#packet - 2000)
			packet:setuint16be(2, #packet)
			assert(packet:checksum())
		end)
		return function() return cut end
	END
	[ "$(stream 198.51.100.2)" = "1000000 0" ]
	# How many are so large is the sender's and its machine's.
	[ "$(result)" -gt 0 ]
	[ -z "$(log | grep lunatik:)" ]
}

# --- what ends

traffic() { # NAMESPACE ADDRESS
	nsenter --net=/run/netns/"$1" ping -n -q -i 0.002 -w 60 "$2" >/dev/null 2>&1 3>&- &
	sleep 0.3
}

drops='at("INET LOCAL_OUT", function() return action.DROP end) at("INET LOCAL_IN", function(p) p:setbyte(#p - 1, p:getbyte(#p - 1)) end)'

@test "netfilter: a script is started and stopped under traffic, and packets go on" {
	traffic near 203.0.113.2
	for context in softirq 'softirq percpu' softirq; do
		# shellcheck disable=SC2086 # two words
		script near $context <<<"$drops"
		sleep 0.2
		lunatik stop $name
	done
	reaches near 203.0.113.2
}

@test "netfilter: a namespace is deleted under its hooks, which then are gone" {
	ip netns add doomed
	ip -n doomed link set lo up
	script doomed <<-'END'
		local seen = 0
		at("INET LOCAL_OUT", function() seen = seen + 1 end)
		at("NETDEV EGRESS", function() seen = seen + 1 end, 0, "lo")
		return function() return seen end
	END
	reaches doomed 127.0.0.1
	ip netns delete doomed
	for _ in {1..100}; do
		[ "$(lunatik <<<"return require('lunatik')._ENV.runtimes['$name']:info().netns")" != nil ] || break
		sleep 0.1
	done
	[ "$(result)" = 4 ]
	lunatik stop $name
}

@test "netfilter: an interface is deleted under a hook while packets come, and one that moves to another namespace loses it" {
	ip -n near link add gone type veth peer name peer netns far
	ip -n near link set gone up
	ip -n far link set peer up
	ip -n near address add 10.9.0.1/24 dev gone
	ip -n far address add 10.9.0.2/24 dev peer
	script far <<-'END'
		local seen = 0
		at("NETDEV INGRESS", function() seen = seen + 1 end, 0, "peer")
		at("NETDEV EGRESS", function() return action.DROP end, 0, "peer")
		return function() return seen end
	END
	blocked near 10.9.0.2
	ip -n far link set peer netns near
	ip -n near link set peer netns far
	ip -n far link set peer up
	ip -n far address add 10.9.0.2/24 dev peer
	reaches near 10.9.0.2 -W 5
	lunatik stop $name
	script far <<<'at("NETDEV INGRESS", function() end, 0, "peer") at("NETDEV EGRESS", function() end, 0, "peer")'
	traffic near 10.9.0.2
	ip -n near link delete gone
	run ! ip -n far link show peer
	lunatik stop $name
}

@test "netfilter: modules are in use while a hook is there, and are unloaded behind it" {
	script near <<<"$drops"
	traffic near 203.0.113.2
	local pings=$!
	run -1 rmmod luanetfilter
	run -1 rmmod luaskb
	lunatik unload
	[ -z "$(lsmod | grep ^lua)" ]
	kill $pings
	reaches near 203.0.113.2
	lunatik load
}

@test "skb: a tunnel's outer packets are changed and summed up anew, and what is inside of them arrives" {
	bad_sums() { far awk '$1 == "Udp:" && $2 != "InDatagrams" { print $8 }' /proc/net/snmp; }
	local bad
	bad=$(bad_sums)
	for offload in on off; do
		for space in near far; do
			[ $space = near ] && local=203.0.113.1 remote=203.0.113.2 inner=10.9.0.1 device=nearb ||
				local=203.0.113.2 remote=203.0.113.1 inner=10.9.0.2 device=farb
			ip -n $space link add tunnel type vxlan id 7 local $local remote $remote dstport 4789 dev $device udpcsum
			ip -n $space address add $inner/24 dev tunnel
			ip -n $space link set tunnel up
			nsenter --net=/run/netns/$space ethtool -K tunnel tx $offload >/dev/null
		done
		# Who makes the segments here has to sum up, and farb looks, for nobody has before.
		mid ethtool -K port0 rx off >/dev/null
		near ethtool -K nearb tx off tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off gso on >/dev/null
		script near <<-'END'
			local outer, many = 0, 0
			at("IPV4 POST_ROUTING", function(packet)
				if packet:getbyte(9) == 17 and packet:getuint16be(22) == 4789 then
					packet:setbyte(8, 33)
					packet:setuint16be(20, packet:getuint16be(20) ~ 1)
					assert(packet:checksum())
					outer = outer + 1
					if #packet > 1500 then many = many + 1 end
				end
			end)
			return function() return outer .. " " .. many end
		END
		far timeout $((60 * slowness)) python3 -c 'if True:
			import hashlib, socket
			server = socket.create_server(("10.9.0.2", 80))
			stream, _ = server.accept()
			print(hashlib.sha256(b"".join(iter(lambda: stream.recv(1 << 16), b""))).hexdigest(), flush=True)' >"$BATS_TEST_TMPDIR/sum" 3>&- &
		for _ in {1..50}; do far ss -lnt | grep -q 10.9.0.2:80 && break; sleep 0.1; done
		sum=$(near timeout $((30 * slowness)) python3 -c 'if True:
			import hashlib, os, socket
			text = os.urandom(1 << 20)
			with socket.create_connection(("10.9.0.2", 80), 10) as stream: stream.sendall(text)
			print(hashlib.sha256(text).hexdigest())')
		wait
		[ "$sum" = "$(cat "$BATS_TEST_TMPDIR/sum")" ]
		read -r outer many < <(result)
		echo "offload $offload: $outer packets, $many of many segments"
		[ "$outer" -gt 10 ]
		[ $offload = off ] || [ "$many" -gt 0 ]
		# None was lost for its sum.
		[ "$(bad_sums)" = "$bad" ]
		lunatik stop $name
		ip -n near link delete tunnel
		ip -n far link delete tunnel
	done
	near ethtool -K nearb tx on >/dev/null
	mid ethtool -K port0 rx on >/dev/null
}
