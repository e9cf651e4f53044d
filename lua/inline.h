/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The commonest case of what the interpreter calls a function for, inline (lua/patches/11-inline.patch).
 * Each does what the function does, or leaves the case to it. Part of Lua's unit (lua/unit.c).
 */
#ifndef LUA_INLINE_H
#define LUA_INLINE_H

#include "lobject.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"

/* luaH_getshortstr(); null when it is not there. A long string is not found. */
static inline __attribute__((always_inline)) const TValue *luai_field(const Table *t, const TString *key)
{
	const Node *n = gnode(t, lmod(key->hash, sizenode(t)));

	while (l_unlikely(!keyisshrstr(n) || keystrval(n) != key)) {
		if (!gnext(n))
			return NULL;
		n += gnext(n);
	}
	return gval(n);
}

/* The method of a userdata whose metatable has a table of them; null where it takes luaV_finishget() to find it. */
static inline __attribute__((always_inline)) const TValue *luai_method(lua_State *L, const TValue *o, const TString *key)
{
	const TValue *method;

	if (!ttisfulluserdata(o) || l_unlikely(!uvalue(o)->metatable))
		return NULL;
	method = luai_field(uvalue(o)->metatable, G(L)->tmname[TM_INDEX]);
	if (l_unlikely(!method || !ttistable(method)))
		return NULL;
	method = luai_field(hvalue(method), key);
	return l_likely(method && !isempty(method)) ? method : NULL;
}

/* luaD_poscall(), of what returns the one result that is wanted. */
#define luai_poscall(L,ci,n)	do { \
	if (l_likely((n) == 1 && (ci)->nresults == 1 && !(L)->hookmask)) { \
		StkId luai_result = (ci)->func; \
		setobjs2s(L, luai_result, (L)->top - 1); \
		(L)->top = luai_result + 1; \
		(L)->ci = (ci)->previous; \
	} else { \
		luaD_poscall(L, ci, n); \
	} \
} while (0)

/* luaV_equalobj() */
#define luai_equal(L,a,b)	(ttisinteger(a) && ttisinteger(b) ? ivalue(a) == ivalue(b) : luaV_equalobj(L, a, b))

#endif
