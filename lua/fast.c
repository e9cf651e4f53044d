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

#ifdef __KERNEL__
/* The first three fields of a luafast_protection are a lua_longjmp. */
_Static_assert(offsetof(struct luafast_protection, jump) == offsetof(struct lua_longjmp, b) &&
	       offsetof(struct luafast_protection, status) == offsetof(struct lua_longjmp, status),
	       "luafast_protection differs from lua_longjmp");

void luafast_protect(lua_State *L, struct luafast_protection *protection)
{
	protection->previous = L->errorJmp;
	protection->status = LUA_OK;
	protection->calls = L->nCcalls;
	protection->call = L->ci;
	protection->top = savestack(L, L->top);
	protection->hook = L->allowhook;
	L->errorJmp = (struct lua_longjmp *)protection;
}

/* As luaD_pcall() ends. */
int luafast_unprotect(lua_State *L, struct luafast_protection *protection)
{
	int status = ((struct lua_longjmp *)protection)->status;

	L->errorJmp = protection->previous;
	L->nCcalls = protection->calls;
	if (l_unlikely(status != LUA_OK)) {
		L->ci = protection->call;
		L->allowhook = cast_byte(protection->hook);
		status = luaD_closeprotected(L, protection->top, status);
		luaD_seterrorobj(L, status, restorestack(L, protection->top));
		luaD_shrinkstack(L);
	}
	return status;
}
#endif
