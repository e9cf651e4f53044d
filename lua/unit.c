/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * All of Lua as one unit, so that the compiler can inline across its files. The files come from
 * the build folder (lua/fetch puts them there); no line of them is in this repository.
 */
#define LUA_UNIT
#define LUA_CORE
#define LUA_LIB
#include "lprefix.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"

#include "copy.h"

/* On the way of each call of a method; the compiler takes them for too large. */
#include "lobject.h"
#include "lstate.h"
#define INLINED	static inline __attribute__((always_inline))
INLINED const TValue *luaT_gettmbyobj(lua_State *L, const TValue *o, TMS event);
INLINED const TValue *luaH_get(Table *t, const TValue *key);
INLINED CallInfo *luaD_precall(lua_State *L, StkId func, int nresults);
/* These have variables whose addresses are taken: see lua/patches/12-registers.patch. */
#define OUTLINED	static __attribute__((noipa))
OUTLINED void luaT_trybiniTM(lua_State *L, const TValue *p1, lua_Integer i2, int flip, StkId res, TMS event);
OUTLINED int luaT_callorderiTM(lua_State *L, const TValue *p1, int v2, int inv, int isfloat, TMS event);
OUTLINED const TValue *luaH_getstr(Table *t, TString *key);
/* Called from assembly, in fast.c, with the usual convention. */
static void luaV_execute(lua_State *L, CallInfo *ci) __attribute__((noipa));

#include "lzio.c"
#include "lctype.c"
#include "lopcodes.c"
#include "lmem.c"
#include "ldump.c"
#include "lstate.c"
#include "lgc.c"
#include "llex.c"
#include "lcode.c"
#include "lparser.c"
#include "ldebug.c"
#include "lfunc.c"
#include "lobject.c"
#include "ltm.c"
#include "lstring.c"
#include "ltable.c"
#include "ldo.c"
#include "inline.h"
#include "lvm.c"
#include "lapi.c"

#include "lauxlib.c"
#include "lbaselib.c"
#include "lcorolib.c"
#include "ldblib.c"
#include "loadlib.c"
#include "repeat.h"
#include "lstrlib.c"
#include "ltablib.c"
#include "lutf8lib.c"

#include "fast.c"
