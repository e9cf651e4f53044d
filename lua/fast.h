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

#ifdef __cplusplus
}
#endif

#endif
