-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local device = require("device")

local function nop() end

device.new {
	name = "endless",
	open = nop,
	release = nop,
	read = function(_, length)
		while length > 1 do end
		return "x"
	end,
}
