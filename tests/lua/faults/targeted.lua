-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Carries the fault that a datagram names to a target of iptables.
local carried = require("tests.faults.carried")

require("xtable").target {
	name = "luaplain",
	target = function(packet, par)
		return carried(packet:getstring(par.thoff + 8), par)
	end,
}
