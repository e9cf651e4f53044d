// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lua without floating-point numbers, and what else of its libraries differs in the kernel.
#include "support.hpp"

class Integers : public Core {};

LUA(Integers, FloatLiteralsDoNotCompile, R"lua(
	for _, literal in ipairs { "1.0", ".5", "5.", "1e2", "1E2", "0x1p4", "0x.8", "0x1.8", "3.0e-2", "1e", "0x", "1..2" } do
		refused("return " .. literal, "malformed number (integers only in the kernel)")
	end
)lua")

LUA(Integers, NumeralsBeyond64BitsDoNotCompile, R"lua(
	same(value("9223372036854775807"), math.maxinteger)
	refused("return 9223372036854775808", "malformed number")
	refused("return -9223372036854775808", "malformed number")
	same(value("-9223372036854775807 - 1"), math.mininteger)
)lua")

LUA(Integers, HexadecimalNumeralsWrap, R"lua(
	same(0xff, 255)
	same(0xFFFFFFFFFFFFFFFF, -1)
	same(0x8000000000000000, math.mininteger)
	same(value("0x1FFFFFFFFFFFFFFFF"), -1)
)lua")

LUA(Integers, DivisionAndPowerDoNotCompile, R"lua(
	for _, source in ipairs { "return 4 / 2", "return 2 ^ 8", "return (1) / (2)", "local t = {} return t / t",
				  "return '4' / '2'", "return -2 ^ 2", "return 1 + 4 / 2 - 1", "x = f() ^ g()" } do
		refused(source, "operator not supported in the kernel (integers only)")
	end
)lua")

LUA(Integers, DivisionInCommentsAndStringsCompiles, R"lua(
	same(value("'a/b^c' -- 1 / 2 ^ 3"), "a/b^c")
)lua")

LUA(Integers, OperatorsOfStringsCannotMakeFloats, R"lua(
	local strings = getmetatable("")
	fails("floating-point arithmetic is not supported in the kernel", strings.__div, "4", "2")
	fails("floating-point arithmetic is not supported in the kernel", strings.__pow, "2", "8")
	same(strings.__idiv("7", "2"), 3)
	same(strings.__add("7", 2), 9)
)lua")

