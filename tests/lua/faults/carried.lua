-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The faults that the running script carries: those of the kind that lunatik._ENV.fault_kind names.
local faults = require("tests.faults." .. require("lunatik")._ENV.fault_kind)

---@param name string of a fault, or "pass"
---@param ... any what the fault works on
return function(name, ...)
	if name ~= "pass" then
		return faults[name](...)
	end
end
