-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=20ms
-- Probes what lunatik._ENV.probe_targets names: symbols, or "syscall:NAME", each with the points it is probed at
-- behind an "=" ("vfs_read=pre,ret"). Each event does lunatik._ENV.probe_action. Resumed, it tells the numbers
-- of events handled and missed.
local completion = require("completion")
local data = require("data")
local linux = require("linux")
local lunatik = require("lunatik")
local probe = require("probe")
local rcu = require("rcu")
local calls = require("syscall.table")

local environment = lunatik._ENV
local events = data.new(8)
local kept, shared, done = {}, rcu.table(16), completion.new()

local actions = {
	-- now and then what needs the allocator, the locks of others, the clock, the scheduler, the console
	all = function(n)
		if n % 8 ~= 0 then return end
		kept[n // 8 % 50 + 1] = { n, ("x"):rep(n % 3000), tostring(n) }
		shared[tostring(n % 64)] = n
		done:complete()
		linux.random(n + 1)
		linux.time()
		if n % 512 == 0 then print("probed", n) end
	end,
	print = function(n) if n % 100 == 0 then print("probed", n) end end,
	nothing = function() end,
	-- longer than the function, on each CPU that calls it, however fast: 0.2 ms
	long = function()
		local ends = linux.time() + 200000
		repeat until linux.time() >= ends
	end,
	forever = function() while true do end end,
	deep = function() local function f() return 1 + f() end return f() end,
	memory = function() local t = {} while true do t[#t + 1] = ("x"):rep(1000) end end,
	show = function(n, show) if n == 1 then show() end end,
	shows = function(_, show) show() end,
}
local action = actions[environment.probe_action]

local function handler(_, show, regs)
	local n = events:getint64(0) + 1
	events:setint64(0, n)
	action(n, show, regs)
end

local probes = {}
for target, points in environment.probe_targets:gmatch("(%S+)=(%S+)") do
	local handlers = {}
	for point in points:gmatch("%w+") do handlers[point] = handler end
	local name = target:match("^syscall:(.*)")
	probes[#probes + 1] = probe.new(name and calls[name] or target, handlers)
end

return function()
	while true do
		local missed = 0
		for _, p in ipairs(probes) do missed = missed + p:missed() end
		coroutine.yield(events:getint64(0), missed)
	end
end
