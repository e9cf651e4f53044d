// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Windows: the interpreter reads what they show itself where nobody can tell, and calls the getter where somebody can.
#include "support.hpp"
#include "lunatik_data.hpp"

using namespace lunatik;

namespace {

/* How often which function was called, where the interpreter may do without. */
lua_Integer getters_called, lengths_called, others_called;

int get(lua_State *L)
{
	getters_called++;
	Data *data = static_cast<Data *>(to_object(L, 1));
	lua_Integer offset = luaL_checkinteger(L, 2);

	if (!data || !data_within(data->size, offset, 1))
		return luaL_argerror(L, 2, "out of bounds");
	return luafast_return(L, data->bytes[offset]);
}

int length(lua_State *L)
{
	lengths_called++;
	lua_pushinteger(L, 77);
	return 1;
}

int other(lua_State *L)
{
	others_called++;
	lua_pushliteral(L, "other");
	return 1;
}

/* As an interrupt does. */
int interrupt(lua_State *L)
{
	luafast_interrupt(L);
	return 0;
}

const luaL_Reg methods[] = {
	{ "getmine", get },
	{ "interrupt", interrupt },
	{ "__len", length },
	{ nullptr, nullptr },
};
const luafast_getter getters[] = {
	{ "getmine", get, LUAFAST_GETTER },
	{},
};
const luaL_Reg overriding[] = { { "getmine", other }, { nullptr, nullptr } };

const Class shown = {
	.name = "shown", .size = sizeof(Data), .methods = methods, .owner = &data_module, .getters = getters,
};
/* It has a method of the same name, and is no window. */
const luaL_Reg plain_methods[] = { { "getmine", other }, { nullptr, nullptr } };
const Class plain = { .name = "plain", .size = sizeof(Data), .methods = plain_methods, .owner = &data_module };
/* Its getters are not what it has as methods. */
const Class liar = {
	.name = "liar", .size = sizeof(Data), .methods = plain_methods, .owner = &data_module, .getters = getters,
};

template <const Class &klass> int make(lua_State *L)
{
	static unsigned char bytes[] = "abcd";
	Box *box = push_box(L, klass);

	box->object = allocate(L, klass);
	if (!box->object)
		return luaL_error(L, "not enough memory");
	data_show(static_cast<Data *>(box->object), bytes, 4);
	return 1;
}

int hide(lua_State *L)
{
	data_hide(static_cast<Data *>(to_object(L, 1)));
	return 0;
}

int override(lua_State *L)
{
	add_methods(L, shown, overriding);
	return 0;
}

/* The calls since the last time. */
int calls(lua_State *L)
{
	lua_pushinteger(L, getters_called);
	lua_pushinteger(L, lengths_called);
	lua_pushinteger(L, others_called);
	getters_called = lengths_called = others_called = 0;
	return 3;
}

int open_windows(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "shown", make<shown> }, { "plain", make<plain> }, { "liar", make<liar> }, { "hide", hide },
		{ "override", override }, { "calls", calls }, { nullptr, nullptr },
	};

	getters_called = lengths_called = others_called = 0;
	luaL_newlib(L, functions);
	return 1;
}

lunatik_library library = { .name = "windows", .open = open_windows };

class Window : public Core {
protected:
	void SetUp() override
	{
		Core::SetUp();
		offer(library);
	}
};

} // namespace

