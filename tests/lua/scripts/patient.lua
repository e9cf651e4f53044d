-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Sleeps until it is told to stop.
local linux, thread = require("linux"), require("thread")

return function()
	while not thread.shouldstop() do
		linux.schedule(1000, linux.task.INTERRUPTIBLE)
	end
end
