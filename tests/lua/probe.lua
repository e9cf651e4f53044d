-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library probe: handlers of probes in functions that the tests themselves have the kernel call.
local linux = require("linux")
local check = require("tests.lib.check")
local lib = require("tests.lib.probing")

local probing, call, open_missing, equal = lib.run, lib.call, lib.open_missing, check.equal

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
			if regs:arg(3) == 0x200000 then count(0) put(1, regs:result()) put(2, regs:arg(4)) end
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
			if regs:arg(3) == 0x200000 then n = n + 1 put(slot, n) end
		end end
		probe.new("file_open_root", { ret = note(2), post = note(1), pre = note(0) })]], function(slot)
			open_missing()
			equal(slot(0), 1)
			equal(slot(1), 2)
			equal(slot(2), 3)
		end)
	end,

	["an address is probed as well, and is what the handler gets"] = function()
		probing([[local syscall = require("syscall")
		local address = syscall.address(syscall.number("getsid"))
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
}
