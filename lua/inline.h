/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The commonest case of what the interpreter calls a function for, inline (lua/patches/11-inline.patch).
 * Each does what the function does, or leaves the case to it. Part of Lua's unit (lua/unit.c).
 */
#ifndef LUA_INLINE_H
#define LUA_INLINE_H

#include "ldo.h"
#include "lobject.h"
#include "lopcodes.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"

/* An element of 16 bytes of an array whose index is the operand of an instruction. */
#define luai_element(array,i,pos) ((__typeof__(array))((char *)(array) + ((i) >> ((pos) - 4) & 0xff0)))
_Static_assert(sizeof(StackValue) == 16 && sizeof(TValue) == 16 && POS_A >= 4 && SIZE_A == 8 && SIZE_B == 8 &&
	       SIZE_C == 8, "operands are not as luai_element() has them");

/* luaH_getshortstr(). A long string is not found. */
static inline __attribute__((always_inline)) const TValue *luai_field(const Table *t, const TString *key)
{
	static const TValue absent = { ABSTKEYCONSTANT };
	const Node *n = t->node + (key->hash & ((1U << t->lsizenode) - 1));

	while (l_unlikely(!keyisshrstr(n) || keystrval(n) != key)) {
		if (!gnext(n))
			return &absent;
		n += gnext(n);
	}
	return gval(n);
}

/* The method of a userdata whose metatable has a table of them; empty where it takes luaV_finishget() to find it. */
static inline __attribute__((always_inline)) const TValue *luai_method(lua_State *L, const TValue *o, const TString *key)
{
	const TValue *methods = luai_field(uvalue(o)->metatable, G(L)->tmname[TM_INDEX]);

	return l_likely(ttistable(methods)) ? luai_field(hvalue(methods), key) : &G(L)->nilvalue;
}
#define luai_hasmethods(o)	(ttisfulluserdata(o) && l_likely(uvalue(o)->metatable != NULL))

/* luaD_poscall(), of what returns just the results that are wanted. */
static inline __attribute__((always_inline)) void luai_poscall(lua_State *L, CallInfo *ci, int n)
{
	if (l_likely(n == ci->nresults && !L->hookmask)) {
		StkId to = ci->func;

		if (l_likely(n == 1)) {
			setobjs2s(L, to, L->top - 1);
			to++;
		} else {
			for (StkId from = L->top - n; n; n--, to++, from++)
				setobjs2s(L, to, from);
		}
		L->top = to;
		L->ci = ci->previous;
	} else {
		luaD_poscall(L, ci, n);
	}
}

/* luaD_precall() from the frame `ci`, of a C function without upvalues; zero where it is another. */
static inline __attribute__((always_inline)) int luai_callc(lua_State *L, CallInfo *ci, StkId func, int nresults)
{
	CallInfo *next = ci->next;

	if (!ttislcf(s2v(func)) || l_unlikely(!next || L->stack_last - L->top <= LUA_MINSTACK || L->hookmask))
		return 0;
	next->func = func;
	next->nresults = nresults;
	next->callstatus = CIST_C;
	next->top = L->top + LUA_MINSTACK;
	L->ci = next;
	luai_poscall(L, next, fvalue(s2v(func))(L));
	return 1;
}

/* luaV_equalobj() */
#define luai_equal(L,a,b)	(ttisinteger(a) && ttisinteger(b) ? ivalue(a) == ivalue(b) : luaV_equalobj(L, a, b))

#endif
