-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Plain Lua, the same in the kernel and in Debian's lua5.4: require("bench.plain")(CASE) returns the nanoseconds
-- that it takes, which are instructions where the clock counts those.
local cases = {}

function cases.fib()
	local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
	fib(22)
end

function cases.loops()
	local sum = 0
	for i = 1, 300 do
		for j = 1, 500 do
			if (i ~ j) & 3 ~= 0 then sum = sum + i * j % 7 end
		end
	end
	local t = {}
	for i = 1, 100 do t[i] = i end
	for _ = 1, 300 do
		for i, v in ipairs(t) do sum = sum + i + v end
	end
	return sum
end

function cases.methods()
	local class = {}
	class.__index = class
	function class:add(n) self.n = self.n + n return self end
	local object = setmetatable({ n = 0 }, class)
	for i = 1, 40000 do object:add(i):add(1) end
end

function cases.pcall()
	local function f(x) return x end
	for i = 1, 30000 do pcall(f, i) end
	for i = 1, 3000 do pcall(error, i) end
end

function cases.sort()
	local t, x = {}, 42
	for i = 1, 4000 do
		x = x * 1103515245 + 12345 & 0x7fffffff
		t[i] = x
	end
	table.sort(t)
	table.sort(t, function(a, b) return a > b end)
end

function cases.tables()
	for i = 1, 20000 do
		local t = { i, i + 1, x = i }
		t.y = t.x
	end
	local list = {}
	for i = 1, 20000 do list[#list + 1] = { i } end
end

function cases.closures()
	local sum = 0
	for i = 1, 50000 do
		local f = function() return i end
		sum = sum + f()
	end
end

function cases.concat()
	for i = 1, 10000 do
		local s = "a" .. i .. "b" .. (i + 1)
		s = s .. s
	end
	local parts = {}
	for i = 1, 10000 do parts[i] = i end
	table.concat(parts, ",")
end

function cases.rep()
	for i = 1, 3000 do
		local s = ("abc"):rep(i % 300 + 1)
		s = s:rep(3, ",")
	end
end

local clock = os and function() return os.clock() * 1000000000 // 1 | 0 end or require("linux").time

return function(name)
	cases[name]()
	collectgarbage()
	local began = clock()
	cases[name]()
	return clock() - began
end
