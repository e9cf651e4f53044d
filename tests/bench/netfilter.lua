-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- The empty callback at a hook, which accepts.
local netfilter = require("netfilter")

netfilter.register {
	pf = netfilter.family.IPV4, hooknum = netfilter.inet_hooks.LOCAL_IN, priority = netfilter.ip_priority.FILTER,
	hook = function() return 1 end,
}
