-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Does what the packet's argument says.
local xdp = require("xdp")
local ways = require("tests.faults.time")

xdp.attach(function(_, argument)
	local way = ways[argument:getstring(0)]

	if way then return way() end
	return xdp.action.PASS
end)
