/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Arguments of a C function, read fast (lua/fast.c). Neither function raises an error. */
#ifndef LUA_FAST_H
#define LUA_FAST_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

#include "setjmp.h"

/* luafast_touserdata - the block of argument `arg` (from 1) if it is a full userdata of just this
 * size, else NULL. */
void *luafast_touserdata(lua_State *L, int arg, size_t size);

/* luafast_tointeger - whether argument `arg` is an integer (no string is converted). */
int luafast_tointeger(lua_State *L, int arg, lua_Integer *integer);

/*
 * luafast_access - argument 1 as luafast_touserdata() gives it, and argument 2, an integer: what
 * object:get(offset) is called with. The block is NULL when either is not so.
 */
struct luafast_access {
	void *block;
	lua_Integer integer;
};
struct luafast_access luafast_access(lua_State *L, size_t size);

/* luafast_keep - make a new thread the caller's own, which the script is never handed. */
void luafast_keep(lua_State *L);

/* luafast_return - return the integer from a C function: `return luafast_return(L, n);` */
int luafast_return(lua_State *L, lua_Integer integer);

/*
 * luafast_call - a protected call of what lies at the bottom of a coroutine's stack.
 * @L: a coroutine that is used for nothing else, and is not running
 * @function: the index of the function; the message handler is below it, its two arguments above
 * @result: set to the result if it is an integer
 *
 * The stack is as before, but for LUAFAST_ERROR, with the message on top. Does not raise.
 */
enum luafast_outcome { LUAFAST_INTEGER, LUAFAST_NIL, LUAFAST_OTHER, LUAFAST_ERROR };
enum luafast_outcome luafast_call(lua_State *L, int function, lua_Integer *result);

/*
 * A protected call whose function is the caller's own frame, for lunatik_run() in C: an error
 * raised between luafast_protect() and luafast_unprotect() jumps to the klibc_setjmp() that the
 * caller did on `jump`. luafast_unprotect() returns the status, with the message pushed.
 */
struct luafast_protection {
	void *previous;
	klibc_jmp_buf jump;
	int status;
	unsigned int calls;
	void *call;
	ptrdiff_t top;
	int hook;
};
void luafast_protect(lua_State *L, struct luafast_protection *protection);
int luafast_unprotect(lua_State *L, struct luafast_protection *protection);

#ifdef __cplusplus
}
#endif

#endif
