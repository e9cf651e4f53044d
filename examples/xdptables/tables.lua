-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The tables that forward.lua and control.lua share: rules and flows. Whoever is first makes them.
local environment = require("lunatik")._ENV
local rcu = require("rcu")

local function shared(name, size)
	environment[name] = environment[name] or rcu.table(size)
	return environment[name]
end

return function()
	return shared("xdptables_rules", 256), shared("xdptables_flows", 4096)
end
