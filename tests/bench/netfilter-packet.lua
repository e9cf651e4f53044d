-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- What drop-packet.lua does, at a hook of netfilter.
local netfilter = require("netfilter")
local tcp = require("packet").tcp

local ACCEPT <const>, DROP <const> = netfilter.action.ACCEPT, netfilter.action.DROP

netfilter.register {
	pf = netfilter.family.IPV4, hooknum = netfilter.inet_hooks.LOCAL_IN, priority = netfilter.ip_priority.FILTER,
	hook = function(skb)
		local _, _, port = tcp(skb)
		return port == 9999 and DROP or ACCEPT
	end,
}
