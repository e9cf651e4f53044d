-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local function inner()
	error("deep")
end
return function()
	inner()
	return nil -- no tail call: the traceback shows both
end
