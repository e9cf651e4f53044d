-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Carries the fault that lunatik._ENV.fault names to where the kernel tells a new MTU of the device "faults".
local carried = require("tests.faults.carried")
local environment = require("lunatik")._ENV
local notifier = require("notifier")

notifier.netdevice(function(event, name)
	if name == "faults" and event == notifier.netdev.CHANGEMTU then
		return carried(environment.fault)
	end
end)
