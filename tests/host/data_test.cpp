// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library data, and views of memory that is there for a moment only.
#include "support.hpp"
#include "lunatik_data.hpp"

using namespace lunatik;

class DataTest : public Core {};

LUA(DataTest, GettersAndSettersReachEveryOffsetInsideAndNoneOutside, R"lua(
	local data = require("data")
	local size = 24
	local widths = { number = 8, byte = 1, int8 = 1, uint8 = 1, int16 = 2, uint16 = 2, int32 = 4, uint32 = 4, int64 = 8,
			 int16be = 2, uint16be = 2, int32be = 4, uint32be = 4, int64be = 8 }
	for name, width in pairs(widths) do
		local d = data.new(size)
		local get, set = d["get" .. name], d["set" .. name]
		for offset = 0, size - width do
			set(d, offset, 0x5a)
			same(get(d, offset), 0x5a)
			same(d:getbyte(offset + (name:find("be$") and width - 1 or 0)), 0x5a)
			set(d, offset, 0)
		end
		same(d:getstring(0), ("\0"):rep(size))
		for _, offset in ipairs { size - width + 1, size - 1 + (width == 1 and 1 or 0), size, size + 1, 1 << 31, 1 << 32,
					  (1 << 32) + size, -1, -width, -size, -size - 1, math.mininteger,
					  math.mininteger + 1, math.maxinteger, math.maxinteger - width,
					  math.maxinteger - size } do
			fails("out of bounds", get, d, offset)
			fails("out of bounds", set, d, offset, 1)
		end
		same(d:getstring(0), ("\0"):rep(size))
	end
)lua")

LUA(DataTest, NothingFitsIntoLessThanItsWidth, R"lua(
	local data = require("data")
	for _, case in ipairs { { "int16", 2 }, { "uint16", 2 }, { "int32", 4 }, { "uint32", 4 }, { "int64", 8 }, { "number", 8 },
				{ "int16be", 2 }, { "uint16be", 2 }, { "int32be", 4 }, { "uint32be", 4 }, { "int64be", 8 } } do
		for size = 1, case[2] - 1 do
			local d = data.new(size)
			for _, offset in ipairs { 0, -1, size, size - case[2], math.mininteger } do
				fails("out of bounds", d["get" .. case[1]], d, offset)
				fails("out of bounds", d["set" .. case[1]], d, offset, 0)
			end
		end
	end
)lua")

