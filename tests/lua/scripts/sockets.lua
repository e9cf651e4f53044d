-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Waits in a read of /dev/sockets for what was written to it: the name of a call of a socket.
local device = require("device")
local inet = require("socket.inet")

local udp = inet.udp()
udp:bind(inet.localhost, 0)
local tcp = inet.tcp()
tcp:bind(inet.localhost, 0)
tcp:listen()

local waits = {
	receive = function() return udp:receive(1) end,
	accept = function() return tcp:accept() end,
	connect = function() inet.tcp():connect("192.0.2.1", 1) end,
}
local chosen

device.new {
	name = "sockets",
	open = function() end,
	release = function() end,
	write = function(_, name) chosen = waits[name] end,
	read = function() return chosen() and "" end,
}
