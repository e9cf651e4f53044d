-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
-- Returns how many packets this state has seen, up to 4.
local xdp = require("xdp")

local seen = 0

xdp.attach(function()
	seen = seen + 1
	return seen
end)
