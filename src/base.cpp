// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What differs in Lua's base: print() to the kernel log, and a math library of integers.
#include "state.hpp"
#include "kernel/log.h"

namespace lunatik {

int print(lua_State *L)
{
	int count = lua_gettop(L);
	luaL_Buffer buffer;
	size_t length;
	const char *text;

	luaL_buffinit(L, &buffer);
	for (int i = 1; i <= count; i++) {
		if (i > 1)
			luaL_addchar(&buffer, '\t');
		luaL_tolstring(L, i, nullptr);
		luaL_addvalue(&buffer);
	}
	luaL_pushresult(&buffer);
	text = lua_tolstring(L, -1, &length);
	/* A callback that may not sleep would hold up its CPU for as long as the console takes. */
	if (!may_sleep(L) && length > LUNATIK_LOG_MAX)
		length = LUNATIK_LOG_MAX;
	do {
		size_t part = length < LUNATIK_LOG_MAX ? length : LUNATIK_LOG_MAX;

		lunatik_log(text, part);
		luafast_attend(L);
		text += part;
		length -= part;
	} while (length);
	return 0;
}

static int math_abs(lua_State *L)
{
	lua_Unsigned n = static_cast<lua_Unsigned>(luaL_checkinteger(L, 1));

	lua_pushinteger(L, static_cast<lua_Integer>(static_cast<lua_Integer>(n) < 0 ? 0 - n : n));
	return 1;
}

/* The least or, if `greatest`, the greatest of the arguments. */
static int extreme(lua_State *L, bool greatest)
{
	int count = lua_gettop(L);
	lua_Integer best = luaL_checkinteger(L, 1);

	for (int i = 2; i <= count; i++) {
		lua_Integer n = luaL_checkinteger(L, i);

		if (greatest ? n > best : n < best)
			best = n;
	}
	lua_pushinteger(L, best);
	return 1;
}

static int math_max(lua_State *L)
{
	return extreme(L, true);
}

static int math_min(lua_State *L)
{
	return extreme(L, false);
}

static int math_tointeger(lua_State *L)
{
	int is_integer;
	lua_Integer n = lua_tointegerx(L, 1, &is_integer);

	luaL_checkany(L, 1);
	if (is_integer)
		lua_pushinteger(L, n);
	else
		luaL_pushfail(L);
	return 1;
}

static int math_ult(lua_State *L)
{
	lua_pushboolean(L, static_cast<lua_Unsigned>(luaL_checkinteger(L, 1)) <
			   static_cast<lua_Unsigned>(luaL_checkinteger(L, 2)));
	return 1;
}

int open_math(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "abs", math_abs },
		{ "max", math_max },
		{ "min", math_min },
		{ "tointeger", math_tointeger },
		{ "ult", math_ult },
		{ nullptr, nullptr },
	};
	static const Constant constants[] = {
		{ "maxinteger", LUA_MAXINTEGER },
		{ "mininteger", LUA_MININTEGER },
		{ nullptr, 0 },
	};

	luaL_newlib(L, functions);
	set_constants(L, constants);
	return 1;
}

void set_constants(lua_State *L, const Constant *constants)
{
	for (; constants->name; constants++) {
		lua_pushinteger(L, constants->value);
		lua_setfield(L, -2, constants->name);
	}
}

} // namespace lunatik