LUA(DataTest, SignsAndWidthsAreThoseOfTheName, R"lua(
	local d = require("data").new(16)
	for _, case in ipairs { { "int8", 8, true }, { "uint8", 8 }, { "byte", 8 }, { "int16", 16, true }, { "uint16", 16 },
				{ "int32", 32, true }, { "uint32", 32 }, { "int64", 64, true }, { "number", 64, true },
				{ "int16be", 16, true }, { "uint16be", 16 }, { "int32be", 32, true }, { "uint32be", 32 },
				{ "int64be", 64, true } } do
		local name, bits, signed = table.unpack(case)
		local get, set = d["get" .. name], d["set" .. name]
		for _, value in ipairs { 0, 1, -1, 1 << (bits - 1), (1 << (bits - 1)) - 1, -(1 << (bits - 1)), 0x123456789abcdef0 } do
			local wanted = bits == 64 and value or value & ((1 << bits) - 1)
			if signed and bits < 64 and wanted >= 1 << (bits - 1) then wanted = wanted - (1 << bits) end
			set(d, 0, ("x"):byte() | -1)
			d:setstring(0, ("\xee"):rep(16))
			set(d, 3, value)
			same(get(d, 3), wanted)
			same(d:getstring(0, 3), "\xee\xee\xee")
			same(d:getstring(3 + bits // 8), ("\xee"):rep(13 - bits // 8))
		end
	end
)lua")

LUA(DataTest, BytesAreInTheMachinesOrder, R"lua(
	local d = require("data").new(8)
	d:setint32(0, 0x01020304)
	same(d:getstring(0, 4), string.pack("=i4", 0x01020304))
	d:setstring(0, string.pack("=i8", -7))
	same(d:getnumber(0), -7)
)lua")

LUA(DataTest, OrInTheNetworksWhereTheNameSaysSo, R"lua(
	local d = require("data").new(8)
	for _, case in ipairs { { "uint16be", ">I2", 0x8102 }, { "int16be", ">i2", -0x7efe }, { "uint32be", ">I4", 0x81020304 },
				{ "int32be", ">i4", -0x7efdfcfc }, { "int64be", ">i8", -0x7efdfcfbfaf9f8f8 } } do
		local name, format, value = table.unpack(case)
		d["set" .. name](d, 0, value)
		same(d:getstring(0, format:packsize()), format:pack(value))
		same(d["get" .. name](d, 0), value)
	end
)lua")

LUA(DataTest, StringsReachTheEndAndNotBeyond, R"lua(
	local d = require("data").new(5)
	d:setstring(0, "he\0lo")
	same(d:getstring(0), "he\0lo")
	same(d:getstring(0, 5), "he\0lo")
	same(d:getstring(2), "\0lo")
	same(d:getstring(4, 1), "o")
	same(d:getstring(5), "")
	same(d:getstring(5, 0), "")
	same(d:getstring(0, 0), "")
	same(d:getstring(1, nil), "e\0lo")
	for _, case in ipairs { { 0, 6 }, { 1, 5 }, { 5, 1 }, { 6 }, { 6, 0 }, { -1 }, { -1, 1 }, { -5, 5 }, { 0, math.maxinteger },
				{ 1, math.maxinteger }, { math.mininteger }, { math.mininteger, 0 }, { math.maxinteger },
				{ math.maxinteger, math.maxinteger }, { 5, math.maxinteger }, { 1 << 32, 1 } } do
		fails("out of bounds", d.getstring, d, table.unpack(case))
	end
	fails("negative length", d.getstring, d, 0, -1)
	fails("negative length", d.getstring, d, 0, math.mininteger)
	for _, case in ipairs { { 0, "123456" }, { 1, "12345" }, { 5, "1" }, { 6, "" }, { -1, "1" }, { -1, "" },
				{ math.mininteger, "" }, { math.maxinteger, "x" } } do
		fails("out of bounds", d.setstring, d, table.unpack(case))
	end
	same(d:getstring(0), "he\0lo")
	d:setstring(5, "")
	d:setstring(3, 42)
	same(d:getstring(0), "he\0" .. "42")
)lua")

LUA(DataTest, ArgumentsHaveToBeIntegers, R"lua(
	local d = require("data").new(8)
	d:setbyte("1", "0x41")
	same(d:getbyte(" 1 "), 0x41)
	for _, wrong in ipairs { "x", "1.0", {}, true, print } do
		fails("number expected, got", d.getbyte, d, wrong)
		fails("number expected, got", d.setbyte, d, 0, wrong)
		fails("number expected, got", d.getstring, d, 0, wrong)
	end
	fails("number expected, got no value", d.getbyte, d)
	fails("number expected, got no value", d.setbyte, d, 0)
	fails("number expected, got nil", d.getint32, d, nil)
	fails("string expected, got table", d.setstring, d, 0, {})
	fails("string expected, got no value", d.setstring, d, 0)
)lua")

LUA(DataTest, SizesFromOneByteToFourMegabytes, R"lua(
	local data = require("data")
	for _, size in ipairs { 1, 2, 4096, 4097, 4 << 20 } do
		local d = data.new(size)
		same(#d, size)
		d:setbyte(size - 1, 255)
		same(d:getbyte(size - 1), 255)
		fails("out of bounds", d.getbyte, d, size)
	end
	for _, size in ipairs { 0, -1, (4 << 20) + 1, 1 << 32, math.maxinteger, math.mininteger } do
		fails("size out of range (1 to 4194304 bytes)", data.new, size)
	end
	fails("number expected, got no value", data.new)
	fails("number expected, got table", data.new, {})
)lua")

LUA(DataTest, NewMemoryIsZero, R"lua(
	local data = require("data")
	for _ = 1, 10 do
		local d = data.new(1000)
		same(d:getstring(0), ("\0"):rep(1000))
		d:setstring(0, ("\xff"):rep(1000))
	end
)lua")

LUA(DataTest, ClosedObjectIsRefusedByName, R"lua(
	local data = require("data")
	local kept
	do
		local d <close> = data.new(8)
		kept = d
	end
	for name in pairs { getbyte = 1, setbyte = 1, getstring = 1, setstring = 1, getnumber = 1 } do
		fails("data is closed", kept[name], kept, 0, 1)
	end
	fails("data is closed", function() return #kept end)
)lua")

LUA(DataTest, GarbageIsCollectedBeforeMemoryEnds, R"lua(
	local data = require("data")
	-- 2 GiB on a machine of 256 MiB, of which no more than two buffers are ever in use
	for i = 1, 2048 do
		local d = data.new(1 << 20)
		d:setbyte(0, 1)
	end
)lua")

LUA(DataTest, BuffersCountForTheQuota, R"lua(
	local data = require("data")
	local buffers = {}
	local good, message = pcall(function()
		for i = 1, 200 do buffers[i] = data.new(1 << 20) end
	end)
	same(good, false)
	assert(message:find("not enough memory", 1, true), message)
	assert(#buffers <= 16, #buffers .. " MiB in a runtime that may have 16")
)lua")

class View : public Core {};

LUA(View, ShowsMemoryAndWritesThrough, R"lua(
	local host = require("host")
	same(host.shown("abcdefgh", function(view)
		same(#view, 8)
		same(view:getstring(0), "abcdefgh")
		view:setbyte(0, 65)
		view:setuint32(4, 0)
		fails("out of bounds", view.getbyte, view, 8)
		fails("out of bounds", view.getbyte, view, -1)
		fails("out of bounds", view.getint32, view, 5)
		fails("out of bounds", view.setstring, view, 7, "xy")
	end), "Abcd\0\0\0\0")
)lua")

LUA(View, HiddenIsAnErrorForEveryMethod, R"lua(
	local kept
	require("host").shown("abcdefgh", function(view) kept = view end)
	local gone = "the memory is gone"
	for _, name in ipairs { "number", "byte", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
				"int16be", "uint16be", "int32be", "uint32be", "int64be" } do
		for _, offset in ipairs { 0, 1, 7, -1, math.mininteger, math.maxinteger } do
			fails(gone, kept["get" .. name], kept, offset)
			fails(gone, kept["set" .. name], kept, offset, 0)
		end
	end
	for _, offset in ipairs { 0, 1, -1 } do
		fails(gone, kept.getstring, kept, offset, 1)
		fails(gone, kept.setstring, kept, offset, "x")
	end
	same(#kept, 0)
)lua")

LUA(View, HiddenIsAnErrorForEmptyStringsToo, R"lua(
	local kept
	require("host").shown("abcdefgh", function(view) kept = view end)
	fails("the memory is gone", kept.getstring, kept, 0)
	fails("the memory is gone", kept.getstring, kept, 0, 0)
	fails("the memory is gone", kept.setstring, kept, 0, "")
)lua")

LUA(View, ClosedIsRefusedByName, R"lua(
	require("host").shown("abcdefgh", function(view)
		do local closing <close> = view end
		fails("data is closed", view.getbyte, view, 0)
		fails("data is closed", view.setstring, view, 0, "x")
	end)
)lua")

LUA(View, IsNotHandedToOtherRuntimes, R"lua(
	local t = require("rcu").table()
	require("host").shown("abcdefgh", function(view)
		fails("shared object expected", function() t.view = view end)
	end)
	same(t.view, nil)
)lua")

/* --- what is reached through its owner ---------------------------------------------------- */

class Pieces : public Core {};

LUA(Pieces, AreReadAndWrittenAcrossTheirEnds, R"lua(
	local host = require("host")
	local text = "abcdefghijklmnop"
	for hand = 0, #text do
		same(host.pieces(text, hand, function(view)
			same(#view, 16)
			for offset = 0, 12 do
				same(view:getuint32be(offset), string.unpack(">I4", text, offset + 1))
				same(view:getint32(offset), string.unpack("=i4", text, offset + 1))
			end
			for offset = 0, 16 do
				same(view:getstring(offset), text:sub(offset + 1))
				for length = 0, 16 - offset do
					same(view:getstring(offset, length), text:sub(offset + 1, offset + length))
				end
			end
			for _, name in ipairs { "getint32", "getuint32be" } do
				for _, offset in ipairs { 13, 16, -1, -16, math.mininteger, math.maxinteger } do
					fails("out of bounds", view[name], view, offset)
				end
			end
			fails("out of bounds", view.getstring, view, 1, 16)
			fails("out of bounds", view.getstring, view, 17)
			fails("out of bounds", view.setstring, view, 10, "1234567")
			view:setuint16be(7, 0x4142)
			view:setstring(0, "XYZ")
			view:setbyte(15, 48)
			same(view:getbyte(0), 0x58)
		end), "XYZdefgABjklmno0")
	end
)lua")

LUA(Pieces, ThatCannotBeReadAreOutOfBounds, R"lua(
	require("host").pieces("abcdefgh", 4, function(view)
		same(view:getstring(0, 4), "abcd")
		fails("out of bounds", view.getbyte, view, 5)
		fails("out of bounds", view.getstring, view, 0, 8)
	end, "unreadable")
)lua")

LUA(Pieces, ThatMayNotBeWrittenSaySo, R"lua(
	local host = require("host")
	same(host.pieces("abcdefgh", 4, function(view)
		fails("the packet is read-only here", view.setbyte, view, 0, 1)
		fails("the packet is read-only here", view.setstring, view, 2, "xyz")
		fails("out of bounds", view.setbyte, view, 8, 1)
	end, "readonly"), "abcdefgh")
	same(host.pieces("abcdefgh", 4, function(view)
		fails("not enough memory", view.setbyte, view, 0, 1)
	end, "full"), "abcdefgh")
)lua")

LUA(Pieces, HiddenAreGone, R"lua(
	local kept
	require("host").pieces("abcdefgh", 4, function(view) kept = view end)
	same(#kept, 0)
	for _, name in ipairs { "byte", "uint16be", "int64" } do
		for _, offset in ipairs { 0, 4, -1 } do
			fails("the memory is gone", kept["get" .. name], kept, offset)
			fails("the memory is gone", kept["set" .. name], kept, offset, 0)
		end
	end
	fails("the memory is gone", kept.getstring, kept, 0)
	fails("the memory is gone", kept.setstring, kept, 0, "")
)lua")

TEST_F(View, LivesAsLongAsItsCallerHoldsIt)
{
	Handle *handle = run("viewer", "function use(bytes) seen = view:getbyte(0) end");
	char bytes[] = "packet";
	Data *view = nullptr;

	inside(handle, [&](lua_State *L) {
		view = data_push_view(L);
		lua_setglobal(L, "view");
	});
	data_show(view, bytes, 6);
	EXPECT_TRUE(call(handle, "use"));
	data_hide(view);
	EXPECT_FALSE(call(handle, "use"));
	EXPECT_TRUE(contains(kernel::log(), "the memory is gone"));
	inside(handle, [](lua_State *L) { ASSERT_EQ(luaL_dostring(L, "view = nil; collectgarbage()"), LUA_OK); });
	data_show(view, bytes, 6);
	data_hide(view);
	put(view);
}

TEST_F(DataTest, MayBeClosedByAFinalizerInTheMiddleOfAWrite)
{
	SURVIVES(R"lua(
		local data = require("data")
		for round = 1, 30 do
			local d = data.new(100)
			setmetatable({}, { __gc = function() local closing <close> = d end })
			local good, message = pcall(function()
				for i = 1, 3000 do d:setstring(0, 1000000 + i) end
			end)
			assert(good or message:find("is closed", 1, true), message)
		end
	)lua");
}