LUA(Window, IsReadWithoutACallWhateverComputesTheOffset, R"lua(
	local windows = require("windows")
	local w, two, table = windows.shown(), 2, { 1 }
	local function three() return 3 end
	same(w:getmine(0), 97)
	same(w:getmine(two), 99)
	same(w:getmine(two + 1), 100)
	same(w:getmine(two - 2), 97)
	local x = w:getmine(1) << 8 | w:getmine(two)
	same(x, 98 << 8 | 99)
	same(#w, 4)
	same({ windows.calls() }, { 0, 0, 0 })
	-- The other ways to compute it are the call's.
	local function upvalue() local x = w:getmine(two) return x end
	same(upvalue(), 99)
	same(w:getmine(three()), 100)
	same(w:getmine(table[1]), 98)
	same(w:getmine(two == 2 and 1 or 0), 98)
	same(w:getmine(two * 1), 99)
	same({ windows.calls() }, { 5, 0, 0 })
)lua")

LUA(Window, IsCalledWhereMoreThanTheIntegerIsWanted, R"lua(
	local windows = require("windows")
	local w, zero = windows.shown(), 0
	local function tail() return w:getmine(zero) end
	same(tail(), 97)
	same(select("#", w:getmine(zero)), 1)
	local a, b = w:getmine(zero)
	same(a, 97) same(b, nil)
	w:getmine(zero)
	same({ w:getmine(zero) }, { 97 })
	local c = w:getmine(zero, 1)
	same(c, 97)
	local get = w.getmine
	same(get(w, zero), 97)
	same({ windows.calls() }, { 7, 0, 0 })
)lua")

LUA(Window, IsCalledForWhatIsAnError, R"lua(
	local windows = require("windows")
	local w, text, much = windows.shown(), "1", math.maxinteger
	for _, offset in ipairs { 4, 5, -1, math.mininteger, math.maxinteger } do
		fails("bad argument #1 to 'getmine' (out of bounds)", function() local x = w:getmine(offset) return x end)
	end
	fails("out of bounds", function() local x = w:getmine(4) return x end)
	fails("out of bounds", function() local x = w:getmine(-1) return x end)
	fails("out of bounds", function(o) local x = w:getmine(o + 1) return x end, much)
	fails("number expected, got nil", function(o) local x = w:getmine(o) return x end)
	fails("number expected, got table", function(o) local x = w:getmine(o) return x end, {})
	fails("number expected, got no value", function(o) local x = w:getmine() return x end)
	-- A string is an integer for the call.
	local x = w:getmine(text)
	same(x, 98)
	same({ windows.calls() }, { 12, 0, 0 })
)lua")

LUA(Window, IsCalledWhenNothingIsShownOrThereIsNoObject, R"lua(
	local windows = require("windows")
	local w, o = windows.shown(), 0
	windows.hide(w)
	fails("out of bounds", function(o) local x = w:getmine(o) return x end, 0)
	same({ windows.calls() }, { 1, 0, 0 })
	same(#w, 0)
	do local closed <close> = w end
	fails("out of bounds", function(o) local x = w:getmine(o) return x end, 0)
	same(#w, 77)
	same({ windows.calls() }, { 1, 1, 0 })
)lua")

LUA(Window, HooksSeeEachCall, R"lua(
	local windows = require("windows")
	local w, names = windows.shown(), {}
	local function read(o)
		local x = w:getmine(o)
		local y = w:getmine(1)
		return x + y + #w
	end
	same(read(0), 97 + 98 + 4)
	same({ windows.calls() }, { 0, 0, 0 })
	for _, mask in ipairs { "c", "r", "cr", "l" } do
		debug.sethook(function(event)
			local name = debug.getinfo(2, "n").name
			if name == "getmine" then names[#names + 1] = event end
		end, mask)
		same(read(0), 97 + 98 + 77)
		debug.sethook()
		same({ windows.calls() }, { 2, 1, 0 })
	end
	same(table.concat(names, " "), "call call return return call return call return")
	local count = 0
	debug.sethook(function() count = count + 1 end, "", 1)
	read(0)
	debug.sethook()
	same({ windows.calls() }, { 2, 1, 0 })
	assert(count > 12, count)
	same(read(0), 97 + 98 + 4)
	same({ windows.calls() }, { 0, 0, 0 })
)lua")

LUA(Window, AnInterruptIsSeen, R"lua(
	local windows = require("windows")
	local w, zero = windows.shown(), 0
	-- The next instruction attends to it, and that is all.
	w:interrupt()
	local x = w:getmine(zero)
	local y = w:getmine(zero)
	same({ windows.calls() }, { 0, 0, 0 })
	same(x + y, 194)
)lua")

LUA(Window, ErrorsAreThoseOfTheCall, R"lua(
	local d, far, none = require("data").new(4), 4, nil
	local text = "x"
	local function byte() local x = d:getbyte(far) return x end
	local function word() local x = d:getuint16be(far - 1) return x end
	local function constant() local x = d:getint32(1) return x end
	local function missing() local x = d:getbyte(none) return x end
	local function string() local x = d:getbyte(text) return x end
	for _, f in ipairs { byte, word, constant, missing, string } do
		local told = {}
		for _, mask in ipairs { "", "cr" } do
			debug.sethook(function() end, mask)
			told[#told + 1] = select(2, xpcall(f, debug.traceback))
			debug.sethook()
		end
		same(told[1], told[2])
		assert(told[1]:find("bad argument #1 to 'get", 1, true), told[1])
		assert(told[1]:find("in method 'get", 1, true), told[1])
	end
)lua")

LUA(Window, EachGetterReadsWhatItsCallReads, R"lua(
	local d = require("data").new(16)
	d:setstring(0, "\x01\x82\x03\x84\xf5\x06\x87\x08\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8")
	for _, name in ipairs { "number", "byte", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "int16be",
				"uint16be", "int32be", "uint32be", "int64be" } do
		local read = load(([[
			local d, o = ...
			local a = d:get%s(o)
			local b = d:get%s(o + 1)
			return a, b
		]]):gsub("%%s", name))
		local get, last = d["get" .. name], 16 - (name:find("64") and 8 or name == "number" and 8 or
			name:find("32") and 4 or name:find("16") and 2 or 1)
		for offset = 0, last - 1 do
			local a, b = read(d, offset)
			same(a, get(d, offset))
			same(b, get(d, offset + 1))
		end
		fails("out of bounds", read, d, last)
		fails("out of bounds", read, d, -1)
	end
)lua")

LUA(Window, OthersOfTheSameNameAreCalled, R"lua(
	local windows = require("windows")
	local w, zero = windows.shown(), 0
	same(w:getmine(zero), 97)
	same({ windows.calls() }, { 0, 0, 0 })
	-- A table's, a string's, another class's, and that of who has another function under the name.
	local t = { getmine = function(self, o) return o + 5 end }
	local x = t:getmine(zero)
	same(x, 5)
	string.getmine = function(self, o) return self end
	local s = ("text"):getmine(zero)
	same(s, "text")
	string.getmine = nil
	for _, of in ipairs { windows.plain, windows.liar } do
		local p = of()
		local y = p:getmine(zero)
		same(y, "other")
		same({ windows.calls() }, { 0, 0, 1 })
	end
	fails("attempt to index a number value", function() local n = 1 local x = n:getmine(zero) return x end)
	fails("attempt to call a nil value (method 'getmine')", function() local n = {} local x = n:getmine(zero) return x end)
	-- What is added over it takes its place.
	windows.override()
	local z = w:getmine(zero)
	same(z, "other")
	same({ windows.calls() }, { 0, 0, 1 })
)lua")

LUA(Window, TheNamesOfGettersAreNamesStill, R"lua(
	require("data").new(1)
	local getbyte, getuint16be = 1, 2
	local t = { getbyte = getbyte, getuint16be = getuint16be }
	same(t.getbyte + t.getuint16be, 3)
	same(load("local getbyte = 5 goto getint8 getbyte = 6 ::getint8:: return getbyte")(), 5)
	same(load("return while"), nil)
)lua")
