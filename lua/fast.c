/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reading Lua values without the API's generality, for paths that run once per packet. Part of
 * Lua's unit (lua/unit.c), and the only code of ours that knows Lua's internal structures.
 */
#include "fast.h"

void *luafast_touserdata(lua_State *L, int arg, size_t size)
{
	const TValue *value = s2v(L->ci->func + arg);

	if (s2v(L->top) <= value || !ttisfulluserdata(value) || uvalue(value)->len != size || uvalue(value)->nuvalue)
		return NULL;
	return (char *)uvalue(value) + udatamemoffset(0);
}

int luafast_tointeger(lua_State *L, int arg, lua_Integer *integer)
{
	const TValue *value = s2v(L->ci->func + arg);

	if (s2v(L->top) <= value || !ttisinteger(value))
		return 0;
	*integer = ivalue(value);
	return 1;
}

struct luafast_access luafast_access(lua_State *L, size_t size)
{
	struct luafast_access access = { NULL, 0 };
	const TValue *object = s2v(L->ci->func + 1), *integer = s2v(L->ci->func + 2);

	if (l_likely(integer < s2v(L->top) && ttisinteger(integer) && ttisfulluserdata(object) &&
		     uvalue(object)->len == size && uvalue(object)->nuvalue == 0)) {
		access.block = (char *)uvalue(object) + udatamemoffset(0);
		access.integer = ivalue(integer);
	}
	return access;
}

void luafast_keep(lua_State *L)
{
	((void **)lua_getextraspace(L))[1] = L;
}

int luafast_return(lua_State *L, lua_Integer integer)
{
	setivalue(s2v(L->top), integer);
	L->top++;
	return 1;
}

/* As luaD_pcall() ends when it has caught an error. */
static int recover(lua_State *L, CallInfo *call, int hook, ptrdiff_t top, int status)
{
	L->ci = call;
	L->allowhook = cast_byte(hook);
	status = luaD_closeprotected(L, top, status);
	luaD_seterrorobj(L, status, restorestack(L, top));
	luaD_shrinkstack(L);
	return status;
}

enum luafast_outcome luafast_call(lua_State *L, int function, lua_Integer *result)
{
	StkId from = L->base_ci.func + function, to = L->top;
	/* Every field is set below, or by setjmp. */
	struct lua_longjmp jump __attribute__((uninitialized));
	const TValue *value;

	/* A coroutine that is not running: no frame, no handler, no call to come back to. */
	lua_assert(L->ci == &L->base_ci && !L->errorJmp && !L->errfunc && L->allowhook && !L->nCcalls);
	/* It has LUA_MINSTACK free slots at least. */
	setobjs2s(L, to, from);
	setobjs2s(L, to + 1, from + 1);
	setobjs2s(L, to + 2, from + 2);
	L->top = to + 3;
	jump.status = LUA_OK;
	jump.previous = NULL;
	L->errorJmp = &jump;
	L->errfunc = savestack(L, from - 1);
	LUAI_TRY(L, &jump, luaD_callnoyield(L, to, 1);)
	L->errorJmp = NULL;
	L->errfunc = 0;
	if (l_unlikely(jump.status != LUA_OK)) {
		L->nCcalls = 0;
		recover(L, &L->base_ci, 1, savestack(L, L->base_ci.func + function + 3), jump.status);
		return LUAFAST_ERROR;
	}
	value = s2v(--L->top);
	if (l_unlikely(!ttisinteger(value)))
		return ttisnil(value) ? LUAFAST_NIL : LUAFAST_OTHER;
	*result = ivalue(value);
	return LUAFAST_INTEGER;
}

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

int luafast_unprotect(lua_State *L, struct luafast_protection *protection)
{
	int status = ((struct lua_longjmp *)protection)->status;

	L->errorJmp = protection->previous;
	L->nCcalls = protection->calls;
	if (l_unlikely(status != LUA_OK))
		status = recover(L, protection->call, protection->hook, protection->top, status);
	return status;
}
