// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The debug library: what it shows of a script, and that nothing the kernel relies on is in its reach.
#include "support.hpp"

class Debug : public Core {};

LUA(Debug, ShowsAndSetsTheVariablesOfAScript, R"lua(
	local function f(a, b)
		local c = a + b
		same({ debug.getlocal(1, 1) }, { "a", 1 })
		same({ debug.getlocal(1, 3) }, { "c", 3 })
		same(debug.setlocal(1, 3, 30), "c")
		return c
	end
	same(f(1, 2), 30)
	same(debug.getlocal(f, 2), "b")
	local function g(...)
		same({ debug.getlocal(1, -2) }, { "(vararg)", "y" })
		same(debug.setlocal(1, -2, "z"), "(vararg)")
		return ...
	end
	same({ g("x", "y") }, { "x", "z" })
	local up = 1
	local function h() return up end
	same({ debug.getupvalue(h, 1) }, { "up", 1 })
	same(debug.setupvalue(h, 1, 2), "up")
	same(up, 2)
	same(debug.getinfo(1, "f").func ~= nil, true)
	same(debug.getinfo(f, "f").func, f)
	same(debug.getinfo(print, "f").func, print)
	same(debug.getmetatable("").__index, string)
)lua")

LUA(Debug, HooksSeeLinesAndCalls, R"lua(
	local lines, calls = 0, 0
	debug.sethook(function(event)
		if event == "line" then lines = lines + 1 else calls = calls + 1 end
	end, "lc")
	local x = 1
	x = x + 1
	math.abs(x)
	debug.sethook()
	assert(lines >= 4 and calls >= 1)
	local count = 0
	debug.sethook(function() count = count + 1 end, "", 100)
	for i = 1, 10000 do end
	debug.sethook()
	assert(count >= 50, count)
	same(debug.gethook(), nil)
)lua")

TEST_F(Debug, BuffersOfTheStringLibraryAreOutOfReach)
{
	SURVIVES(R"lua(
		local t = require("rcu").table()
		local finalize = require("host").metatable(t).__gc
		-- The buffer's box, while string.gsub() calls back
		local text = ("x"):rep(600):gsub("x", function()
			for n = 1, 20 do
				local _, value = debug.getlocal(2, n)
				if type(value) == "userdata" then
					pcall(function() t.box = value end)
					pcall(finalize, value)
				end
			end
		end)
		same(#text, 600)
	)lua");
}

TEST_F(Debug, TemporariesOfCFunctionsCannotBeSet)
{
	SURVIVES(R"lua(
		local text = ("x"):rep(600):gsub("x", function()
			for n = 1, 20 do debug.setlocal(2, n, nil) end
			return "yy"
		end)
		same(#text, 1200)
		local list = {}
		for i = 1, 100 do list[i] = 100 - i end
		table.sort(list, function(a, b)
			for n = 1, 20 do debug.setlocal(2, n, nil) end
			return a < b
		end)
	)lua");
}

TEST_F(Debug, VariablesOfTheVirtualMachineCannotBeSet)
{
	SURVIVES(R"lua(
		local function spoil()
			for n = 1, 20 do
				local name = debug.getlocal(2, n)
				if name and name:sub(1, 1) == "(" then debug.setlocal(2, n, {}) end
			end
		end
		-- A table being made, a loop's count, a loop's state, a call's arguments, a concatenation
		same({ spoil(), 2 }, { nil, 2 })
		local rounds = 0
		for i = 1, 5 do spoil() rounds = rounds + 1 end
		same(rounds, 5)
		for _, v in ipairs { 1, 2, 3 } do spoil() rounds = rounds + v end
		same(rounds, 11)
		same(tostring((spoil())) .. (spoil() or "x") .. "y", "nilxy")
		collectgarbage()
	)lua");
}

TEST_F(Debug, UpvaluesOfCFunctionsAreOutOfReach)
{
	SURVIVES(R"lua(
		local iterator = ("abc"):gmatch(".")
		for n = 1, 5 do
			same(debug.getupvalue(iterator, n), nil)
			same(debug.setupvalue(iterator, n, nil), nil)
		end
		same(iterator(), "a")
		local wrapped = coroutine.wrap(function() return 7 end)
		debug.setupvalue(wrapped, 1, nil)
		same(wrapped(), 7)
		for _, searcher in ipairs(package.searchers) do debug.setupvalue(searcher, 1, nil) end
		same(type(require("data")), "table")
	)lua");
}

TEST_F(Debug, RunningCFunctionsOfTheCoreAreOutOfReach)
{
	SURVIVES(R"lua(
		for level = 1, 20 do
			local info = debug.getinfo(level, "Sf")
			if info and info.what == "C" then same(info.func, nil) end
		end
		same(debug.getinfo(1, "Lf").activelines ~= nil, true)
		same(type(debug.getinfo(1, "Lf").func), "function")
		debug.sethook(function()
			local info = debug.getinfo(2, "Sf")
			if info and info.what == "C" then same(info.func, nil) end
		end, "c")
		pcall(string.rep, "x", 2)
		debug.sethook()
	)lua");
}

TEST_F(Debug, RunningCFunctionsOfAnotherThreadAreOutOfReach)
{
	script("resumed", R"lua(
		local main = coroutine.running()
		return function()
			local functions = 0
			for level = 0, 20 do
				local info = debug.getinfo(main, level, "f")
				if info and info.func then
					functions = functions + 1
					pcall(info.func, "x")
				end
			end
			return functions
		end
	)lua");
	SURVIVES("same(require('lunatik').runtime('resumed'):resume(), 0)");
}

LUA(Debug, MetatablesOfObjectsAreOutOfReach, R"lua(
	local d = require("data").new(8)
	same(getmetatable(d), "data")
	same(debug.getmetatable(d), nil)
	fails("cannot change", debug.setmetatable, d, nil)
	fails("cannot change", debug.setmetatable, d, {})
	fails("table expected", setmetatable, d, {})
	d:setbyte(0, 1)
)lua")
