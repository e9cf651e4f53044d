/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The commonest case of what the interpreter calls a function for, inline (lua/patches/11-inline.patch).
 * Each does what the function does, or leaves the case to it. Part of Lua's unit (lua/unit.c).
 */
#ifndef LUA_INLINE_H
#define LUA_INLINE_H

#include "fast.h"
#include "ldo.h"
#include "lobject.h"
#include "lopcodes.h"
#include "lstate.h"
#include "lstring.h"
#include "ltable.h"
#include "ltm.h"
#include "lvm.h"

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

/* The metatable of windows has this as its second element, for those that the first is the methods of. */
#define luai_haswindow(metatable)	ttislightuserdata(&(metatable)->array[1])

/* An interrupt may set it, for the interpreter to see at its next instruction: it may as well be read once. */
#define luai_hooked(L)		(*(const int *)&(L)->hookmask)

/* luaD_poscall() to the frame `back`, of what returns the results that are wanted at least. */
static inline __attribute__((always_inline)) void luai_poscall(lua_State *L, CallInfo *ci, CallInfo *back, int n)
{
	StkId to = ci->func, from = L->top - n;
	int wanted = ci->nresults, i;

	/* All, and what is to be closed first, are negative. */
	if (l_unlikely((unsigned int)wanted > (unsigned int)n || luai_hooked(L))) {
		luaD_poscall(L, ci, n);
		return;
	}
	if (wanted > 0) {
		setobjs2s(L, to, from);
		if (wanted > 1) {
			setobjs2s(L, to + 1, from + 1);
			for (i = 2; i < wanted; i++)
				setobjs2s(L, to + i, from + i);
		}
	}
	L->top = to + wanted;
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

/* --- windows (fast.h) --- */

/* What the value shows, if it is a window, and no hook is to see a call of its methods. */
static inline __attribute__((always_inline)) const struct luafast_window *luai_window(lua_State *L, const TValue *o)
{
	if (!luai_hasmethods(o) || l_unlikely(!luai_haswindow(uvalue(o)->metatable) || luai_hooked(L)))
		return NULL;
	return ((const struct luafast_window *const *)luafast_block((const struct luafast_value *)o))[1];
}

/* The integer of this kind at a place. */
static __attribute__((noipa)) lua_Integer luai_integer(const unsigned char *place, int kind)
{
	const unsigned int bits = 8U << (kind & LUAFAST_WIDTH), unused = 64 - bits;
	lua_Unsigned value;

	switch (bits) {
	case 8: value = *place; break;
	case 16: { uint16_t half; __builtin_memcpy(&half, place, sizeof(half)); value = half; break; }
	case 32: { uint32_t word; __builtin_memcpy(&word, place, sizeof(word)); value = word; break; }
	default: __builtin_memcpy(&value, place, sizeof(value)); break;
	}
	if (kind & LUAFAST_NETWORK)
		value = __builtin_bswap64(value) >> unused;
	if (kind & LUAFAST_SIGNED)
		value = (lua_Unsigned)((int64_t)(value << unused) >> unused);
	return l_castU2S(value);
}

/* The kind of getter that a name is of, or zero. */
#define luai_getter(key)	l_unlikely((key)->extra & LUAFAST_GETTER)

/*
 * OP_SELF with OP_CALL, and what computes the argument between them, of a getter that is called with one integer for
 * one result: how many instructions that is behind OP_SELF; zero when it takes the call, as nothing has been done.
 */
static inline __attribute__((always_inline)) int luai_get(lua_State *L, StkId base, StkId ra, const TValue *o, int kind,
							   Instruction self, const Instruction *pc)
{
	const Instruction call = (self & MASK1(SIZE_A, POS_A)) | CREATE_ABCk(OP_CALL, 0, 3, 2, 0);
	const struct luafast_window *window = luai_window(L, o);
	const Instruction first = pc[0];
	const TValue *from = s2v(luai_element(base, first, POS_B));
	size_t offset, width;
	int taken = 2;

	if (!window)
		return 0;
	/* One instruction between them has just the argument as its result. */
	if (l_likely(pc[1] == call)) {
		if (GET_OPCODE(first) == OP_LOADI)
			offset = (size_t)(lua_Integer)GETARG_sBx(first);
		else if (GET_OPCODE(first) == OP_MOVE && ttisinteger(from))
			offset = (size_t)ivalue(from);
		else
			return 0;
	} else {
		/* Behind it is what does the same by a metamethod. */
		if (GET_OPCODE(first) != OP_ADDI || pc[2] != call || !ttisinteger(from))
			return 0;
		offset = (size_t)ivalue(from) + (size_t)(lua_Integer)GETARG_sC(first);
		taken = 3;
	}
	if (l_likely(kind == LUAFAST_GETTER)) {
		if (l_unlikely(offset >= window->size))
			return 0;
		setivalue(s2v(ra), window->bytes[offset]);
		return taken;
	}
	width = (size_t)1 << (kind & LUAFAST_WIDTH);
	if (l_unlikely(width > window->size || offset > window->size - width))
		return 0;
	setivalue(s2v(ra), luai_integer(window->bytes + offset, kind));
	return taken;
}

/* --- what would take the address of a variable of luaV_execute() (lua/patches/12-registers.patch) --- */

static __attribute__((noipa)) void luai_finishgeti(lua_State *L, const TValue *t, lua_Integer index, StkId res,
						       const TValue *slot)
{
	TValue key;

	setivalue(&key, index);
	luaV_finishget(L, t, &key, res, slot);
}

static __attribute__((noipa)) void luai_finishseti(lua_State *L, const TValue *t, lua_Integer index, TValue *value,
						       const TValue *slot)
{
	TValue key;

	setivalue(&key, index);
	luaV_finishset(L, t, &key, value, slot);
}

/* luaH_getstr() */
#define luai_getstr(t,key)	((key)->tt == LUA_VSHRSTR ? luaH_getshortstr(t, key) : luaH_getstr(t, key))

/* luaV_equalobj() */
#define luai_equal(L,a,b)	(ttisinteger(a) && ttisinteger(b) ? ivalue(a) == ivalue(b) : luaV_equalobj(L, a, b))

#endif
