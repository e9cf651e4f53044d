-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Changes the answers to DNS queries that one client has sent: where the server says lunatik.com is at
-- 192.168.10.1, the client is told 10.1.2.3 (common.lua).

local netfilter = require("netfilter")
local common = require("examples.dnsdoctor.common")

netfilter.register {
	pf = netfilter.family.IPV4,
	hooknum = netfilter.inet_hooks.PRE_ROUTING,
	priority = netfilter.ip_priority.MANGLE,
	hook = function(skb)
		common.doctor(skb)
		return netfilter.action.ACCEPT
	end,
}
