-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Drops the DNS queries of this machine that ask for a blocked name (common.lua), over IPv4 and IPv6. Who asked
-- waits in vain, as if the server were not there.

local netfilter = require("netfilter")
local common = require("examples.dnsblock.common")

local action = netfilter.action

netfilter.register {
	pf = netfilter.family.INET,
	hooknum = netfilter.inet_hooks.LOCAL_OUT,
	priority = netfilter.ip_priority.FILTER,
	hook = function(skb)
		local name = common.question(skb)
		if name then
			print(("dnsblock: %s DROP"):format(name))
			return action.DROP
		end
		return action.ACCEPT
	end,
}
