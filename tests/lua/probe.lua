-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library probe: handlers of probes in functions that the tests themselves have the kernel call.
local data = require("data")
local linux = require("linux")
local lunatik = require("lunatik")
local syscall = require("syscall")
local check = require("tests.lib.check")

local equal, fails = check.equal, check.fails
local environment = lunatik._ENV

-- Calls f(slot, runtime) while the source runs in a runtime of its own: slot(n) is what it has put there.
local function probing(source, f, context)
	local d = data.new(1024)
	environment.probe_source, environment.probe_data = source, d
	local good, runtime = pcall(lunatik.runtime, "tests/scripts/probed", context)
	environment.probe_source, environment.probe_data = nil
	if not good then
		error(runtime, 0)
	end
	local message
	good, message = xpcall(f, debug.traceback, function(slot) return d:getint64(slot * 8) end, runtime)
	if pcall(runtime.info, runtime) then
		runtime:stop()
	end
	if not good then
		error(message, 0)
	end
end

-- The source fails with this message.
local function refused(message, source, context)
	fails(message, probing, source, function() end, context)
end

-- Has the kernel call lualinux_schedule(timeout, state), a function of the library linux.
local function call(timeout)
	linux.schedule(timeout, linux.task.UNINTERRUPTIBLE)
end

-- Has it call file_open_root(root, name, flags, mode), which returns -ENOENT.
local function open_missing()
	assert(not loadfile("/lib/modules/lua/tests/no such file"))
end

return {
	["pre is called before each call of the function, with its arguments"] = function()
		probing([[probe.new("lualinux_schedule", { pre = function(target, show, regs)
			count(0) put(1, regs:arg(1)) put(2, regs:arg(2))
			put(3, target == "lualinux_schedule" and type(show) == "function" and 1 or 0)
		end })]], function(slot)
			call(0)
			equal(slot(0), 1)
			call(3)
			equal(slot(0), 2)
			equal(slot(1), 3)
			equal(slot(2), linux.task.UNINTERRUPTIBLE)
			equal(slot(3), 1)
		end)
	end,

	["post is called after pre, once for each call"] = function()
		probing([[probe.new("lualinux_schedule", {
			pre = function() count(0) put(2, d:getint64(8)) end,
			post = function(target, show, regs) count(1) put(3, d:getint64(0)) put(4, regs:arg(1)) end,
		})]], function(slot)
			call(2)
			equal(slot(0), 1)
			equal(slot(1), 1)
			equal(slot(2), 0)
			equal(slot(3), 1)
			equal(slot(4), 2)
		end)
	end,

	["post alone is called, too"] = function()
		probing([[probe.new("lualinux_schedule", { post = function() count(0) end })]], function(slot)
			for _ = 1, 10 do call(0) end
			equal(slot(0), 10)
		end)
	end,

	["ret is called with the result, and with the arguments as they were"] = function()
		probing([[probe.new("file_open_root", { ret = function(target, show, regs)
			if regs:arg(3) == 0 then count(0) put(1, regs:result()) put(2, regs:arg(4)) end
		end })]], function(slot)
			open_missing()
			equal(slot(0), 1)
			equal(slot(1), -linux.errno.NOENT)
			equal(slot(2), 0)
		end)
	end,

	["pre, post and ret of one probe come in this order"] = function()
		probing([[local n = 0
		local function note(slot) return function(target, show, regs)
			if regs:arg(3) == 0 then n = n + 1 put(slot, n) end
		end end
		probe.new("file_open_root", { ret = note(2), post = note(1), pre = note(0) })]], function(slot)
			open_missing()
			equal(slot(0), 1)
			equal(slot(1), 2)
			equal(slot(2), 3)
		end)
	end,

	["an address is probed as well, and is what the handler gets"] = function()
		probing([[local address = syscall.address(syscall.number("getsid"))
		probe.new(address, { pre = function(target) put(0, target == address and 1 or 2) end })]], function(slot)
			equal(slot(0), 0)
		end)
	end,

	["several probes are in one function, of several runtimes"] = function()
		local source = [[for i = 0, 2 do probe.new("lualinux_schedule", { pre = function() count(i) end }) end]]
		probing(source, function(one)
			probing(source, function(two)
				call(0)
				for i = 0, 2 do
					equal(one(i), 1)
					equal(two(i), 1)
				end
			end)
			call(0)
			equal(one(2), 2)
		end)
	end,

	["in a percpu runtime each event is one CPU's"] = function()
		probing([[probe.new("lualinux_schedule", { pre = function() count(0) end })]], function(slot)
			for _ = 1, 100 do call(0) end
			equal(slot(0), 100)
		end, "hardirq percpu")
	end,

	["the registers and show() are of no use when the handler has returned"] = function()
		probing([[local kept, shown
		probe.new("lualinux_schedule", { pre = function(target, show, regs)
			count(0)
			if kept then put(1, pcall(kept.arg, kept, 1) and 1 or 2) end
			kept, shown = regs, show
		end })
		return function()
			local _, arg = pcall(kept.arg, kept, 1)
			local _, result = pcall(kept.result, kept)
			local _, number = pcall(kept.syscall, kept, 1)
			local _, message = pcall(shown)
			return arg, result, number, message
		end]], function(slot, runtime)
			call(0)
			for _, message in ipairs { runtime:resume() } do
				assert(message:find("the registers are gone"), message)
			end
			call(0)
			equal(slot(0), 2)
		end)
	end,

	["registers refuse what is not there"] = function()
		probing([[local messages = {}
		probe.new("lualinux_schedule", { pre = function(target, show, regs)
			for i, f in ipairs {
				function() regs:arg(0) end, function() regs:arg(7) end, function() regs:arg("x") end,
				function() regs:result() end, function() regs:syscall(1) end, function() regs.arg({}, 1) end,
			} do
				local good, message = pcall(f)
				messages[i] = tostring(not good and message)
			end
		end })
		return function() return table.unpack(messages) end]], function(_, runtime)
			call(0)
			local messages = { runtime:resume() }
			for i, expected in ipairs { "out of range (1 to 6)", "out of range (1 to 6)", "number expected",
				"has not returned yet", "none of a 64-bit system call", "probe.registers expected, got table" } do
				assert(messages[i]:find(expected, 1, true), messages[i])
			end
		end)
	end,

	["enable(false) keeps the handlers from being called, enable(true) lets them again"] = function()
		probing([[local p = probe.new("lualinux_schedule", { pre = function() count(0) end, post = function() count(0) end })
		local q = probe.new("file_open_root", { ret = function(_, _, regs) if regs:arg(3) == 0 then count(1) end end })
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

	["enable() wants a boolean"] = function()
		refused("boolean expected, got no value", [[probe.new("lualinux_schedule", { pre = print }):enable()]])
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
		probing([[local p = probe.new("_raw_spin_unlock_irqrestore", { pre = function() count(0) end })
		local q = probe.new("lualinux_schedule", { pre = function() count(1) end })
		return function() return p:missed(), q:missed() end]], function(slot, runtime)
			for _ = 1, 10 do call(2) end
			local missed, none = runtime:resume()
			equal(slot(0), 0)
			equal(slot(1), 10)
			assert(missed > 0, missed)
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
		probing([[probe.new("luaL_error", { pre = function() count(0) end })]], function(slot)
			pcall(linux.random, 1, 2, 3)
			equal(slot(0), 1)
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
			"hardirq memory=256K")
	end,
}
