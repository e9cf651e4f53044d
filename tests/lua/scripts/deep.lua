-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Recursion through C in many ways: each has to end in an error.
local ways = {}

function ways.pcall() local function f() pcall(f) error("x") end f() end
function ways.gsub() local function f() return (("x"):gsub(".", f)) end f() end
function ways.load() assert(load("return " .. ("("):rep(5000) .. "1" .. (")"):rep(5000)))() end
function ways.tables() assert(load("return " .. ("{"):rep(5000) .. ("}"):rep(5000)))() end
function ways.wrap() local function f() coroutine.wrap(f)() end f() end
function ways.index() local t = {} setmetatable(t, { __index = function(_, k) return t[k .. "x"] end }) return t.a end
function ways.tostring() local t = {} setmetatable(t, { __tostring = function() return tostring(t) end }) tostring(t) end
function ways.sort() local function f() table.sort({ 3, 2, 1 }, f) return true end f() end
function ways.pattern() ("x"):rep(100000):match(("x?"):rep(10000)) error("it ended") end
function ways.close() local function f() local c <close> = setmetatable({}, { __close = f }) end f() error("it ended") end
function ways.concat() local t = {} setmetatable(t, { __concat = function() return t .. t end }) return t .. t end
function ways.lua() local function f() return 1 + f() end f() end

return function()
	for name, way in pairs(ways) do
		local good = pcall(way)
		if good then return name .. " raised no error" end
	end
	return "all ended"
end
