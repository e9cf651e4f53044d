-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Holds the only reference to its own runtime, and gives it up when /dev/orphan is written.
local environment = require("lunatik")._ENV

local function nop() end

require("device").new({
	name = "orphan", open = nop, release = nop,
	write = function() self = nil collectgarbage() collectgarbage() end,
})

return function()
	self = environment.tests_orphan
	environment.tests_orphan = nil
end
