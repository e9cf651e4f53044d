-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- A match of iptables for DNS queries that ask for a blocked name (common.lua), over IPv4 and IPv6:
--	iptables -A OUTPUT -m dnsblock -j DROP

local xtable = require("xtable")
local netfilter = require("netfilter")
local common = require("examples.dnsblock.common")

xtable.match {
	name = "dnsblock",
	revision = 1,
	family = netfilter.family.UNSPEC,
	hooks = 1 << netfilter.inet_hooks.LOCAL_OUT,
	match = function(skb)
		local name = common.question(skb)
		if name then
			print(("dnsblock: %s matches"):format(name))
		end
		return name ~= nil
	end,
}
