-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Tells the names of the faults of a kind, in a runtime of its own.
local environment = require("lunatik")._ENV
local names = {}

for name in pairs(require("tests.faults." .. environment.fault_kind)) do
	names[#names + 1] = name
end
table.sort(names)
environment.fault_names = table.concat(names, " ")