LUA(Integers, StringsCoerceToIntegersOnly, R"lua(
	same("10" + 1, 11)
	same("0x10" * "2", 32)
	same(" 7 " - 2, 5)
	same(-"3", -3)
	same("7" // "2", 3)
	same("7" % 4, 3)
	same(10 .. 20, "1020")
	for _, text in ipairs { "1.0", "1e1", "0x1p1", "", " ", "abc", "1 2", "9223372036854775808", "inf", "nan", "1\0" } do
		fails("attempt to add a 'string' with a 'number'", function() return text + 1 end)
	end
	fails("attempt to perform bitwise operation on a string value", function() return "3" | 4 end)
)lua")

LUA(Integers, ComparisonsDoNotCoerce, R"lua(
	same(1 == "1", false)
	fails("attempt to compare number with string", function() return 1 < "2" end)
	same("10" < "9", true)
	same(math.mininteger < math.maxinteger, true)
	same(-1 < 0, true)
)lua")

LUA(Integers, ArithmeticWraps, R"lua(
	same(math.maxinteger + 1, math.mininteger)
	same(math.mininteger - 1, math.maxinteger)
	same(math.mininteger * -1, math.mininteger)
	same(-math.mininteger, math.mininteger)
	same(math.maxinteger * 2, -2)
)lua")

LUA(Integers, FloorDivisionAndModulo, R"lua(
	for _, case in ipairs { { 7, 2, 3, 1 }, { -7, 2, -4, 1 }, { 7, -2, -4, -1 }, { -7, -2, 3, -1 }, { 0, 5, 0, 0 },
				{ 6, 3, 2, 0 }, { -6, 3, -2, 0 }, { math.mininteger, -1, math.mininteger, 0 },
				{ math.mininteger, 1, math.mininteger, 0 }, { math.maxinteger, -1, -math.maxinteger, 0 } } do
		local a, b, quotient, rest = table.unpack(case)
		same(a // b, quotient)
		same(a % b, rest)
		same(value(a == math.mininteger and "math.mininteger //" .. b or a .. "//" .. b), quotient)
	end
	fails("attempt to divide by zero", function() return 1 // 0 end)
	fails("attempt to perform 'n%0'", function() return 1 % 0 end)
	local zero = 0
	fails("attempt to divide by zero", function() return math.mininteger // zero end)
)lua")

LUA(Integers, BitwiseOperators, R"lua(
	same(0xf0 & 0x3c, 0x30)
	same(0xf0 | 0x0f, 0xff)
	same(0xff ~ 0x0f, 0xf0)
	same(~0, -1)
	same(1 << 63, math.mininteger)
	same(1 << 64, 0)
	same(-1 >> 1, math.maxinteger)
	same(-1 >> 63, 1)
	same(-1 >> 64, 0)
	same(1 << -1, 0)
	same(2 >> -1, 4)
	same(1 << math.mininteger, 0)
	same(1 >> math.mininteger, 0)
	same(1 << math.maxinteger, 0)
)lua")

LUA(Integers, ForLoopsCountIntegers, R"lua(
	local function count(first, last, step)
		local n = 0
		for i = first, last, step do n = n + 1; if n > 100 then break end end
		return n
	end
	same(count(1, 10, 1), 10)
	same(count(1, 10, 3), 4)
	same(count(10, 1, -4), 3)
	same(count(1, 0, 1), 0)
	same(count(math.maxinteger - 1, math.maxinteger, 1), 2)
	same(count(math.mininteger + 1, math.mininteger, -1), 2)
	same(count(math.mininteger, math.maxinteger, math.maxinteger), 3)
	same(count(1, math.mininteger, math.mininteger), 2)
	same(count(-1, math.mininteger, math.mininteger), 1)
	fails("'for' step is zero", count, 1, 2, 0)
	same(count("5", 6, 1), 2)
	same(count(1, "3", 1), 3)
	same(count(1, 6, "2"), 3)
	same(count("9223372036854775806", math.maxinteger, 1), 2)
	for i = "7", 7 do same(math.tointeger(i), i) end
	fails("bad 'for' initial value", count, "x", 2, 1)
	fails("bad 'for' limit", count, 1, "2.5", 1)
	fails("bad 'for' step", count, 1, 2, {})
)lua")

LUA(Integers, TonumberGivesIntegersOnly, R"lua(
	same(tonumber("42"), 42)
	same(tonumber("-0x2A"), -42)
	same(tonumber("  7\n"), 7)
	same(tonumber("z", 36), 35)
	same(tonumber("1e1", 16), 0x1e1)
	same(tonumber("-ff", 16), -255)
	for _, text in ipairs { "1.0", "1e1", "0x1p4", "", "0x", "1_000", "9223372036854775808", "- 1", "1 1" } do
		same(tonumber(text), nil)
	end
	same(tonumber("8", 8), nil)
	fails("base out of range", tonumber, "1", 37)
)lua")

LUA(Integers, MathHasIntegersOnly, R"lua(
	local names = {}
	for name in pairs(math) do names[#names + 1] = name end
	table.sort(names)
	same(table.concat(names, " "), "abs max maxinteger min mininteger tointeger ult")
	same(math.maxinteger, 0x7fffffffffffffff)
	same(math.mininteger, -0x7fffffffffffffff - 1)
	same(math.abs(-5), 5)
	same(math.abs(5), 5)
	same(math.abs(math.mininteger), math.mininteger)
	same(math.max(3, -1, 7, 2), 7)
	same(math.max(math.mininteger), math.mininteger)
	same(math.min(3, -1, 7, 2), -1)
	same(math.min(math.mininteger, math.maxinteger), math.mininteger)
	same(math.ult(1, -1), true)
	same(math.ult(-1, 1), false)
	same(math.ult(1, 1), false)
	same(math.tointeger(3), 3)
	same(math.tointeger("8"), 8)
	same(math.tointeger("8.0"), nil)
	same(math.tointeger({}), nil)
	fails("number expected, got no value", math.max)
	fails("number expected, got table", math.min, 1, {})
	fails("value expected", math.tointeger)
)lua")

LUA(Integers, TypesAndNamesOfNumbers, R"lua(
	same(type(1), "number")
	same(tostring(-0), "0")
	same(tostring(math.mininteger), "-9223372036854775808")
	local t = { [1] = "one" }
	same(t["1"], nil)
	same(next({}), nil)
)lua")

LUA(Integers, FormatRefusesFloatsAndWritesIntegers, R"lua(
	for _, conversion in ipairs { "f", "e", "E", "g", "G", "a", "A", ".3f", "5.1e" } do
		fails("invalid conversion '%" .. conversion .. "' to 'format'", string.format, "%" .. conversion, 1)
	end
	same(string.format("%d %5d|%-5d|%05d %+d", 1, 2, 3, 4, 5), "1     2|3    |00004 +5")
	same(string.format("%x %X %#x %o %i", 255, 255, 255, 8, "12"), "ff FF 0xff 10 12")
	same(string.format("%x", -1), "ffffffffffffffff")
	same(string.format("%d", math.mininteger), "-9223372036854775808")
	same(string.format("%c%c", 76, 0), "L\0")
	same(string.format("%s %10s|%-5s|%.2s %%", true, "x", "y", "abc"), "true          x|y    |ab %")
	same(string.format("%q", "a\n\0\"\\\r1"), '"a\\\n\\0\\"\\\\\\0131"')
	same(string.format("%q", 255), "255")
	same(load("return " .. string.format("%q", math.mininteger))(), math.mininteger)
	same(load("return " .. string.format("%q", math.maxinteger))(), math.maxinteger)
	fails("value has no literal form", string.format, "%q", {})
	fails("number expected, got string", string.format, "%d", "1.5")
	fails("invalid conversion", string.format, "%y", 1)
	fails("invalid conversion", string.format, "%", 1)
	fails("invalid format", string.format, "%" .. ("0"):rep(30) .. "d", 1)
	fails("no value", string.format, "%d")
	same(string.format("%s", setmetatable({}, { __tostring = function() return "me" end })), "me")
	same(#string.format("%99d", 1), 99)
)lua")

LUA(Integers, PackRefusesFloatsAndPacksIntegers, R"lua(
	for _, option in ipairs { "f", "d" } do
		fails("invalid format option '" .. option .. "'", string.pack, option, 1)
		fails("invalid format option '" .. option .. "'", string.unpack, option, ("\0"):rep(8))
		fails("invalid format option '" .. option .. "'", string.packsize, option)
	end
	same(string.pack("<i4", -2), "\xfe\xff\xff\xff")
	same(string.pack(">I2", 0x1234), "\x12\x34")
	same(string.unpack("<i3", "\xff\xff\xff"), -1)
	same({ string.unpack(">I1I2s1z", "\1\2\3\3abcxy\0") }, { 1, 0x203, "abc", "xy", 11 })
	same(string.packsize("<!8bi8"), 16)
	same(string.unpack("<j", string.pack("<j", math.mininteger)), math.mininteger)
	same(string.unpack("n", string.pack("n", -7)), -7)
	same(string.unpack("<i16", string.pack("<i16", math.mininteger)), math.mininteger)
	fails("integer overflow", string.pack, "i1", 128)
	fails("unsigned overflow", string.pack, "I1", 256)
	fails("does not fit", string.unpack, "<I16", ("\xff"):rep(16))
	fails("data string too short", string.unpack, "i8", "1234567")
	fails("out of string", string.unpack, "b", "a", 3)
	fails("integral size (17) out of limits", string.pack, "i17", 1)
	fails("string length does not fit in given size", string.pack, "s1", ("x"):rep(256))
	fails("contains zeros", string.pack, "z", "a\0b")
	fails("unfinished string", string.unpack, "z", "abc")
	fails("alignment not power of 2", string.pack, "!4i3Xi3", 1)
)lua")

class Libraries : public Core {};

LUA(Libraries, VersionNamesTheKernel, R"lua(
	same(_VERSION, "Lua 5.4-kernel")
)lua")

LUA(Libraries, ReachNoFilesAndNoProcess, R"lua(
	same(io, nil)
	same(os, nil)
	same(package.loaded.io, nil)
	same(package.loaded.os, nil)
	same(package.preload.io, nil)
)lua")

LUA(Libraries, PackageFindsLuaFilesOnly, R"lua(
	same(package.path, "scripts/?.lua;scripts/?/init.lua")
	same(package.cpath, nil)
	same(package.loadlib, nil)
	same(#package.searchers, 4)
	assert(package.loaded._G == _G)
	assert(package.loaded.string == string)
	for _, searcher in ipairs(package.searchers) do
		same(type(searcher), "function")
	end
)lua")

LUA(Libraries, CountIsInBytes, R"lua(
	collectgarbage("stop")
	local before = collectgarbage("count")
	local text = ("x"):rep(100000)
	local after = collectgarbage("count")
	assert(after - before >= 100000 and after - before < 110000, after - before)
	same(select("#", collectgarbage("count")), 1)
)lua")

LUA(Libraries, CollectorIsAsInTheManual, R"lua(
	local weak = setmetatable({ {} }, { __mode = "v" })
	collectgarbage()
	same(weak[1], nil)
	same(collectgarbage("isrunning"), true)
	collectgarbage("stop")
	same(collectgarbage("isrunning"), false)
	collectgarbage("restart")
	same(collectgarbage("generational"), "incremental")
	for i = 1, 1000 do local t = { {} } end
	same(collectgarbage("incremental"), "generational")
	same(collectgarbage("step", 0) ~= nil, true)
	fails("invalid option 'x'", collectgarbage, "x")
)lua")

LUA(Libraries, RefuseBinaryChunks, R"lua(
	local function f(a) return a + 1 end
	local binary = string.dump(f)
	same(binary:sub(1, 4), "\27Lua")
	for _, chunk in ipairs { binary, "\27", "\27Lua", "\27LuaS" .. ("\0"):rep(100) } do
		for _, mode in ipairs { "bt", "b", "t" } do
			local loaded, message = load(chunk, "chunk", mode)
			same(loaded, nil)
			assert(message:find("attempt to load a binary chunk", 1, true), message)
		end
		same(load(chunk), nil)
		local done
		same(load(function() if not done then done = true return chunk end end), nil)
	end
	same(load("return 1", "x", "b"), nil)
)lua")

TEST_F(Libraries, RefuseFilesOfBinaryChunks)
{
	script("binary", "\x1bLua\x54" + std::string(100, '\0'));
	script("comment", "# a comment\n\x1bLua\x54" + std::string(100, '\0'));
	lua(R"lua(
		for _, name in ipairs { "binary", "comment" } do
			for _, mode in ipairs { "bt", "b" } do
				local chunk, message = loadfile("scripts/" .. name .. ".lua", mode)
				same(chunk, nil)
				assert(message:find("attempt to load a binary chunk", 1, true), message)
			end
			fails("binary chunk", dofile, "scripts/" .. name .. ".lua")
			fails("binary chunk", require, name)
		end
	)lua");
	EXPECT_EQ(make("binary"), nullptr);
	EXPECT_TRUE(contains(failure.text, "attempt to load a binary chunk"));
}

LUA(Libraries, ThereIsNoStandardInputToLoad, R"lua(
	local chunk, message = loadfile()
	same(chunk, nil)
	same(message, "there is no standard input: name a file")
	same(select(2, loadfile(nil, "t")), message)
	fails("there is no standard input", dofile)
	fails("there is no standard input", dofile, nil)
)lua")

LUA(Libraries, DebugGivesNoRegistryAndNoTerminal, R"lua(
	same(debug.getregistry, nil)
	same(debug.debug, nil)
	same(type(debug.traceback), "function")
)lua")

TEST_F(Libraries, PrintGoesToTheLogAsItIs)
{
	lua(R"lua(
		print()
		print("%s %d", nil, true, 42)
		print(setmetatable({}, { __tostring = function() return "me" end }))
		print("a\0b")
		fails("'__tostring' must return a string", print, setmetatable({}, { __tostring = function() return {} end }))
		print(("x"):rep(2000))
	)lua");
	EXPECT_EQ(kernel::log(), "\n%s %d\tnil\ttrue\t42\nme\n" + std::string("a\0b\n", 4) + std::string(960, 'x') + "\n" + std::string(960, 'x') + "\n" +
							   std::string(80, 'x') + "\n");
}

TEST_F(Libraries, WarningsGoNowhere)
{
	lua("warn('@on') warn('a', 'b') warn('@off')");
	EXPECT_EQ(kernel::log(), "");
}

TEST_F(Libraries, RequireFindsFilesFoldersAndBindings)
{
	script("one", "return { name = ..., file = select(2, ...) }");
	script("two/init", "return 'two'");
	script("deep/er/three", "return { ... }");
	script("none", "");
	script("broken", "local = 1");
	script("raises", "error('on purpose')");
	lua(R"lua(
		same(require("one"), { name = "one", file = "scripts/one.lua" })
		same(require("one"), package.loaded.one)
		same(require("two"), "two")
		same(require("deep.er.three")[2], "scripts/deep/er/three.lua")
		same(require("none"), true)
		same(type(require("data").new), "function")
		same(select(2, require("rcu")), ":binding:")
		fails("scripts/broken.lua:1:", require, "broken")
		fails("on purpose", require, "raises")
		local message = fails("module 'absent' not found", require, "absent")
		assert(message:find("no field package.preload['absent']", 1, true), message)
		assert(message:find("no binding 'absent'", 1, true), message)
		assert(message:find("no file 'scripts/absent.lua'", 1, true), message)
		assert(message:find("no module lunatik-lib-absent", 1, true), message)
	)lua");
}

static int open_late(lua_State *L)
{
	lua_pushliteral(L, "late");
	return 1;
}

TEST_F(Libraries, RequireLoadsTheModuleOfABinding)
{
	static lunatik_library late = { "late", open_late, &rcu_module, nullptr };
	std::string requests;

	kernel::on_module_request([&](const std::string &name) {
		requests += name + " ";
		if (name == "late")
			lunatik_library_add(&late);
	});
	lua(R"lua(
		same({ require("late") }, { "late", ":binding:" })
		for _, name in ipairs { "a-b", "a b", "a/b", "A", "%s", "x=y", ("a"):rep(41), "ä", "$(x)" } do
			fails("not found", require, name)
		end
		fails("not found", require, "some.thing_2")
	)lua");
	EXPECT_EQ(requests, "late some.thing_2 ");
	EXPECT_EQ(lunatik_library_add(&late), -EEXIST);
	lunatik_library_remove(&late);
}

TEST_F(Libraries, BindingOfALeavingModuleIsNotFound)
{
	data_module.leaving = true;
	lua("fails(\"no binding 'data'\", require, 'data')");
	data_module.leaving = false;
	lua("require('data')");
}

TEST_F(Libraries, BindingIsHeldAsLongAsTheRuntime)
{
	lunatik::Handle *handle = run("user", "data = require('data')");

	EXPECT_EQ(data_module.references, 1);
	inside(handle, [](lua_State *L) { luaL_dostring(L, "package.loaded.data = nil; data = nil; collectgarbage()"); });
	EXPECT_EQ(data_module.references, 1);
	release(handle);
	kernel::settle();
	EXPECT_EQ(data_module.references, 0);
}
