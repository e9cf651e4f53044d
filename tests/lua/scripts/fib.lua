-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Adds a rule when it is resumed.
local fib = require("fib")

return function()
	fib.newrule(4242, 4242)
end
