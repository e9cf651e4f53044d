-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Each packet takes as many microseconds as its argument says.
local linux = require("linux")
local xdp = require("xdp")

xdp.attach(function(_, argument)
	local ends = linux.time() + tonumber(argument:getstring(0):match("%d+")) * 1000

	repeat until linux.time() >= ends
	return xdp.action.PASS
end)
