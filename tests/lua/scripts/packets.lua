-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq budget=500ms
-- Does with its packet p what the argument says in Lua.
local xdp = require("xdp")

xdp.attach(function(packet, argument)
	return assert(load("local p = ... " .. argument:getstring(0)))(packet)
end)
