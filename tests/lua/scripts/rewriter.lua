-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
-- Rewrites, lengthens and copies what this host sends to itself.
local hooks = require("tests.scripts.hooks")

hooks.at("INET LOCAL_OUT", function(packet)
	local protocol = hooks.ip(packet)
	if protocol == 1 and #packet > 500 then
		packet:setstring(100, ("x"):rep(100))
		packet:resize(#packet + 8)
		packet:setuint16be(2, #packet)
		packet:checksum()
		packet:mark(packet:mark() + 1)
	end
end)

local last
hooks.at("INET LOCAL_IN", function(packet)
	last = packet:copy()
	assert(last:getstring(0) == packet:getstring(0))
end)

hooks.at("NETDEV INGRESS", function(packet)
	packet:vlan()
	packet:setbyte(0, packet:getbyte(0))
end, 0, "lo")
