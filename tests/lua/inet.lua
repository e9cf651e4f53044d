-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The libraries socket.inet and socket.inet6: addresses in text.
local inet = require("socket.inet")
local inet6 = require("socket.inet6")
local socket = require("socket")
local check = require("tests.lib.check")

local equal, fails = check.equal, check.fails

local function talk(library, localhost)
	local server <close> = library.tcp()
	server:bind(localhost, 0)
	server:listen()
	local address, port = server:getsockname()
	equal(address, localhost)
	local client <close> = library.tcp()
	client:connect(localhost, port)
	local peer <close> = server:accept()
	equal(client:send("hello"), 5)
	local message, from, from_port = peer:receive(9, 0, true)
	equal(message, "hello")
	equal(from, localhost)
	equal(from_port, select(2, client:getsockname()))
	equal((peer:getpeername()), localhost)
	local a <close> = library.udp()
	local b = library.udp()
	a:bind(localhost, 0)
	_, port = a:getsockname()
	b:send("ping", localhost, port)
	message, from, from_port = a:receivefrom(9)
	equal(message, "ping")
	equal(from, localhost)
	a:send("pong", from, from_port)
	equal(b:receive(9), "pong")
	a:settimeout(10)
	equal(select(2, pcall(a.receivefrom, a, 9)), "EAGAIN")
	b:connect(localhost, port)
	b:send("peer")
	equal(a:receivefrom(9, socket.msg.DONTWAIT), "peer")
	b:close()
	equal(client.receivefrom, nil)
end

return {
	["inet: TCP and UDP with addresses in numbers and dots"] = function() talk(inet, inet.localhost) end,
	["inet6: TCP and UDP with addresses in text"] = function() talk(inet6, inet6.localhost) end,
	["inet: a socket that was handed over gets the methods"] = function()
		local raw = socket.new(socket.af.INET, socket.sock.STREAM)
		local s = inet.tcp(raw)
		s:bind(inet.any, 0)
		equal((s:getsockname()), "0.0.0.0")
		equal(s.socket, raw)
	end,
	["inet: text becomes an address and back"] = function()
		for text, address in pairs { ["0.0.0.0"] = 0, ["127.0.0.1"] = 0x7f000001, ["255.255.255.255"] = 0xffffffff,
			["10.0.200.3"] = 0x0a00c803 } do
			equal(inet.aton(text), address)
			equal(inet.ntoa(address), text)
		end
	end,
	["inet: what is no address is refused, where it was given"] = function()
		for _, text in ipairs { "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1..2.3", "a.b.c.d", "1.2.3.4 ",
			"-1.2.3.4", "1.2.3.99999999999999999999", "localhost", 1, true, {} } do
			fails("is no IPv4 address", inet.aton, text)
		end
		local s = inet.udp()
		fails("is no IPv4 address", s.bind, s, "nowhere", 1)
		fails("is no IPv4 address", s.connect, s, nil and 1 or "::1", 1)
	end,
	["inet6: text becomes an address and back, in the shortest form"] = function()
		local function bytes(...)
			return string.pack(">I2I2I2I2I2I2I2I2", ...)
		end
		for text, address in pairs {
			["::"] = bytes(0, 0, 0, 0, 0, 0, 0, 0), ["::1"] = bytes(0, 0, 0, 0, 0, 0, 0, 1),
			["1::"] = bytes(1, 0, 0, 0, 0, 0, 0, 0), ["2001:db8::8:800:200c:417a"] = bytes(0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a),
			["1:2:3:4:5:6:7:8"] = bytes(1, 2, 3, 4, 5, 6, 7, 8), ["1:0:0:2::3"] = bytes(1, 0, 0, 2, 0, 0, 0, 3),
			["1::2:0:0:3:4"] = bytes(1, 0, 0, 2, 0, 0, 3, 4), ["1:0:2:3:4:5:6:7"] = bytes(1, 0, 2, 3, 4, 5, 6, 7),
			["::ffff:192.0.2.33"] = bytes(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x221),
		} do
			equal(inet6.aton(text), address)
			equal(inet6.ntoa(address), text)
		end
		equal(inet6.aton("2001:0DB8:0:0::0001"), inet6.aton("2001:db8::1"))
		equal(inet6.aton("1:2:3:4:5:6:7::"), bytes(1, 2, 3, 4, 5, 6, 7, 0))
		equal(inet6.aton("64:ff9b::1.2.3.4"), bytes(0x64, 0xff9b, 0, 0, 0, 0, 0x102, 0x304))
		equal(select(2, inet6.aton("fe80::1%7")), 7)
		equal(inet6.ntoa(inet6.aton("fe80::1%7")), "fe80::1%7")
	end,
	["inet6: what is no address is refused"] = function()
		for _, text in ipairs { "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::1", ":1::2",
			"1:2:3:4:5:6:7::8", "1.2.3.4", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1%", "::1%eth0",
			"::1%4294967296", "::1%99999999999999999999", ("1:"):rep(100), 1, true, {} } do
			fails("is no IPv6 address", inet6.aton, text)
		end
	end,
}
