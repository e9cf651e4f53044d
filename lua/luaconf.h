/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The configuration of Lua 5.4 for the kernel. It takes the place of the stock luaconf.h in the
 * build folder: integers only, no locale, short C buffers (the kernel's stack is 16 KiB), errors
 * by our setjmp. The host tests build with it too, on the C library of the host.
 */
#ifndef luaconf_h
#define luaconf_h

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers: a lua_Integer is 64 bits, and a lua_Number is the same type. */
#define LUAI_IS32INT		1
#define LUA_INTEGER		long long
#define LUA_INTEGER_FRMLEN	"ll"
#define LUA_INTEGER_FMT		"%" LUA_INTEGER_FRMLEN "d"
#define LUAI_UACINT		LUA_INTEGER
#define LUA_UNSIGNED		unsigned LUAI_UACINT
#define LUA_MAXINTEGER		LLONG_MAX
#define LUA_MININTEGER		LLONG_MIN
#define LUA_MAXUNSIGNED		ULLONG_MAX
#define lua_integer2str(s,sz,n)	l_sprintf((s), sz, LUA_INTEGER_FMT, (LUAI_UACINT)(n))

#define LUA_NUMBER		long long
#define LUA_NUMBER_FRMLEN	"ll"
#define LUA_NUMBER_FMT		"%lld"
#define LUAI_UACNUMBER		LUA_NUMBER
#define lua_number2str(s,sz,n)	l_sprintf((s), sz, LUA_NUMBER_FMT, (LUAI_UACNUMBER)(n))
#define lua_numbertointeger(n,p) (*(p) = (n), 1)
/* What the stock code asks of a floating-point type, answered for 64-bit integers. */
#define l_floatatt(n)		(LUAI_INTATT_##n)
#define LUAI_INTATT_MANT_DIG	63
#define LUAI_INTATT_MAX_10_EXP	19
#define l_mathop(op)		(lua_Number)op
#ifdef LUA_UNIT
#define floor(x)		(x)
#define fabs(x)			((x) < 0 ? -(x) : (x))
#define fmod(a,b)		((a) % (b))
#define frexp(x,e)		(*(e) = 0, (x))
#define ldexp(x,e)		((void)(e), (x))
#define HUGE_VAL		LLONG_MAX
#endif
#define LUAI_NOFLOAT(L)		(luaG_runerror(L, "floating-point arithmetic is not supported in the kernel"), 0)
#define luai_numdiv(L,a,b)	((void)(a), (void)(b), LUAI_NOFLOAT(L))
#define luai_numpow(L,a,b)	((void)(a), (void)(b), LUAI_NOFLOAT(L))
#define l_floor(x)		(x)
/* A numeral that is no integer is no number at all. */
#define lua_str2number(s,p)	(*(p) = (char *)(s), (lua_Number)0)
#define lua_strx2number(s,p)	lua_str2number(s, p)
#define lua_number2strx(L,b,sz,f,n)	((void)(L), l_sprintf(b, sz, LUA_NUMBER_FMT, (LUAI_UACNUMBER)(n)))
#define lua_getlocaledecpoint()	'.'

/* Scripts live in one folder. */
#ifndef LUA_ROOT
#define LUA_ROOT		"/lib/modules/lua/"
#endif
#define LUA_PATH_SEP		";"
#define LUA_PATH_MARK		"?"
#define LUA_EXEC_DIR		"!"
#define LUA_DIRSEP		"/"
#define LUA_VDIR		LUA_VERSION_MAJOR "." LUA_VERSION_MINOR
#define LUA_PATH_DEFAULT	LUA_ROOT "?.lua;" LUA_ROOT "?/init.lua"
#define LUA_CPATH_DEFAULT	""

#define LUA_API			extern
#define LUALIB_API		LUA_API
#define LUAMOD_API		LUA_API
/* Lua is compiled as one unit (lua/unit.c), so what its files share is static there. */
#ifdef LUA_UNIT
#define LUAI_FUNC		static
#define LUAI_DDEC(def)
#define LUAI_DDEF		static
#else
#define LUAI_FUNC		extern
#define LUAI_DDEC(def)		extern def
#define LUAI_DDEF
#endif

#define l_sprintf(s,sz,f,i)	snprintf(s, sz, f, i)
#define lua_pointer2str(buff,sz,p)	l_sprintf(buff, sz, "%p", p)
#define LUA_KCONTEXT		intptr_t

#define luai_likely(x)		(__builtin_expect(((x) != 0), 1))
#define luai_unlikely(x)	(__builtin_expect(((x) != 0), 0))
#if defined(LUA_CORE) || defined(LUA_LIB) || defined(LUA_UNIT)
#define l_likely(x)		luai_likely(x)
#define l_unlikely(x)		luai_unlikely(x)
#endif

/* Lua's own stack, in slots of 16 bytes: the memory quota of the runtime ends it first. */
#define LUAI_MAXSTACK		1000000
/* Nested C calls. What really bounds them is luai_stacklow(), asked at the same places. */
#define LUAI_MAXCCALLS		200
/* In a hook mask: the guard wants the thread's attention. */
#define LUAI_MASKGUARD		0x80
/* The State (src/state.hpp); and in a thread that a binding keeps for itself, that it is one. */
#define LUA_EXTRASPACE		(2 * sizeof(void *))
#define LUA_IDSIZE		60
/* On the stack of every function that builds a string: a quarter of the stock size. */
#define LUAL_BUFFERSIZE		256
#define LUAI_MAXALIGN		lua_Number n; void *s; lua_Integer i; long l

/* The dispatch table of the interpreter stands where objtool looks for the targets of a jump. */
#if defined(__KERNEL__) && defined(LUA_UNIT)
#include "jump_table.h"
#define LUAI_JUMPTABLE		KLIBC_JUMP_TABLE
#else
#define LUAI_JUMPTABLE
#endif

#ifdef __KERNEL__
/* print() is ours (src/base.cpp). */
#define lua_writestring(s,l)	((void)(s), (void)(l))
#define lua_writeline()		((void)0)
#endif

/* Errors: a jump that ends in a return, for CPUs that track indirect branches. */
#ifdef __KERNEL__
#define luai_jmpbuf		klibc_jmp_buf
#define LUAI_TRY(L,c,a)		if (klibc_setjmp((c)->b) == 0) { a }
#define LUAI_THROW(L,c)		do { klibc_forget((c)->b); klibc_longjmp((c)->b, 1); __builtin_trap(); } while (0)
#else
#define luai_jmpbuf		jmp_buf
#define LUAI_TRY(L,c,a)		if (_setjmp((c)->b) == 0) { a }
#define LUAI_THROW(L,c)		_longjmp((c)->b, 1)
#endif

/* The seed of string hashes: random for each state. */
#ifdef __KERNEL__
#define luai_makeseed(L)	((void)(L), klibc_seed())
#define l_randomizePivot()	klibc_seed()
#endif

/*
 * True when the machine stack has no room for another nested C call. Lua's extra space points to
 * the state's State, whose first word is the lowest address that this entry may use (src/state.hpp).
 */
#ifdef LUA_UNIT
/* The first words of struct lunatik_door (src/kernel/gate.h). */
#define luai_door(L)		(*(volatile uintptr_t **)lua_getextraspace(L))
#define luai_getrunning(L)	((void *)luai_door(L)[1])
#define luai_setrunning(L,l)	(luai_door(L)[1] = (uintptr_t)(l))
/* Its threads are freed next. */
#define luai_userstateclose(L)	luai_setrunning(L, NULL)
/* The guard has told this visit to end. */
#define luai_stopped(L)		((int)luai_door(L)[2] < 0)
#define luai_stop(L)		luafast_stop(L)
/* Asked by what may take long: the guard's two highest bits. */
#define luai_attend(L)		((void)(l_unlikely((unsigned int)luai_door(L)[2] >> 30) && (luafast_attend(L), 0)))
/* It has nested calls of C too deep. */
#define LUAI_DEEP		0x10000000
#define luai_deep(L)		((void)(luai_door(L)[2] |= LUAI_DEEP))
/* While it stops, no C function may be called from C, but to release what it holds. */
#define luai_liftfloor(L)	((void)(l_unlikely(luai_stopped(L)) && (luai_door(L)[0] = luai_door(L)[3])))
/* Around a close method: what is of C may free what it holds; what is of Lua raises at once. */
#define luai_beginclose(L)	(l_unlikely(luai_stopped(L)) ? luafast_lift(L) : 0)
#define luai_endclose(L,floor)	((void)((floor) && (luai_door(L)[0] = (floor))))
struct lua_State;
uintptr_t luafast_lift(struct lua_State *L);
int luafast_trace(struct lua_State *L);
void luafast_attend(struct lua_State *L);
void luafast_stop(struct lua_State *L) __attribute__((noreturn));
register uintptr_t luai_stackpointer __asm__("rsp");
#define luai_stacklow(L)	(luai_stackpointer < **(uintptr_t **)lua_getextraspace(L))
/* A thread that is not the script's to have: coroutine.running() tells the main thread instead. */
#define luai_isprivate(L)	(((void **)lua_getextraspace(L))[1] != NULL)
/* True when a finalizer might not be called for that: what it would release would then be lost. */
#define luai_stackshort(L)	(luai_stopped(L) || luai_stackpointer < **(uintptr_t **)lua_getextraspace(L) + 1024 || \
				 getCcalls(L) > LUAI_MAXCCALLS - 10)
#endif

#endif
