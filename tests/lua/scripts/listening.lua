-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Accepts connections on TCP port 7000, and says "hello" to each.
local inet = require("socket.inet")

local server = inet.tcp()
server:bind(inet.any, 7000)
server:listen()

return function()
	while true do
		server:accept():send("hello")
	end
end
