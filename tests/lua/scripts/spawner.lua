-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Runs a script from a thread of its own, and keeps it in lunatik._ENV.spawned.
local linux = require("linux")
local lunatik = require("lunatik")
local thread = require("thread")

return function()
	lunatik._ENV.spawned = lunatik.runtime("tests/scripts/nothing")
	while not thread.shouldstop() do
		linux.schedule(1000)
	end
end
