-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process budget=5s
-- The faults of the stack, by number: for tests/stackmark.
local stack = require("tests.faults.stack")

local names = {}
for name in pairs(stack) do
	names[#names + 1] = name
end
table.sort(names)

---@return string? name of the fault that was run
function run(number)
	local name = names[number]
	if name then
		pcall(stack[name])
	end
	return name
end
