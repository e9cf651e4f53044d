-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library fib: the errors of its functions. What the rules do: tests/vm/fib.bats.
local fib = require("fib")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task

return {
	["newrule() of a rule that is there is an error, and so is delrule() of one that is not"] = function()
		for _, family in pairs(fib.af) do
			fib.newrule(4242, 4242, family)
			fails("cannot add the rule of priority 4242 for table 4242: it exists already", fib.newrule, 4242, 4242, family)
			fib.delrule(4242, 4242, family)
			fails("cannot delete the rule of priority 4242 for table 4242: there is none", fib.delrule, 4242, 4242, family)
		end
	end,
	["no script adds rules without end"] = function()
		local rules = 0
		fails("there are 1024 rules already", function()
			while true do
				fib.newrule(4242, 100000 + rules)
				rules = rules + 1
			end
		end)
		assert(rules > 1000 and rules < 1024)
		for i = 0, rules - 1 do fib.delrule(4242, 100000 + i) end
	end,
	["the least and the greatest numbers are taken"] = function()
		for _, rule in ipairs { { 1, 0 }, { 0xffffffff, 0xffffffff } } do
			fib.newrule(rule[1], rule[2])
			fib.delrule(rule[1], rule[2])
		end
	end,
	["arguments out of range are errors, and nothing is added"] = function()
		for _, table in ipairs { 0, -1, 1 << 32, math.mininteger, math.maxinteger } do
			fails("table out of range", fib.newrule, table, 4242)
		end
		for _, priority in ipairs { -1, 1 << 32, (1 << 32) + 4242, math.mininteger } do
			fails("priority out of range", fib.delrule, 254, priority)
		end
		for _, family in ipairs { 0, -1, 17, (1 << 32) + 2 } do
			fails("family is neither", fib.newrule, 4242, 4243, family)
		end
		fails("number expected", fib.newrule, 4242)
		fails("number expected", fib.newrule, "main", 1)
	end,
	["a callback that may not sleep is told so"] = function()
		for _, context in ipairs { "softirq", "hardirq" } do
			local runtime = require("lunatik").runtime("tests/scripts/fib", context)
			fails("'fib.newrule' may sleep, which a callback of a " .. context .. " runtime must not", runtime.resume, runtime)
			runtime:stop()
		end
	end,
	["families are the kernel's numbers"] = function()
		equal(fib.af.INET, 2)
		equal(fib.af.INET6, 10)
	end,
}
