-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library `rcu`, and the table that all runtimes share.

local data = require("data")
local lunatik = require("lunatik")
local rcu = require("rcu")

local fails = require("tests.lib.check").fails_like

return {
	["a table holds booleans, integers, strings and objects"] = function()
		local t = rcu.table()
		local d = data.new(4)
		d:setbyte(0, 9)
		t.yes, t.no, t.least, t.text, t.d = true, false, math.mininteger, "a\0b", d
		assert(t.yes == true and t.no == false and t.least == math.mininteger and t.text == "a\0b")
		assert(t.d:getbyte(0) == 9)
		assert(t.absent == nil)
	end,

	["strings of every length come back whole"] = function()
		local t = rcu.table()
		for _, length in ipairs { 0, 1, 63, 64, 65, 255, 256, 257, 4096, 100000 } do
			local text = ("x"):rep(length)
			t.text = text
			assert(t.text == text, length)
			t[text] = length
			assert(t[text] == length)
		end
	end,

	["nil clears an entry, and a new value takes the place of the old"] = function()
		local t = rcu.table(1)
		for i = 1, 50 do t["k" .. i] = i end
		for i = 1, 50, 2 do t["k" .. i] = nil end
		for i = 1, 50 do assert(t["k" .. i] == (i % 2 == 0 and i or nil)) end
		t.k2 = "two"
		assert(t.k2 == "two")
		t.absent = nil
	end,

	["a table keeps an object that nobody else holds"] = function()
		local t = rcu.table()
		t.d = data.new(4)
		t.d:setbyte(1, 5)
		collectgarbage() collectgarbage()
		assert(t.d:getbyte(1) == 5)
	end,

	["a size is rounded up to a power of two, and absurd ones are errors"] = function()
		for _, size in ipairs { 1, 3, 1000, 1 << 20 } do
			local t = rcu.table(size)
			t.a = 1
			assert(t.a == 1)
		end
		for _, size in ipairs { 0, -1, (1 << 20) + 1, math.maxinteger, math.mininteger } do
			fails("out of range", rcu.table, size)
		end
		fails("number expected", rcu.table, "big")
	end,

	["what cannot be shared is an error"] = function()
		local t = rcu.table()
		for _, value in ipairs { {}, print, coroutine.create(print) } do
			fails("shared object expected", function() t.x = value end)
		end
		fails("string expected", function() t[{}] = 1 end)
		fails("string expected", function() t[true] = 1 end)
		fails("cannot hold itself", function() t.t = t end)
		assert(t.x == nil)
	end,

	["a table holds younger ones only, so that no two hold each other"] = function()
		local outer = rcu.table()
		local inner = rcu.table()
		outer.inner = inner
		fails("make the outer one first", function() inner.outer = outer end)
		fails("make the outer one first", function() inner.x = lunatik._ENV end)
		lunatik._ENV.tests_rcu = outer
		lunatik._ENV.tests_rcu = nil
		assert(outer.x == nil and inner.outer == nil)
	end,

	["map calls back for each entry once, also while entries go"] = function()
		local t = rcu.table(4)
		local expected, seen = 0, {}
		for i = 1, 30 do t["k" .. i] = i expected = expected + i end
		local sum = 0
		rcu.map(t, function(key, value)
			assert(not seen[key])
			seen[key] = true
			sum = sum + value
			t[key] = nil
		end)
		assert(sum == expected)
		rcu.map(t, function() error("not empty") end)
	end,

	["map hands an error of its callback on, and wants a table and a function"] = function()
		local t = rcu.table()
		t.a = 1
		fails("mine", rcu.map, t, function() error("mine") end)
		fails("function expected", rcu.map, t, 1)
		fails("rcu.table expected, got table", rcu.map, {}, print)
	end,

	["lunatik._ENV is the same table in every runtime"] = function()
		local other = lunatik.runtime("tests/scripts/environment")
		lunatik._ENV.tests_question = 41
		assert(other:resume() == 42)
		assert(lunatik._ENV.tests_answer == 42)
		lunatik._ENV.tests_question = nil
		lunatik._ENV.tests_answer = nil
		other:stop()
	end,
}
