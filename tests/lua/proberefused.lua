-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library probe: what new() and the objects refuse.
local linux = require("linux")
local check = require("tests.lib.check")
local lib = require("tests.lib.probing")

local probing, refused, equal = lib.run, lib.refused, check.equal

return {
	["enable() wants a boolean"] = function()
		refused("boolean expected, got no value", [[probe.new("lualinux_schedule", { pre = print }):enable()]])
	end,

	["new() refuses wrong arguments"] = function()
		refused("string or light userdata expected, got no value", [[probe.new()]])
		refused("string or light userdata expected, got number", [[probe.new(42, { pre = print })]])
		refused("no name of a symbol", [[probe.new("", { pre = print })]])
		refused("no name of a symbol", [[probe.new("a\0b", { pre = print })]])
		refused("no name of a symbol", [[probe.new(("x"):rep(128), { pre = print })]])
		refused("table expected, got no value", [[probe.new("lualinux_schedule")]])
		refused("handlers has no function", [[probe.new("lualinux_schedule", {})]])
		refused("handlers.post is no function", [[probe.new("lualinux_schedule", { post = 1, pre = print })]])
	end,

	["new() refuses what the kernel has no probe for, with its errno"] = function()
		refused("cannot probe no_such_symbol (error 2)", [[probe.new("no_such_symbol", { pre = print })]])
		refused("cannot probe jiffies (error 22)", [[probe.new("jiffies", { pre = print })]])
		-- code that probes themselves run through
		refused("(error 22)", [[probe.new("kprobe_ftrace_handler", { pre = print })]])
		refused("(error 22)", [[probe.new("exc_int3", { pre = print })]])
		refused("(error 22)", [[probe.new("exc_int3", { ret = print })]])
		-- heap, not code
		refused("cannot probe this address (error 2", [[local up
			probe.new(debug.upvalueid(function() return up end, 1), { pre = print })]])
	end,

	["new() refuses the returns of Lunatik's own functions, which an error may leave out"] = function()
		for _, symbol in ipairs { "lualinux_schedule", "luaL_error", "luadevice_open" } do
			refused("cannot probe the return of " .. symbol .. " (error 1)", ("probe.new('%s', { ret = print })"):format(symbol))
		end
		probing([[local p = probe.new("luaL_error", { pre = function() count(0) end })
			return function() return p:missed() end]], function(slot, runtime)
			pcall(linux.random, 1, 2, 3)
			-- A kernel with KASAN does not call it: there it is missed.
			equal(slot(0) + runtime:resume(), 1)
		end)
	end,

	["new() refuses runtimes of other contexts"] = function()
		for _, context in ipairs { "process", "softirq" } do
			refused("run in hardirq context", [[probe.new("lualinux_schedule", { pre = print })]], context)
		end
	end,

	["new() is refused once the script has been loaded"] = function()
		probing([[return function() local _, message = pcall(probe.new, "lualinux_schedule", { pre = print }) return message end]],
		function(_, runtime)
			local message = runtime:resume()
			assert(message:find("'probe.new' may sleep"), message)
		end)
	end,

	["new() counts in the script's memory"] = function()
		refused("not enough memory", [[while true do probe.new("lualinux_schedule", { ret = nil, pre = print }) end]],
			"hardirq memory=96K")
	end,
}
