-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Takes itself out of the shared table, and says when it is closed.
local environment = require("lunatik")._ENV
keep = setmetatable({}, { __gc = function() environment.tests_closed = true end })
return function()
	self = environment.tests_orphan
	environment.tests_orphan = nil
	return "still inside"
end
