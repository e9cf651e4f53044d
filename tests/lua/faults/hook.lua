-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Carries the fault that a datagram to port 9 names to a hook of netfilter.
local netfilter = require("netfilter")
local carried = require("tests.faults.carried")

netfilter.register {
	pf = netfilter.family.IPV4, hooknum = netfilter.inet_hooks.LOCAL_OUT, priority = netfilter.ip_priority.FILTER,
	hook = function(packet)
		if packet:getbyte(9) == 17 and packet:getuint16be(22) == 9 then
			return carried(packet:getstring(28))
		end
	end,
}
