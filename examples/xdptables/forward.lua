-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Forwards TCP and UDP over IPv4 at XDP, to other addresses and out of other interfaces, by the rules that
-- control.lua keeps; what comes back is rewritten back. Attached to the interfaces by the tool beside it, xdptables.

local rules, flows = require("examples.xdptables.tables")()
local xdp = require("xdp")
local action = require("linux.xdp")

local IPV4 <const>, TCP <const>, UDP <const> = 0x0800, 6, 17
local ETHERNET <const> = 14

-- A rule: interface, destination address and port, protocol = source address and port that it is for (0: any),
-- then what the packet gets: destination address and port, source address (0: its own), MAC addresses, interface.
local RULE_KEY <const>, RULE <const> = ">I4 I4 I2 B", ">I4 I2 I4 I2 I4 c6 c6 I4"
-- A flow, by what its replies look like: interface, source, destination, ports, protocol = what they get: source
-- address and port, destination address, MAC addresses, interface. Its place holds both.
local FLOW_KEY <const>, FLOW <const> = ">I4 I4 I4 I4 B", ">I4 I2 I4 c12 I4"
local FLOW_KEY_SIZE <const> = FLOW_KEY:packsize()

-- Flows have a fixed number of places, so that nobody fills the memory; of two that share one, each of their
-- packets makes room for its own.
local PLACES <const> = 4096
local places = {}
for i = 0, PLACES - 1 do
	places[i] = tostring(i)
end

-- The checksum for another sum of what it covers (RFC 1624).
local function mended(checksum, difference)
	local sum = (~checksum & 0xffff) + difference
	while sum > 0xffff do
		sum = (sum & 0xffff) + (sum >> 16)
	end
	return ~sum & 0xffff
end

local function inverse(word)
	return ~word & 0xffffffff
end

-- Writes addresses, ports and MAC addresses, and mends the checksums.
local function rewrite(packet, transport, protocol, source, destination, ports, macs)
	local ip = ETHERNET
	local old_source, old_destination = packet:getuint32be(ip + 12), packet:getuint32be(ip + 16)
	local old_ports, hops = packet:getuint32be(transport), packet:getuint16be(ip + 8)
	local difference = inverse(old_source) + inverse(old_destination) + source + destination
	local field = transport + (protocol == TCP and 16 or 6)
	local checksum = packet:getuint16be(field)

	packet:setstring(0, macs)
	packet:setuint32be(ip + 12, source)
	packet:setuint32be(ip + 16, destination)
	packet:setuint16be(ip + 8, hops - 0x100)
	packet:setuint16be(ip + 10, mended(packet:getuint16be(ip + 10), difference + (~hops & 0xffff) + hops - 0x100))
	packet:setuint32be(transport, ports)
	-- UDP without a checksum stays so.
	if protocol == TCP or checksum ~= 0 then
		checksum = mended(checksum, difference + inverse(old_ports) + ports)
		packet:setuint16be(field, checksum == 0 and protocol == UDP and 0xffff or checksum)
	end
end

local function place_of(source, destination, ports)
	local hash = (source ~ destination * 31 ~ ports * 0x9e3779b1) & 0xffffffff
	return places[(hash ~ hash >> 15) & PLACES - 1]
end

-- Notes how the replies of a flow are to be rewritten, unless that is noted already.
local function remember(key, source, destination, ports, entry)
	local place = place_of(source, destination, ports)
	if flows[place] ~= key .. entry then
		flows[place] = key .. entry
	end
end

local function swapped(ports)
	return ports >> 16 | (ports & 0xffff) << 16
end

local function forward(packet, transport, protocol, interface, source, destination, ports)
	local rule = rules[RULE_KEY:pack(interface, destination, ports & 0xffff, protocol)]
	if not rule then
		return nil
	end
	local only_source, only_port, to, to_port, from, mac, from_mac, out = RULE:unpack(rule)
	if only_source ~= 0 and only_source ~= source or only_port ~= 0 and only_port ~= ports >> 16 then
		return nil
	end
	from = from ~= 0 and from or source

	local verdict = packet:redirect(out) -- raises, and nothing is changed, when the interface is gone
	local macs, new_ports = packet:getstring(0, 12), ports & 0xffff0000 | to_port
	local replies = swapped(new_ports)
	rewrite(packet, transport, protocol, from, to, new_ports, mac .. from_mac)
	remember(FLOW_KEY:pack(out, to, from, replies, protocol), to, from, replies,
		FLOW:pack(destination, ports & 0xffff, source, macs:sub(7, 12) .. macs:sub(1, 6), interface))
	return verdict
end

local function back(packet, transport, protocol, interface, source, destination, ports)
	local entry = flows[place_of(source, destination, ports)]
	if not entry or entry:sub(1, FLOW_KEY_SIZE) ~= FLOW_KEY:pack(interface, source, destination, ports, protocol) then
		return nil
	end
	local from, from_port, to, macs, out = FLOW:unpack(entry, FLOW_KEY_SIZE + 1)
	local verdict = packet:redirect(out)
	rewrite(packet, transport, protocol, from, to, from_port << 16 | ports & 0xffff, macs)
	return verdict
end

local function judge(packet)
	local ip = ETHERNET
	local first, protocol = packet:getbyte(ip), packet:getbyte(ip + 9)
	if packet:getuint16be(12) ~= IPV4 or first >> 4 ~= 4 or (protocol ~= TCP and protocol ~= UDP) then
		return nil
	end
	local header = (first & 15) * 4
	local transport = ip + header
	-- Without ports, for the network stack to answer, or no whole TCP or UDP header
	if packet:getuint16be(ip + 6) & 0x3fff ~= 0 or packet:getbyte(ip + 8) < 2 or header < 20 or
	   #packet < transport + (protocol == TCP and 20 or 8) then
		return nil
	end
	local interface, source, destination, ports = packet:interface(), packet:getuint32be(ip + 12),
		packet:getuint32be(ip + 16), packet:getuint32be(transport)
	return forward(packet, transport, protocol, interface, source, destination, ports) or
		back(packet, transport, protocol, interface, source, destination, ports)
end

xdp.attach(function(packet)
	-- Too short for its headers: the network stack judges it.
	if #packet < ETHERNET + 20 then
		return action.PASS
	end
	return judge(packet) or action.PASS
end)
