-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Carries the fault that its argument names to where it is resumed, or to a thread of its own.
local carried = require("tests.faults.carried")

return function(name)
	while true do
		local fault = name or require("lunatik")._ENV.fault
		if name then
			name = coroutine.yield(carried(fault))
		else
			return carried(fault)
		end
	end
end
