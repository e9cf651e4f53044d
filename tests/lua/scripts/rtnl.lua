-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Is told of network devices, and changes rules when /dev/rtnl is read: that waits for the lock with which it is told.
-- A read of 2 bytes sleeps for three seconds instead.
local fib = require("fib")
local linux = require("linux")

require("notifier").netdevice(function() end)

require("device").new {
	name = "rtnl",
	open = function() end,
	release = function() end,
	read = function(_, length)
		if length == 2 then
			linux.schedule(3000)
		else
			fib.newrule(4242, 4242)
			fib.delrule(4242, 4242)
		end
		return "x"
	end,
}
