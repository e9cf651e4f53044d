-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library notifier: what can be said without an event. tests/vm/notifier.bats has these.
local lunatik = require("lunatik")
local notifier = require("notifier")
local check = require("tests.lib.check")

local equal, fails = check.equal, check.fails

local function nop() end

return {
	["the tables hold the kernel's numbers"] = function()
		equal(notifier.notify.DONE, 0)
		equal(notifier.notify.OK, 1)
		equal(notifier.notify.BAD, 0x8002)
		equal(notifier.notify.STOP, 0x8001)
		equal(notifier.kbd.KEYCODE, 1)
		equal(notifier.kbd.POST_KEYSYM, 5)
		equal(notifier.netdev.UP, 1)
		equal(notifier.netdev.UNREGISTER, 6)
		equal(notifier.vt.ALLOCATE, 1)
		equal(notifier.vt.PREWRITE, 5)
	end,
	["a script has eight notifiers at most at a time"] = function()
		local all = {}
		for i = 1, 8 do all[i] = notifier.netdevice(nop) end
		fails("a script has 8 at most", notifier.netdevice, nop)
		all[1]:delete()
		all[1] = notifier.netdevice(nop)
		for _, n in ipairs(all) do n:delete() end
	end,
	["a notifier is deleted once"] = function()
		local n = notifier.netdevice(nop)
		n:delete()
		fails("notifier is closed", n.delete, n)
	end,
	["a script that starts is told of the devices that are there"] = function()
		local seen = {}
		local n = notifier.netdevice(function(event, name) seen[name] = (seen[name] or "") .. event .. " " end)
		equal(seen.lo, notifier.netdev.REGISTER .. " " .. notifier.netdev.UP .. " ")
		n:delete()
	end,
	["a callback that refuses what is there is an error, and nothing is added"] = function()
		local count = 0
		fails("its callback refused what is there already", notifier.netdevice, function()
			count = count + 1
			return notifier.notify.BAD
		end)
		equal(count, 1)
	end,
	["the callback is a function"] = function()
		fails("function expected", notifier.netdevice)
		fails("function expected", notifier.netdevice, setmetatable({}, { __call = nop }))
	end,
	["keyboards and terminals need a hardirq runtime, and network devices a process runtime"] = function()
		fails("run the script with 'hardirq'", notifier.keyboard, nop)
		fails("run the script with 'hardirq'", notifier.vterm, nop)
		for _, context in ipairs { "softirq", "hardirq" } do
			fails("run the script with 'process'", lunatik.runtime, "tests/scripts/netdevice", context)
		end
	end,
	["a callback for network devices may not sleep, for the kernel waits for it"] = function()
		local fib, linux = require("fib"), require("linux")
		local told = {}
		local n = notifier.netdevice(function()
			if told[1] then return end
			local tries = {
				{ linux.schedule, 1 }, { fib.newrule, 4242, 4242 }, { notifier.netdevice, nop },
				{ lunatik.runtime, "tests/scripts/nothing" }, { require, "mailbox" },
			}
			for i, try in ipairs(tries) do
				told[i] = select(2, pcall(table.unpack(try)))
			end
		end)
		n:delete()
		for i, name in ipairs { "linux.schedule", "fib.newrule", "notifier.netdevice", "lunatik.runtime" } do
			check.equal(told[i], "'" .. name .. "' may sleep, which a callback must not that is called with RTNL, "
				.. "the lock of all network devices, held")
		end
		linux.schedule(1)
	end,
}
