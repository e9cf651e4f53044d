-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- /dev/busy: a read of one byte sleeps for four seconds inside of the runtime, others tell how many files were
-- closed.
local device, linux = require("device"), require("linux")

local closed = 0

device.new {
	name = "busy",
	open = function() end,
	release = function() closed = closed + 1 end,
	read = function(_, length)
		if length == 1 then
			linux.schedule(4000, linux.task.UNINTERRUPTIBLE)
		end
		return tostring(closed)
	end,
}
