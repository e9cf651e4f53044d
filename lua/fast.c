/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reading Lua values without the API's generality, for paths that run once per packet. Part of
 * Lua's unit (lua/unit.c), and the only code of ours that knows Lua's internal structures.
 */
#include "fast.h"

void *luafast_touserdata(lua_State *L, int arg, size_t size)
{
	const TValue *value = s2v(L->ci->func + arg);

	if (s2v(L->top) <= value || !ttisfulluserdata(value) || uvalue(value)->len != size)
		return NULL;
	return getudatamem(uvalue(value));
}

int luafast_tointeger(lua_State *L, int arg, lua_Integer *integer)
{
	const TValue *value = s2v(L->ci->func + arg);

	if (s2v(L->top) <= value || !ttisinteger(value))
		return 0;
	*integer = ivalue(value);
	return 1;
}
