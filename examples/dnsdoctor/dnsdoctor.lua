-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- A target of iptables that changes the answers to DNS queries which one client has sent (common.lua):
--	iptables -t mangle -A PREROUTING -p udp --sport 53 -j dnsdoctor

local xtable = require("xtable")
local netfilter = require("netfilter")
local common = require("examples.dnsdoctor.common")

local UDP <const> = 17

xtable.target {
	name = "dnsdoctor",
	revision = 0,
	family = netfilter.family.IPV4,
	proto = UDP,
	hooks = 1 << netfilter.inet_hooks.PRE_ROUTING,
	target = function(skb)
		common.doctor(skb)
		return netfilter.action.CONTINUE
	end,
}
