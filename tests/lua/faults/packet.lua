-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Carries the fault that its argument names to a packet.
local carried = require("tests.faults.carried")

require("xdp").attach(function(packet, argument)
	return carried(argument:getstring(0), packet)
end)
