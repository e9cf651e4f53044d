-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Opens a part of the library linux before the whole.
local errno = require("linux.errno")
local linux = require("linux")

return function()
	return linux.errno == errno and errno.RANGE
end
