/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Arguments of a C function, read fast (lua/fast.c). Neither function raises an error. */
#ifndef LUA_FAST_H
#define LUA_FAST_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* luafast_touserdata - the block of argument `arg` (from 1) if it is a full userdata of just this
 * size, else NULL. */
void *luafast_touserdata(lua_State *L, int arg, size_t size);

/* luafast_tointeger - whether argument `arg` is an integer (no string is converted). */
int luafast_tointeger(lua_State *L, int arg, lua_Integer *integer);

/*
 * A protected call whose function is the caller's own frame, for lunatik_run() in C: an error
 * raised between luafast_protect() and luafast_unprotect() jumps to the klibc_setjmp() that the
 * caller did on `jump`. luafast_unprotect() returns the status, with the message pushed.
 */
struct luafast_protection {
	void *previous;
	unsigned long jump[8];
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
