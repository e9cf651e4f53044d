-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Never ends, and sleeps where signals do not wake it.
local linux = require("linux")

return function()
	while true do linux.schedule(100, linux.task.UNINTERRUPTIBLE) end
end
