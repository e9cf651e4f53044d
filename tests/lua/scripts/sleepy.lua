-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local linux = require("linux")
return function()
	local good, message = pcall(linux.schedule, 1)
	return good and "slept" or message
end
