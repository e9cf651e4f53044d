-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library `data`.

local data = require("data")

local fails = require("tests.lib.check").fails_like

local integers = {
	{ "int8", 1, -128, 127 }, { "uint8", 1, 0, 255 }, { "byte", 1, 0, 255 },
	{ "int16", 2, -32768, 32767 }, { "uint16", 2, 0, 65535 },
	{ "int32", 4, -2147483648, 2147483647 }, { "uint32", 4, 0, 4294967295 },
	{ "int64", 8, math.mininteger, math.maxinteger }, { "number", 8, math.mininteger, math.maxinteger },
	{ "int16be", 2, -32768, 32767 }, { "uint16be", 2, 0, 65535 },
	{ "int32be", 4, -2147483648, 2147483647 }, { "uint32be", 4, 0, 4294967295 },
	{ "int64be", 8, math.mininteger, math.maxinteger },
}

return {
	["new data is zeroed and knows its length"] = function()
		local d = data.new(100)
		assert(#d == 100)
		assert(d:getstring(0) == ("\0"):rep(100))
	end,

	["each integer is read back as it was written, least and greatest"] = function()
		local d = data.new(32)
		for _, kind in ipairs(integers) do
			local name, size, least, greatest = table.unpack(kind)
			for _, offset in ipairs { 0, 1, 32 - size } do
				for _, value in ipairs { least, greatest, 0, 1 } do
					d["set" .. name](d, offset, value)
					assert(d["get" .. name](d, offset) == value, name)
				end
			end
		end
	end,

	["integers are in the host's byte order"] = function()
		local d = data.new(8)
		d:setuint32(0, 0x01020304)
		assert(d:getstring(0, 4) == string.pack("=I4", 0x01020304))
	end,

	["integers of names in be are in the network's byte order"] = function()
		local d = data.new(8)
		for name, format in pairs { int16be = ">i2", uint16be = ">I2", int32be = ">i4", uint32be = ">I4", int64be = ">i8" } do
			d["set" .. name](d, 0, 0x0102030405060708 & (1 << 8 * format:packsize() - 1) - 1)
			assert(d:getstring(0, format:packsize()) == ("\1\2\3\4\5\6\7\8"):sub(-format:packsize()), name)
			d:setstring(0, "\xfe\xdc\xba\x98\x76\x54\x32\x10")
			assert(d["get" .. name](d, 0) == format:unpack(d:getstring(0)), name)
		end
	end,

	["an integer wider than its place is cut to it"] = function()
		local d = data.new(2)
		d:setbyte(0, 0x1ff)
		assert(d:getbyte(0) == 0xff and d:getbyte(1) == 0)
	end,

	["every access outside of the data is an error and changes nothing"] = function()
		local d = data.new(16)
		local outside = { -1, 16, 17, math.maxinteger, math.mininteger, -8, 1 << 32 }
		for _, kind in ipairs(integers) do
			local name, size = kind[1], kind[2]
			for _, offset in ipairs(outside) do
				fails("out of bounds", d["get" .. name], d, offset)
				fails("out of bounds", d["set" .. name], d, offset, -1)
			end
			fails("out of bounds", d["get" .. name], d, 16 - size + 1)
			fails("out of bounds", d["set" .. name], d, 16 - size + 1, -1)
		end
		for _, offset in ipairs(outside) do
			if offset ~= 16 then
				fails("out of bounds", d.getstring, d, offset)
				fails("out of bounds", d.getstring, d, offset, 0)
				fails("out of bounds", d.setstring, d, offset, "")
			end
			fails("out of bounds", d.setstring, d, offset, "x")
		end
		fails("out of bounds", d.getstring, d, 0, 17)
		fails("out of bounds", d.getstring, d, 1, math.maxinteger)
		fails("negative length", d.getstring, d, 0, -1)
		fails("out of bounds", d.setstring, d, 0, ("x"):rep(17))
		assert(d:getstring(0) == ("\0"):rep(16))
	end,

	["strings are written and read at any place, zeros included"] = function()
		local d = data.new(10)
		d:setstring(3, "a\0b")
		assert(d:getstring(3, 3) == "a\0b")
		assert(d:getstring(3) == "a\0b\0\0\0\0")
		assert(d:getstring(10) == "" and d:getstring(10, 0) == "")
	end,

	["sizes that cannot be had are errors"] = function()
		for _, size in ipairs { 0, -1, math.mininteger, math.maxinteger, (4 << 20) + 1 } do
			fails("out of range", data.new, size)
		end
		fails("number expected", data.new)
		fails("number expected", data.new, {})
		fails("number expected", data.new, "many")
	end,

	["a method called on anything else is a type error that names both"] = function()
		local d = data.new(4)
		fails("data expected, got no value", d.getbyte)
		fails("data expected, got nil", d.getbyte, nil, 0)
		fails("data expected, got number", d.getbyte, 0)
		fails("data expected, got table", d.setbyte, {}, 0, 0)
		fails("data expected, got rcu.table", d.getbyte, require("rcu").table(), 0)
		fails("number expected, got table", d.getbyte, d, {})
		fails("number expected, got no value", d.setbyte, d, 0)
		fails("string expected, got nil", d.setstring, d, 0, nil)
		fails("data expected, got", d.getbyte, io or string, 0)
	end,

	["closed data is an error to use"] = function()
		local d <const> = data.new(4)
		do
			local closing <close> = d
		end
		fails("data is closed", d.getbyte, d, 0)
		fails("data is closed", function() return #d end)
	end,

	["data goes to another runtime and is the same memory there"] = function()
		local lunatik = require("lunatik")
		local d = data.new(8)
		local other = lunatik.runtime("tests/scripts/setbyte")
		other:resume(d, 3, 77)
		other:stop()
		assert(d:getbyte(3) == 77)
	end,
}
