-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Drops TLS connections to blocked servers (common.lua), by the name in the ClientHello: those of this machine, and
-- those that it forwards, over IPv4 and IPv6. What sni.lua does at XDP, without a program beside it.

local netfilter = require("netfilter")
local packet = require("packet")
local common = require("examples.filter.common")

local action = netfilter.action

local HTTPS <const> = 443

-- Anything that is no whole ClientHello passes: the server will judge it.
local function filter(skb)
	local payload, _, port = packet.tcp(skb)
	if port ~= HTTPS then
		return action.ACCEPT
	end
	local name = packet.sni(skb, payload)
	return name and common.is_blocked(name) and action.DROP or action.ACCEPT
end

for _, hook in ipairs { "LOCAL_OUT", "FORWARD" } do
	netfilter.register {
		pf = netfilter.family.INET,
		hooknum = netfilter.inet_hooks[hook],
		priority = netfilter.ip_priority.FILTER,
		hook = filter,
	}
end
