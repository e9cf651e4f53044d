-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Closes a socket when a network device "nt..." goes up, and drops it when that goes away.
local inet = require("socket.inet")
local notifier = require("notifier")

local netdev = notifier.netdev
local socket = inet.udp()
socket:bind(inet.localhost, 1337)

notifier.netdevice(function(event, name)
	if not name:find("^nt") then return end
	if event == netdev.UP then
		local good, message = pcall(socket.close, socket)
		print("dropped: " .. (good and "closed" or message:match("'socket:close' may sleep") or message))
	elseif event == netdev.UNREGISTER then
		socket = nil
		collectgarbage()
	end
end)
