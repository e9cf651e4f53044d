-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Which DNS questions are blocked: what nf_dnsblock.lua and dnsblock.lua share.

local packet = require("packet")

-- These names, and all below them; in lower case.
local blocked = {
	["blocked.example"] = true,
	["ads.test"] = true,
}

local DNS <const> = 53

local function is_blocked(name)
	while name do
		if blocked[name] then
			return true
		end
		name = name:match("%.(.+)")
	end
	return false
end

local common = {}

---@param skb userdata packet, from its IP header on
---@return string? name that it asks a DNS server for, if that is blocked
function common.question(skb)
	local offset, protocol, _, _, _, port = packet.flow(skb)
	if port ~= DNS then
		return nil
	end
	if protocol == packet.protocol.TCP then
		offset = offset + 2 -- the message's length
	end
	local _, name = packet.dns(skb, offset)
	return name and is_blocked(name) and name or nil
end

return common
