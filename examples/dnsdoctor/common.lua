-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Which DNS answers are changed, and how: what nf_dnsdoctor.lua and dnsdoctor.lua share.

local packet = require("packet")

local NAME <const> = "lunatik.com"
local PUBLIC <const> = packet.ip("192.168.10.1")  -- what the server answers
local PRIVATE <const> = packet.ip("10.1.2.3")     -- what the client is to be told
local CLIENT <const> = packet.ip("10.1.1.2")

local DNS <const> = 53
local RESPONSE <const> = 0x8000  -- of a message's flags
local A <const> = 1              -- type of a record

local common = {}

---@param skb userdata packet, from its IP header on, that may be written
function common.doctor(skb)
	local offset, protocol, _, destination, source_port = packet.flow(skb)
	if protocol ~= packet.protocol.UDP or source_port ~= DNS or destination ~= CLIENT then
		return
	end
	local record, name, _, _, _, flags, questions, answers = packet.dns(skb, offset)
	if name ~= NAME or flags & RESPONSE == 0 or questions ~= 1 then
		return
	end
	local changed = false
	for _ = 1, answers do
		local following, _, kind, _, _, place, _, address = packet.answer(skb, record, offset)
		if not following then
			break
		end
		if kind == A and address == PUBLIC then
			skb:setuint32be(place, PRIVATE)
			changed = true
		end
		record = following
	end
	if changed then
		skb:checksum()
		print("dnsdoctor: changed")
	end
end

return common
