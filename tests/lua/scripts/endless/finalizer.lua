-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local device = require("device")

device.new { name = "endless" }
for _ = 1, 10 do
	setmetatable({}, { __gc = function() while true do end end })
end
