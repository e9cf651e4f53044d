-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Makes runtimes that hold themselves: by their own object, by a table, by a thread.
local lunatik = require("lunatik")
local rcu = require("rcu")
local thread = require("thread")

local function hermit() return lunatik.runtime("tests/scripts/hermit") end

local function make()
	local one = hermit()
	one:resume(one)
	local other, shelf = hermit(), rcu.table(4)
	shelf.other = other
	other:resume(shelf)
	local runner = lunatik.runtime("tests/scripts/endless/hermit")
	lunatik._ENV.hermit = thread.run(runner, "hermit")
end
make()
