-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- What the collector and a table's growth take in one step, when the script does its worst.
local xdp = require("xdp")

-- Keys that collide in tables of 2^13, 2^14 and 2^15 slots
local step, count = 8191 * 16383 * 32767, 1 << 13
local colliding = {}
for i = 1, count do
	colliding[i * step] = true
end

-- A chain whose links lie anywhere in the weak table
local links = setmetatable({}, { __mode = "k" })
local first = {}
local key = first
for _ = 1, 12000 do
	links[key] = {}
	key = links[key]
end

local worst = { links = links, first = first }

function worst.rehash()
	colliding[(count + 1) * step] = true
end

function worst.chain()
	collectgarbage()
end

xdp.attach(function(_, argument)
	worst[argument:getstring(0)]()
end)
