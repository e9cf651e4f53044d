-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Faults of the kernel's stack: recursion through C, each of which has to end in an error.
local stack = {}

-- Hands an error on as it is.
local function check(good, ...)
	if not good then error(..., 0) end
	return good, ...
end

local function recurse(metamethod, operate)
	return function()
		local t = setmetatable({}, {})
		getmetatable(t)[metamethod] = function() return operate(t) end
		return operate(t)
	end
end

local function nested(open, inner, close)
	return function() return assert(load(open:rep(10000) .. inner .. close:rep(10000))) end
end

function stack.pcall() local function f() check(pcall(f)) end f() end
function stack.xpcall() local function f() check(xpcall(f, function(m) return m end)) end f() end
function stack.handler() local function f() error("again") end local function h() f() end check(xpcall(f, h)) end
function stack.gsub() local function f() return (("x"):gsub(".", f)) end f() end
function stack.sort() local function f() table.sort({ 3, 2, 1 }, f) return true end f() end
function stack.wrap()
	local function f() coroutine.wrap(f)() end
	local _, message = pcall(f)
	error(message:sub(-200), 0) -- each level adds its place
end
function stack.resume() local function f() check(coroutine.resume(coroutine.create(f))) end f() end
function stack.load_reader() local function f() return check(load(f)) end f() end
function stack.load_run() local s = "return 1 + load(...)(...)" return assert(load(s))(s) end
function stack.require()
	package.preload.again = function(name) return require(name) end
	return require("again")
end
function stack.close() local function f() local c <close> = setmetatable({}, { __close = f }) end f() error("it ended") end
function stack.coroutine_close()
	local function f()
		local c = coroutine.create(function() local x <close> = setmetatable({}, { __close = f }) coroutine.yield() end)
		check(coroutine.resume(c))
		check(coroutine.close(c))
	end
	f()
end
function stack.hook() coroutine.wrap(function() local function f() debug.sethook(f, "c") f() end f() end)() end
function stack.call_chain()
	local t = {}
	for _ = 1, 10000 do t = setmetatable({}, { __call = t }) end
	return t()
end
function stack.index_chain()
	local t = {}
	for _ = 1, 10000 do t = setmetatable({}, { __index = t }) end
	return t.x or error("it ended")
end
function stack.lua() local function f() return 1 + f() end f() end
function stack.varargs() local function f(...) return 1 + f(1, ...) end f() end
function stack.pattern() return ("x"):rep(100000):match(("x?"):rep(10000)) and error("it ended") end
function stack.captures() return ("x"):rep(100):match(("("):rep(200) .. "x" .. (")"):rep(200)) end

stack.index = recurse("__index", function(t) return t.x end)
stack.newindex = recurse("__newindex", function(t) t.x = 1 end)
stack.add = recurse("__add", function(t) return t + 1 end)
stack.idiv = recurse("__idiv", function(t) return t // 1 end)
stack.concat = recurse("__concat", function(t) return t .. "" end)
stack.unm = recurse("__unm", function(t) return -t end)
stack.bnot = recurse("__bnot", function(t) return ~t end)
stack.len = recurse("__len", function(t) return #t end)
stack.lt = recurse("__lt", function(t) return t < t end)
stack.le = recurse("__le", function(t) return t <= t end)
stack.eq = recurse("__eq", function(t) return t == setmetatable({}, getmetatable(t)) end)
stack.call = recurse("__call", function(t) return 1 + t() end)
stack.tostring = recurse("__tostring", function(t) return tostring(t) end)
stack.format = recurse("__tostring", function(t) return ("%s"):format(t) end)
stack.print = recurse("__tostring", function(t) print(t) return "" end)
stack.pairs = recurse("__pairs", function(t) return pairs(t) end)
stack.table_concat = recurse("__index", function(t) return table.concat(t, "", 1, 1) end)
stack.table_unpack = recurse("__index", function(t) return table.unpack(t, 1, 1) end)
stack.table_move = recurse("__index", function(t) return table.move(t, 1, 1, 2) end)
stack.table_insert = recurse("__len", function(t) return table.insert(t, 1) end)
stack.table_remove = recurse("__len", function(t) return table.remove(t) end)
stack.table_sort = recurse("__len", function(t) return table.sort(t) end)
stack.ipairs = recurse("__index", function(t) for _ in ipairs(t) do end end)
stack.error_tostring = recurse("__tostring", function(t) error(t) end)
stack.error_gsub = recurse("__index", function(t) return ("x"):gsub("x", t) end)

stack.parentheses = function() return assert(load("return " .. ("("):rep(10000) .. "1" .. (")"):rep(10000))) end
stack.deep_tables = function() return assert(load("return " .. ("{"):rep(10000) .. ("}"):rep(10000))) end
stack.deep_calls = function() return assert(load("return " .. ("f("):rep(10000) .. (")"):rep(10000))) end
stack.deep_functions = nested("return function() ", "", " end")
stack.deep_blocks = nested("do ", "", " end")
stack.deep_loops = nested("while x do ", "", " end")
stack.deep_ifs = nested("if x then ", "", " end")
stack.deep_operators = function() return assert(load("return " .. ("-"):rep(10000, " ") .. "1")) end
stack.deep_concats = function() return assert(load("return " .. ("x.."):rep(10000) .. "x")) end
stack.deep_assignments = function() return assert(load(("a,"):rep(10000) .. "a=1")) end
return stack
