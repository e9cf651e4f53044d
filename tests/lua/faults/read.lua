-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Carries a fault to a read of /dev/faults: the one that was written before.
local carried = require("tests.faults.carried")

local fault = "pass"

require("device").new {
	name = "faults",
	open = function() end,
	release = function() end,
	write = function(_, name) fault = name end,
	read = function() return carried(fault) end,
}
