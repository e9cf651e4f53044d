-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Drops TCP packets to listed ports, at XDP. 9999 is listed when the script is first run; the list may be
-- changed at any time, by whoever has lunatik._ENV.drop_ports: a port is two bytes, big-endian.
--
--	lunatik attach examples/drop eth0
--	echo 'require("lunatik")._ENV.drop_ports[(">I2"):pack(8080)] = true' | lunatik

local environment = require("lunatik")._ENV
local rcu = require("rcu")
local xdp = require("xdp")
local action = require("linux.xdp")

local IPV4 <const>, IPV6 <const>, VLAN <const>, TCP <const> = 0x0800, 0x86dd, 0x8100, 6

local ports = environment.drop_ports
if not ports then
	ports = rcu.table(64)
	ports[(">I2"):pack(9999)] = true
	environment.drop_ports = ports
end

-- Where the TCP header is; nil when the packet has none. IPv6 extension headers are not looked through.
local function tcp_offset(packet)
	local kind, ip = packet:getuint16be(12), 14
	if kind == VLAN then
		kind, ip = packet:getuint16be(16), 18
	end
	if kind == IPV4 then
		-- The ports are in the first fragment only.
		if packet:getbyte(ip + 9) == TCP and packet:getuint16be(ip + 6) & 0x1fff == 0 then
			return ip + (packet:getbyte(ip) & 15) * 4
		end
	elseif kind == IPV6 and packet:getbyte(ip + 6) == TCP then
		return ip + 40
	end
end

local function destination(packet)
	local tcp = tcp_offset(packet)
	return tcp and packet:getstring(tcp + 2, 2)
end

xdp.attach(function(packet)
	-- A packet that is too short for its headers passes: the network stack judges it.
	local whole, port = pcall(destination, packet)
	return whole and port and ports[port] and action.DROP or action.PASS
end)
