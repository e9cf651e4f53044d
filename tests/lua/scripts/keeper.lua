-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Keeps its packet and argument; when resumed, returns what reading them then gives.
local xdp = require("xdp")

local kept = {}

xdp.attach(function(packet, argument)
	kept[1], kept[2] = packet, argument
	return packet:getbyte(0)
end)

local function read(i)
	local _, message = pcall(kept[i].getbyte, kept[i], 0)
	return message
end

local function change(method, argument)
	local _, message = pcall(kept[1][method], kept[1], argument)
	return message
end

return function()
	return read(1), read(2), #kept[1] + #kept[2], change("resize", 60), change("redirect", "lo")
end
