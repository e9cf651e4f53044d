// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What Lua's manual promises of what is there.
#include "support.hpp"
#include "kernel/gate.h"

using namespace lunatik;

class Language : public Core {};

LUA(Language, ClosuresShareTheirUpvalues, R"lua(
	local function counter()
		local n = 0
		return function() n = n + 1 return n end, function() return n end
	end
	local add, get = counter()
	local other = counter()
	add() add() other()
	same(get(), 2)
	local functions = {}
	for i = 1, 3 do functions[i] = function() i = i + 10 return i end end
	same({ functions[1](), functions[1](), functions[2]() }, { 11, 21, 12 })
)lua")

LUA(Language, GotoJumpsWithinItsBlock, R"lua(
	local seen = {}
	do
		local i = 1
		::again::
		if i <= 5 then
			if i % 2 == 0 then goto continue end
			seen[#seen + 1] = i
			::continue::
			i = i + 1
			goto again
		end
	end
	same(seen, { 1, 3, 5 })
	refused("goto nowhere", "no visible label 'nowhere'")
	refused("do goto l; local a; ::l:: print(a) end", "jumps into the scope of local 'a'")
	refused("::l:: ::l::", "label 'l' already defined")
	refused("break", "break outside loop at line 1")
)lua")

LUA(Language, VariableArgumentsAndMultipleResults, R"lua(
	local function f(...) return select("#", ...), ... end
	same({ f() }, { 0 })
	same({ f(nil, nil) }, { 2 })
	same({ (f(1, 2)) }, { 2 })
	same({ f(1, 2), 9 }, { 2, 9 })
	same(select(-1, 1, 2, 3), 3)
	fails("index out of range", select, 0)
	same(table.pack(table.unpack({ 1, nil, 3 }, 1, 3)).n, 3)
	fails("too many results to unpack", table.unpack, {}, 1, math.maxinteger)
	fails("too many results to unpack", table.unpack, {}, math.mininteger, math.maxinteger)
)lua")

LUA(Language, ConstantsAndToBeClosedVariables, R"lua(
	refused("local x <const> = 1; x = 2", "attempt to assign to const variable 'x'")
	refused("local x <odd> = 1", "unknown attribute 'odd'")
	local log = {}
	local function closer(name)
		return setmetatable({}, { __close = function(_, e) log[#log + 1] = name .. tostring(e) end })
	end
	do
		local a <close> = closer("a")
		local b <close> = closer("b")
		local c <close> = nil
	end
	pcall(function()
		local d <close> = closer("d")
		error("e", 0)
	end)
	same(log, { "bnil", "anil", "de" })
	fails("got a non-closable value", function() local x <close> = {} end)
	local wrapped = coroutine.wrap(function() local x <close> = closer("x") coroutine.yield(1) end)
	wrapped() wrapped()
	same(log[4], "xnil")
	local thread = coroutine.create(function() local y <close> = closer("y") coroutine.yield() end)
	coroutine.resume(thread)
	same(coroutine.close(thread), true)
	same(log[5], "ynil")
)lua")

LUA(Language, MetamethodsOfEveryOperator, R"lua(
	local events = {}
	local mt = {}
	for _, name in ipairs { "add", "sub", "mul", "mod", "idiv", "unm", "band", "bor", "bxor", "shl", "shr", "bnot",
				"concat", "len", "lt", "le", "call", "eq" } do
		mt["__" .. name] = function(...) events[#events + 1] = name return name end
	end
	local a, b = setmetatable({}, mt), setmetatable({}, mt)
	local results = { a + 1, 1 - a, a * b, a % 2, a // 2, -a, a & 1, 1 | a, a ~ b, a << 1, 1 >> a, ~a, a .. "x", #a,
			  a < b, a <= 1, a(1), a == b, a ~= b, 1 > a }
	same(table.concat(events, " "), "add sub mul mod idiv unm band bor bxor shl shr bnot concat len lt le call eq eq lt")
	same(results[1], "add")
	same(results[15], true)
	same(results[19], false)
	same(rawequal(a, b), false)
	same(rawlen(a), 0)
)lua")

LUA(Language, IndexMetamethods, R"lua(
	local base = { x = 1 }
	local child = setmetatable({}, { __index = setmetatable({}, { __index = base }) })
	same(child.x, 1)
	local stored = {}
	local proxy = setmetatable({}, { __index = function(_, k) return k .. "!" end, __newindex = stored })
	proxy.a = 5
	same({ proxy.b, stored.a, rawget(proxy, "a") }, { "b!", 5 })
	rawset(proxy, "c", 7)
	same(proxy.c, 7)
	local loop = {}
	setmetatable(loop, { __index = loop })
	fails("'__index' chain too long", function() return loop.x end)
	fails("attempt to index a nil value (local 'n')", function() local n; return n.x end)
	fails("index is nil", function() local t = {} t[nil] = 1 end)
	fails("cannot change a protected metatable", setmetatable, setmetatable({}, { __metatable = 1 }), {})
)lua")

LUA(Language, CoroutinesPassValuesBothWays, R"lua(
	local thread = coroutine.create(function(a, b)
		local c = coroutine.yield(a + b)
		local d, e = coroutine.yield(c * 2)
		return d .. e
	end)
	same({ coroutine.resume(thread, 1, 2) }, { true, 3 })
	same(coroutine.status(thread), "suspended")
	same({ coroutine.resume(thread, 10) }, { true, 20 })
	same({ coroutine.resume(thread, "x", "y") }, { true, "xy" })
	same(coroutine.status(thread), "dead")
	same({ coroutine.resume(thread) }, { false, "cannot resume dead coroutine" })
	same({ coroutine.resume(coroutine.running()) }, { false, "cannot resume non-suspended coroutine" })
	fails("attempt to yield from outside a coroutine", coroutine.yield)
	same(coroutine.isyieldable(), false)
)lua")

LUA(Language, CoroutinesYieldThroughProtectedCallsAndMetamethods, R"lua(
	local object = setmetatable({}, { __add = function(_, n) return coroutine.yield(n) end,
					  __index = function(_, k) return coroutine.yield(k) end })
	local wrapped = coroutine.wrap(function()
		local good, sum = pcall(function() return object + 1 end)
		local field = object.name
		for value in function() return coroutine.yield("for") end do
			field = field .. value
			break
		end
		return good, sum, field
	end)
	same(wrapped(), 1)
	same(wrapped("sum"), "name")
	same(wrapped("field"), "for")
	same({ wrapped("!") }, { true, "sum", "field!" })
	fails("cannot resume dead coroutine", wrapped)
	local sorter = coroutine.wrap(function() table.sort({ 2, 1 }, function() coroutine.yield() end) end)
	fails("attempt to yield across a C-call boundary", sorter)
	local failing = coroutine.wrap(function() error({ code = 7 }) end)
	local good, object = pcall(failing)
	same(object.code, 7)
)lua")

LUA(Language, ErrorsCarryAnyValueAndAPosition, R"lua(
	same({ pcall(error) }, { false })
	same({ pcall(error, { 1 }) }, { false, { 1 } })
	local good, message = pcall(function() error("here") end)
	same(message, "scripts/ErrorsCarryAnyValueAndAPosition.lua:4: here")
	same(select(2, pcall(error, "plain", 0)), "plain")
	same({ xpcall(function() error("x", 0) end, function(m) return m .. "y" end) }, { false, "xy" })
	same({ xpcall(function(...) return ... end, print, 1, 2) }, { true, 1, 2 })
	same(select(2, xpcall(error, function() error("again") end)) ~= nil, true)
	fails("attempt to call a nil value (global 'nothing')", function() nothing() end)
	fails("attempt to concatenate a table value (local 't')", function() local t = {} return "a" .. t end)
	fails("attempt to get length of a number value (field 'n')", function() local t = { n = 1 } return #t.n end)
	same({ assert(1, 2, 3) }, { 1, 2, 3 })
	fails("assertion failed!", assert, false)
	fails("mine", assert, nil, "mine")
)lua")

LUA(Language, TracebackNamesFunctionsAndLines, R"lua(
	local function inner() return debug.traceback("top") end
	local text = inner()
	assert(text:find("^top\nstack traceback:\n"), text)
	assert(text:find("TracebackNamesFunctionsAndLines.lua:2: in", 1, true) or
	       text:find("TracebackNamesFunctionsAndLines.lua:3: in main chunk", 1, true), text)
	same(debug.getinfo(1, "l").currentline, 7)
	same(debug.getinfo(print).what, "C")
)lua")

LUA(Language, LoadHasChunknameModeAndEnvironment, R"lua(
	local environment = { x = 5 }
	same(load("x = x + 1 return x", "=name", "t", environment)(), 6)
	same(environment.x, 6)
	local _, message = load("x =", "=name")
	same(message, "name:1: unexpected symbol near <eof>")
	local parts = { "return ", "4", "2", nil }
	local i = 0
	same(load(function() i = i + 1 return parts[i] end)(), 42)
	assert(select(2, load(function() return {} end)):find("reader function must return a string", 1, true))
	assert(select(2, load(function() error("in reader", 0) end)):find("^in reader"))
	refused("x = 'a", "unfinished string")
	refused("x = [[a", "unfinished long string")
	refused("--[[", "unfinished long comment")
	refused("x = '\\xzz'", "hexadecimal digit expected")
	refused("x = '\\400'", "decimal escape too large")
	refused("x = '\\u{80000000}'", "UTF-8 value too large")
	refused("\1", "unexpected symbol near '<\\1>'")
	refused("for", "<name> expected near <eof>")
	refused(("a = "):rep(300) .. "1", "unexpected symbol")
)lua")

LUA(Language, LargeSourcesCompileOrAreRefused, R"lua(
	local locals = {}
	for i = 1, 201 do locals[i] = "local a" .. i end
	refused(table.concat(locals, "\n"), "too many local variables")
	same(value("{" .. ("1,"):rep(5000) .. "}")[5000], 1)
	local constants = {}
	for i = 1, 35000 do constants[i] = "'k" .. i .. "'" end
	same(#value("{" .. table.concat(constants, ",") .. "}"), 35000)
	refused("return " .. ("("):rep(1000) .. "1" .. (")"):rep(1000), "overflow")
	refused("return " .. ("{"):rep(1000), "overflow")
	refused(("do "):rep(1000), "overflow")
	refused("return " .. ("-"):rep(0) .. ("not "):rep(1000) .. "1", "overflow")
	refused("x = " .. ("a.."):rep(1000) .. "a", "overflow")
)lua")

class Strings : public Core {};

LUA(Strings, SubByteCharRepReverseCase, R"lua(
	same(("hello"):sub(2, -2), "ell")
	same(("hello"):sub(math.mininteger, math.maxinteger), "hello")
	same(("hello"):sub(4, 2), "")
	same({ ("AB"):byte(1, -1) }, { 65, 66 })
	same({ ("AB"):byte(10) }, {})
	same(string.char(0, 255, 65), "\0\255A")
	fails("value out of range", string.char, 256)
	fails("value out of range", string.char, -1)
	same(("ab"):rep(3, "-"), "ab-ab-ab")
	same(("ab"):rep(0) .. ("ab"):rep(-1), "")
	fails("resulting string too large", string.rep, "ab", math.maxinteger)
	fails("not enough memory", string.rep, "x", 1 << 30)
	same(("abc"):reverse():upper(), "CBA")
	same(("\0A\0"):lower(), "\0a\0")
	same(#"\u{7FFFFFFF}\z
	      x\x41\65", 9)
)lua")

LUA(Strings, FindMatchAndCaptures, R"lua(
	same({ ("hello world"):find("o w") }, { 5, 7 })
	same({ ("a.b"):find(".", 2, true) }, { 2, 2 })
	same({ ("hello"):find("l", -2) }, { 4, 4 })
	same({ ("hello"):find("") }, { 1, 0 })
	same({ ("hello"):find("", 10) }, {})
	same({ ("key = value"):match("^(%w+)%s*=%s*(%w+)$") }, { "key", "value" })
	same({ ("hello"):match("()ll()") }, { 3, 5 })
	same(("THE (quick) fox"):match("%((%a+)%)"), "quick")
	same(("[[x]]"):match("%b[]"), "[[x]]")
	same(("THE fox"):gsub("%f[%a]%a+", "X"), "X X")
	same(("a-b_c"):match("[%w_-]+"), "a-b_c")
	same(("x^]"):match("[]^]+"), "^]")
	same(("\0\1\2"):match("[\1-\2]+"), "\1\2")
	same(("aaa"):match("a-$"), "aaa")
	same(("abcabc"):match("(abc)%1"), "abc")
	same(("0x1F"):match("^0x%x+$"), "0x1F")
	for _, case in ipairs { { "(", "unfinished capture" }, { "%", "malformed pattern (ends with '%')" },
				{ "[a", "malformed pattern (missing ']')" }, { "[x])", "invalid pattern capture" },
				{ "%1", "invalid capture index" }, { "%b", "missing arguments to '%b'" },
				{ "%f", "missing '[' after '%f' in pattern" } } do
		fails(case[2], string.find, "xyz", case[1])
	end
	fails("too many captures", string.find, ("a"):rep(50), ("(a)"):rep(33))
)lua")

LUA(Strings, GsubWithStringsTablesAndFunctions, R"lua(
	same({ ("hello world"):gsub("o", "0") }, { "hell0 w0rld", 2 })
	same({ ("abc"):gsub("%w", "%0%0", 2) }, { "aabbc", 2 })
	same({ ("abc"):gsub("", "-") }, { "-a-b-c-", 4 })
	same(("$name!"):gsub("%$(%w+)", { name = "Lua" }), "Lua!")
	same(("abc"):gsub("%w", function(c) if c == "b" then return false end return c:upper() end), "AbC")
	same(("a b"):gsub("(%w) (%w)", "%2 %1"), "b a")
	fails("invalid use of '%' in replacement string", string.gsub, "a", "a", "%")
	fails("invalid replacement value (a table)", string.gsub, "a", "a", function() return {} end)
	fails("string/function/table expected", string.gsub, "a", "a")
	same(#(("x"):rep(1000):gsub("x", ("y"):rep(100))), 100000)
)lua")

LUA(Strings, GmatchWalksAllMatches, R"lua(
	local words = {}
	for word in ("one two  three"):gmatch("%a+") do words[#words + 1] = word end
	same(words, { "one", "two", "three" })
	local pairs_ = {}
	for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do pairs_[k] = v end
	same(pairs_, { a = "1", b = "2" })
	local n = 0
	for _ in ("abc"):gmatch("") do n = n + 1 end
	same(n, 4)
	same(("abcabc"):gmatch("b()", 3)(), 6)
)lua")

class Utf8 : public Core {};

LUA(Utf8, EncodesDecodesAndWalks, R"lua(
	same(utf8.char(72, 228, 8364, 0x1F600), "Hä€😀")
	same({ utf8.codepoint("ä€", 1, -1) }, { 228, 8364 })
	same(utf8.len("Hä€"), 3)
	same({ utf8.len("\xff") }, { nil, 1 })
	same({ utf8.len("a\x80") }, { nil, 2 })
	same(utf8.offset("ä€x", 3), 6)
	same(utf8.offset("ä€x", -1), 6)
	local codes = {}
	for position, code in utf8.codes("aä€") do codes[#codes + 1] = position .. ":" .. code end
	same(codes, { "1:97", "2:228", "4:8364" })
	same(#utf8.char(0x7fffffff), 6)
	same(utf8.len("\u{7fffffff}", 1, -1, true), 1)
	same({ utf8.len("\u{D800}") }, { nil, 1 })
	same({ utf8.len("\xC0\x80") }, { nil, 1 })
	fails("invalid UTF-8 code", function() for _ in utf8.codes("a\xff") do end end)
	fails("value out of range", utf8.char, -1)
	fails("initial position is a continuation byte", utf8.offset, "ä", 1, 2)
	fails("out of bounds", utf8.codepoint, "abc", 1, 4)
	same(("ä€"):match("^" .. utf8.charpattern), "ä")
)lua")

class Tables : public Core {};

LUA(Tables, InsertRemoveMoveConcat, R"lua(
	local t = { 1, 2, 3 }
	table.insert(t, 4)
	table.insert(t, 1, 0)
	same(t, { 0, 1, 2, 3, 4 })
	same(table.remove(t), 4)
	same(table.remove(t, 1), 0)
	same(t, { 1, 2, 3 })
	same(table.remove({}), nil)
	fails("position out of bounds", table.insert, t, 5, 1)
	fails("wrong number of arguments to 'insert'", table.insert, t)
	same(table.move(t, 1, 3, 2), { 1, 1, 2, 3 })
	same(table.move({ 1, 2 }, 1, 2, 1, {}), { 1, 2 })
	fails("too many elements to move", table.move, t, 0, math.maxinteger, 1)
	fails("destination wrap around", table.move, t, 1, 2, math.maxinteger)
	same(table.concat({ 1, "a", 2 }, ", "), "1, a, 2")
	same(table.concat({}, "x"), "")
	same(table.concat({ 1, 2, 3 }, "", 2, 3), "23")
	fails("invalid value (table) at index 2 in table for 'concat'", table.concat, { 1, {}, 3 })
)lua")

LUA(Tables, SortOrdersAndNoticesBadOrders, R"lua(
	local t = {}
	for i = 1, 500 do t[i] = (i * 7919) % 503 end
	table.sort(t)
	for i = 2, #t do assert(t[i - 1] <= t[i]) end
	table.sort(t, function(a, b) return a > b end)
	for i = 2, #t do assert(t[i - 1] >= t[i]) end
	fails("invalid order function for sorting", table.sort, { 1, 2, 3, 4, 5, 6, 7, 8 }, function() return true end)
	fails("attempt to compare", table.sort, { 1, "a" })
	fails("array too big", table.sort, setmetatable({}, { __len = function() return math.maxinteger end }))
	local words = { "b", "a", "\0", "B", "" }
	table.sort(words)
	same(words, { "", "\0", "B", "a", "b" })
)lua")

LUA(Tables, PairsNextAndLength, R"lua(
	local t, n = { 10, 20, 30, x = 1, y = 2 }, 0
	for k, v in pairs(t) do n = n + v; t[k] = nil end
	same(n, 63)
	same(next(t), nil)
	fails("invalid key to 'next'", next, {}, "absent")
	local seen = {}
	for i, v in ipairs { 1, 2, nil, 4 } do seen[i] = v end
	same(seen, { 1, 2 })
	same(#{ n = 1 }, 0)
	local proxy = setmetatable({}, { __pairs = function() return next, { a = 1 } end })
	for k, v in pairs(proxy) do same({ k, v }, { "a", 1 }) end
	local big = {}
	for i = 1, 10000 do big[i] = i end
	same(#big, 10000)
	for i = 10000, 1, -1 do big[i] = nil end
	same(#big, 0)
	big[1 << 40] = 1
	big[math.mininteger] = 2
	same(big[math.mininteger], 2)
)lua")

LUA(Tables, WeakTablesAndFinalizers, R"lua(
	local order = {}
	for i = 1, 3 do
		setmetatable({}, { __gc = function() order[#order + 1] = i end })
	end
	collectgarbage()
	same(order, { 3, 2, 1 })
	local keys = setmetatable({}, { __mode = "k" })
	keys[{}] = 1
	local kept = {}
	keys[kept] = { kept }
	collectgarbage()
	local n = 0
	for _ in pairs(keys) do n = n + 1 end
	same(n, 1)
	setmetatable({}, { __gc = function() error("ignored") end })
	collectgarbage()
	local revived
	setmetatable({ 1 }, { __gc = function(o) revived = o end })
	collectgarbage()
	same(revived[1], 1)
)lua")

LUA(Language, StringsOfAllLengthsAreCopiedWhole, R"lua(
	local bytes = {}
	for i = 1, 400 do bytes[i] = string.char(i * 7 % 251) end
	local whole = table.concat(bytes)
	for length = 0, 400 do
		local from = length % 5 + 1
		local part, again = whole:sub(from, length), ""
		for i = from, length do same(part:byte(i - from + 1), i * 7 % 251) end
		for i = from, length do again = again .. bytes[i] end
		same(part .. part, again .. again)
		same(#part:rep(3, "-"), 3 * #part + 2)
	end
)lua")

LUA(Language, StringsAreRepeatedAsOftenAsAsked, R"lua(
	for _, piece in ipairs { "", "a", "\0b", "abc", ("xyz"):rep(13), ("0123456789"):rep(33), ("q"):rep(5000) .. "r" } do
		for _, separator in ipairs { "", ",", "--", ("s"):rep(41), ("t"):rep(4097) } do
			local all = ""
			for n = 1, 40 do
				all = all .. piece
				same(piece:rep(n, separator), all)
				all = all .. separator
			end
			for _, n in ipairs { 0, -1, math.mininteger } do same(piece:rep(n, separator), "") end
		end
	end
	for size = 1, 70 do same(#("x"):rep(size), size) end
	for _, n in ipairs { 1000, 4095, 4096, 4097, 100003 } do
		local whole = ("abc"):rep(n, ".")
		same(#whole, 4 * n - 1)
		same(#whole:gsub("abc%.?", ""), 0)
		same(whole:rep(2), whole .. whole)
	end
	same((""):rep(math.maxinteger), "")
	same(("x"):rep(1, ("y"):rep(1 << 20)), "x")
	same(({ [("k"):rep(20)] = 1 })[("kk"):rep(10)], 1)
)lua")

TEST_F(Language, RepetitionAttendsToTheGuard)
{
	Handle *handle = run("repeats", "function repeats() return #('ab'):rep(1 << 19, '') end", "hardirq");

	inside(handle, [](lua_State *L) {
		State *state = state_of(L);
		unsigned int before = state->looks;

		lua_getglobal(L, "repeats");
		ASSERT_EQ(lua_pcall(L, 0, 1, 0), LUA_OK);
		EXPECT_EQ(lua_tointeger(L, -1), 1 << 20);
		lua_pop(L, 1);
		/* Not once for each piece, and not seldom: at the latest after 8 KiB. */
		EXPECT_GE(state->looks - before, (1U << 20) / 8192);
		EXPECT_LE(state->looks - before, (1U << 20) / 1024);
	});
}
