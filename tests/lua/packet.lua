-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library `packet`, in the kernel. tests/host has the bounds of each header.

local data = require("data")
local packet = require("packet")

local check = require("tests.lib.check")
local equal, fails = check.equal, check.fails

local function buffer(bytes)
	local d = data.new(#bytes)
	d:setstring(0, bytes)
	return d
end

local function same(wanted, ...)
	equal(select("#", ...), #wanted)
	for i, value in ipairs(wanted) do
		equal((select(i, ...)), value)
	end
end

local function ethernet(type, payload)
	return buffer("\2\0\0\0\0\2\2\0\0\0\0\1" .. string.pack(">I2", type) .. payload)
end

local function ipv4(protocol, payload)
	return string.pack(">BBI2I2I2BBI2I4I4", 0x45, 0, 20 + #payload, 7, 0, 64, protocol, 0, 0xc0000201, 0xc6336402) .. payload
end

local function ipv6(protocol, payload)
	return string.pack(">I4I2BBI8I8I8I8", 6 << 28, #payload, protocol, 63, 0x20010db8 << 32, 1, 0x20010db8 << 32, 2) .. payload
end

local function tcp(payload)
	return string.pack(">I2I2I4I4I2I2I2I2", 40000, 443, 1, 2, 0x5012, 1000, 0, 0) .. payload
end

local function udp(payload)
	return string.pack(">I2I2I2I2", 40000, 53, 8 + #payload, 0) .. payload
end

return {
	["each layer is read at the offset that the one below returned"] = function()
		local p = ethernet(0x8100, string.pack(">I2I2", 0x6005, 0x0800) .. ipv4(6, tcp("data")))
		same({ 14, packet.type["8021Q"], 0x020000000001, 0x020000000002 }, packet.ethernet(p))
		same({ 18, packet.type.IP, 5, 3, false }, packet.vlan(p, 14))
		same({ 38, packet.protocol.TCP, 0xc0000201, 0xc6336402, 64, 62, 0, false, 0, 7 }, packet.ipv4(p, 18))
		same({ 58, 40000, 443, packet.flag.SYN | packet.flag.ACK, 1, 2, 1000, 4 }, packet.tcp(p, 38))
	end,

	["a function finds its header itself"] = function()
		local p = ethernet(0x8100, string.pack(">I2I2", 5, 0x86dd) .. ipv6(60, "\6\0" .. ("\0"):rep(6) .. tcp("data")))
		same({ 86, 40000, 443, 0x12, 1, 2, 1000, 4 }, packet.tcp(p))
		same({ 86, 6, 0x20010db8 << 32, 0x20010db8 << 32, 40000, 443, 1, 2 }, packet.flow(p))
		same({ 66, 6, 0x20010db8 << 32, 1, 0x20010db8 << 32, 2, 63, 90, 0, false, 0, 0 }, packet.ipv6(p))
		same({ 42, 8, 0, 0x10002, 1 }, packet.icmp(ethernet(0x0800, ipv4(1, "\8\0\0\0\0\1\0\2"))))
	end,

	["what a packet is not is one nil"] = function()
		local p = ethernet(0x0800, ipv4(6, tcp("")))
		for _, name in ipairs { "vlan", "arp", "ipv6", "icmp", "udp", "dns", "sni" } do
			equal(select("#", packet[name](p)), 1)
			equal(packet[name](p), nil)
		end
		for name, parse in pairs(packet) do
			if type(parse) == "function" and name ~= "ip" and name ~= "mac" and name ~= "flow" then
				for _, offset in ipairs { -1, #p, #p + 1, math.mininteger, math.maxinteger } do
					equal(parse(p, offset), nil)
				end
			end
		end
	end,

	["every prefix of a packet is read or refused, and none is an error"] = function()
		local whole = ipv6(0, "\60\0\0\0\0\0\0\0\6\1" .. ("\0"):rep(14) .. tcp("data"))
		for length = 1, #whole do
			local d = buffer(whole:sub(1, length))
			equal(packet.ipv6(d, 0) ~= nil, length >= 64)
			equal(packet.tcp(d, 64) ~= nil, length >= 84)
		end
	end,

	["a message of DNS is walked"] = function()
		local question = "\3WWW\7example\0\0\1\0\1"
		local a = "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"
		local aaaa = "\1a\xc0\x10\0\28\0\1\0\0\1\x2c\0\16" .. string.pack(">I8I8", 0x20010db8 << 32, 1)
		local p = ethernet(0x0800, ipv4(17, udp("\x12\x34\x81\x80\0\1\0\2\0\0\0\0" .. question .. a .. aaaa)))
		same({ 71, "www.example", 1, 1, 0x1234, 0x8180, 1, 2, 0, 0 }, packet.dns(p))
		same({ 87, "www.example", 1, 1, 300, 83, 4, 0xc0000201 }, packet.answer(p, 71))
		same({ #p, "a.example", 28, 1, 300, 101, 16, 0x20010db8 << 32, 1 }, packet.answer(p, 87))
		equal(packet.answer(p, #p), nil)
		equal(packet.name(buffer(("\0"):rep(12) .. "\xc0\x0c"), 12, 0), nil)
	end,

	["addresses are text and integers"] = function()
		equal(packet.ip(0xc0000201), "192.0.2.1")
		equal(packet.ip("192.0.2.1"), 0xc0000201)
		equal(packet.ip(0x20010db8 << 32, 1), "2001:db8::1")
		same({ 0x20010db8 << 32, 1 }, packet.ip("2001:db8::1"))
		equal(packet.mac(0x020000000001), "02:00:00:00:00:01")
		equal(packet.mac("02:00:00:00:00:01"), 0x020000000001)
	end,

	["a wrong argument is an error that names it"] = function()
		fails("data expected, got no value", packet.tcp)
		fails("data expected, got table", packet.tcp, {})
		fails("number expected, got table", packet.tcp, data.new(60), {})
		local closed
		do
			local d <close> = data.new(60)
			closed = d
		end
		fails("data is closed", packet.tcp, closed)
	end,
}
