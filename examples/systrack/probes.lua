-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=100ms
-- Counts system calls for examples/systrack, which starts this. A handler takes some microseconds; the time is
-- for virtual machines, which may be paused in the middle of one.
local lunatik = require("lunatik")
local probe = require("probe")
local addresses = require("syscall.table")

local counters = lunatik._ENV.systrack_counters
if not counters then
	error("started by itself: run examples/systrack, which starts this", 0)
end

local probes = {}
local place = 0

for name in lunatik._ENV.systrack_calls:gmatch("%S+") do
	local slot = place
	probes[#probes + 1] = probe.new(addresses[name], {
		-- One CPU at a time is in this runtime: no count is lost.
		pre = function()
			counters:setint64(slot, counters:getint64(slot) + 1)
		end,
	})
	place = place + 8
end

-- For each resume: how many calls were not counted.
return function()
	while true do
		local missed = 0
		for _, p in ipairs(probes) do
			missed = missed + p:missed()
		end
		coroutine.yield(missed)
	end
end
