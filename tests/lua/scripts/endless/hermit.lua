-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- A thread that takes itself off every list, keeps its own object, and never looks whether it is to stop.
local environment = require("lunatik")._ENV
local linux = require("linux")
local name = "tests/scripts/endless/hermit"

require("device").new({ name = "hermit-" .. linux.random(1 << 30) })

return function()
	local kept = {}

	while not kept[1] do
		kept[1] = environment.hermit or environment.threads[name]
		linux.schedule(10)
	end
	kept[2] = environment.runtimes[name]
	environment.hermit = nil
	environment.runtimes[name] = nil
	environment.threads[name] = nil
	while true do
		pcall(linux.schedule, 1000)
	end
end
