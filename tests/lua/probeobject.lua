-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library probe: its objects, how long they live, and what they cost.
local linux = require("linux")
local check = require("tests.lib.check")
local lib = require("tests.lib.probing")

local probing, call, open_missing, equal = lib.run, lib.call, lib.open_missing, check.equal

return {
	["enable(false) keeps the handlers from being called, enable(true) lets them again"] = function()
		probing([[local p = probe.new("lualinux_schedule", { pre = function() count(0) end, post = function() count(0) end })
		local q = probe.new("file_open_root", { ret = function(_, _, regs) if regs:arg(3) == 0x200000 then count(1) end end })
		p:enable(false) q:enable(false)
		return function(enabled) while true do p:enable(enabled) q:enable(enabled) enabled = coroutine.yield() end end]],
		function(slot, runtime)
			call(0)
			open_missing()
			equal(slot(0), 0)
			equal(slot(1), 0)
			runtime:resume(true)
			call(0)
			open_missing()
			equal(slot(0), 2)
			equal(slot(1), 1)
			runtime:resume(false)
			call(0)
			open_missing()
			equal(slot(0), 2)
			equal(slot(1), 1)
		end)
	end,

	["stop() ends the probe, again it does nothing, and the object is closed"] = function()
		probing([[local p = probe.new("lualinux_schedule", { pre = function() count(0) end })
		p:stop()
		p:stop()
		local _, message = pcall(p.enable, p, true)
		return function() return message end]], function(slot, runtime)
			call(0)
			equal(slot(0), 0)
			local message = runtime:resume()
			assert(message:find("probe is closed"), message)
		end)
	end,

	["stop() in the handler is its last event"] = function()
		probing([[local p
		p = probe.new("lualinux_schedule", { pre = function(target, show, regs) p:stop() count(0) put(1, regs:arg(1)) end,
			post = function() count(0) end })]], function(slot)
			call(1)
			call(0)
			equal(slot(0), 1)
			equal(slot(1), 1)
		end)
	end,

	["a probe stays whether its object is kept or not"] = function()
		probing([[probe.new("lualinux_schedule", { pre = function() count(0) end })
		collectgarbage() collectgarbage()]], function(slot)
			call(0)
			equal(slot(0), 1)
		end)
	end,

	["a probe goes with its block when it is closed there"] = function()
		probing([[do local p <close> = probe.new("lualinux_schedule", { pre = function() count(0) end }) end]], function(slot)
			call(0)
			equal(slot(0), 0)
		end)
	end,

	["after an error the next event is handled"] = function()
		probing([[probe.new("lualinux_schedule", { pre = function() count(0) error("probe test") end })]], function(slot)
			call(0)
			call(0)
			equal(slot(0), 2)
		end)
	end,

	["an event allocates nothing"] = function()
		probing([[collectgarbage("stop")
		probe.new("lualinux_schedule", { pre = function(target, show, regs) d:setint64(0, d:getint64(0) + regs:arg(1)) end,
			post = function() end })]],
		function(slot, runtime)
			call(0)
			local before = runtime:info().memory
			for _ = 1, 500 do call(0) end
			equal(runtime:info().memory, before)
			equal(slot(0), 0)
		end)
	end,

	["missed() counts the events of code that has interrupts off, for which no handler is called"] = function()
		-- what a visit of a hardirq runtime begins with, with interrupts off already
		probing([[local p = probe.new("lunatik_watch_clock", { pre = function() count(0) end })
		local q = probe.new("lualinux_schedule", { pre = function() count(1) end })
		return function() while true do coroutine.yield(p:missed(), q:missed()) end end]], function(slot, runtime)
			call(0)
			for _ = 1, 9 do runtime:resume() end
			local missed, none = runtime:resume()
			equal(slot(0), 0)
			equal(slot(1), 1)
			assert(missed >= 10, missed)
			equal(none, 0)
		end)
	end,

	["a runtime is entered from within the visit of another"] = function()
		-- the prompt's runtime is what calls the function, with its own gate held
		probing([[local r = lunatik.runtime("tests/scripts/echo", "hardirq")
		probe.new("lualinux_schedule", { pre = function(_, _, regs) put(0, r:resume(regs:arg(1))) end })]], function(slot)
			call(1)
			equal(slot(0), 1)
		end)
	end,
}
