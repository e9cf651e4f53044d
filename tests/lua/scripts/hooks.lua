-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- For the tests of netfilter: hooks by names, and what they count.

local netfilter = require("netfilter")

local tables = {
	INET = netfilter.inet_hooks, IPV4 = netfilter.inet_hooks, IPV6 = netfilter.inet_hooks,
	ARP = netfilter.arp_hooks, BRIDGE = netfilter.bridge_hooks, NETDEV = netfilter.netdev_hooks,
}

local hooks = { action = netfilter.action }

-- hooks.at("IPV4 LOCAL_OUT", callback [, priority [, device]])
function hooks.at(place, callback, priority, device)
	local family, name = place:match("(%S+) (%S+)")
	return netfilter.register {
		pf = netfilter.family[family], hooknum = tables[family][name], hook = callback,
		priority = priority or netfilter.ip_priority.FILTER, device = device,
	}
end

-- The protocol of an IP packet, and where what it carries begins.
function hooks.ip(packet)
	if packet:getbyte(0) >> 4 == 4 then
		return packet:getbyte(9), (packet:getbyte(0) & 0xf) * 4
	end
	return packet:getbyte(6), 40
end

return hooks
