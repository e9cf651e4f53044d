-- SPDX-License-Identifier: MIT OR GPL-2.0-only

local function raise()
	error("raised")
end
raise()
