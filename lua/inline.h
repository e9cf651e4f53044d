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

/*
 * The method of a userdata whose metatable has a table of them; empty where it takes luaV_finishget() to find it.
 * luafast_setmethods() marks a metatable whose table of methods is its first element, too.
 */
#define LUAI_METHODS	0x40
_Static_assert(!((LUAI_METHODS | BITRAS) & maskflags) && LUAI_METHODS != BITRAS, "the mark is in use");
#define luai_hasmethods(o)	(ttisfulluserdata(o) && uvalue(o)->metatable && \
				 l_likely(uvalue(o)->metatable->flags & LUAI_METHODS))
#define luai_method(o,key)	luai_field(hvalue(&uvalue(o)->metatable->array[0]), key)

/* An interrupt may set it, for the interpreter to see at its next instruction: it may as well be read once. */
#define luai_hooked(L)		(*(const int *)&(L)->hookmask)

/* luaD_poscall() to the frame `back`, of what returns the results that are wanted at least. */
static inline __attribute__((always_inline)) void luai_poscall(lua_State *L, CallInfo *ci, CallInfo *back, int n)
{
	StkId to = ci->func, from = L->top - n;
	int wanted = ci->nresults;

	if (l_unlikely(wanted < 0 || wanted > n || luai_hooked(L))) {
		luaD_poscall(L, ci, n);
		return;
	}
	for (; wanted > 0; wanted--, to++, from++)
		setobjs2s(L, to, from);
	L->top = to;
	L->ci = back;
}

/* luaD_precall() from the frame `ci`, of a C function without upvalues; zero where it is another. */
static inline __attribute__((always_inline)) int luai_callc(lua_State *L, CallInfo *ci, StkId func, int nresults)
{
	CallInfo *next = ci->next;
	StkId top = L->top;
	int n;

	if (!ttislcf(s2v(func)) || l_unlikely(!next || L->stack_last - top <= LUA_MINSTACK || luai_hooked(L)))
		return 0;
	next->func = func;
	next->nresults = nresults;
	next->callstatus = CIST_C;
	next->top = top + LUA_MINSTACK;
	L->ci = next;
	n = fvalue(s2v(func))(L);
	if (l_likely(n == 1 && next->nresults == 1 && !luai_hooked(L))) {
		func = next->func;
		setobjs2s(L, func, L->top - 1);
		L->top = func + 1;
		L->ci = ci;
	} else {
		luai_poscall(L, next, ci, n);
	}
	return 1;
}

/* luaT_callTMres() from the frame `ci`, of a metamethod of a userdata that is such a function; zero where it is not. */
static inline __attribute__((always_inline)) int luai_callmeta(lua_State *L, CallInfo *ci, StkId res, const TValue *o,
							       TMS event)
{
	ptrdiff_t result = savestack(L, res);
	StkId func = L->top;
	const TValue *method;
	int called;

	if (!ttisfulluserdata(o) || !uvalue(o)->metatable)
		return 0;
	method = luai_field(uvalue(o)->metatable, G(L)->tmname[event]);
	if (!ttislcf(method) || getCcalls(L) >= LUAI_MAXCCALLS - 1 || luai_stacklow(L))
		return 0;
	setobj2s(L, func, method);
	setobj2s(L, func + 1, o);
	setobj2s(L, func + 2, o);
	L->top = func + 3;
	L->nCcalls++;
	called = luai_callc(L, ci, func, 1);
	L->nCcalls--;
	if (l_unlikely(!called)) {
		L->top = func;
		return 0;
	}
	res = restorestack(L, result);
	setobjs2s(L, res, --L->top);
	return 1;
}

/* luaV_equalobj() */
#define luai_equal(L,a,b)	(ttisinteger(a) && ttisinteger(b) ? ivalue(a) == ivalue(b) : luaV_equalobj(L, a, b))

#endif
