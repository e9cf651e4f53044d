-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local device = require("device")

collectgarbage("stop") -- they are for the end

device.new { name = "endless" }
for _ = 1, 10 do
	setmetatable({}, { __gc = function() while true do end end })
end
setmetatable({}, { __gc = function() return ("a"):rep(200):find(("a*"):rep(100) .. "b") end })
