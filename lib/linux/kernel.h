/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Random numbers, sleep, time, and the kernel's constants. */
#ifndef LUALINUX_KERNEL_H
#define LUALINUX_KERNEL_H

#include <stdbool.h>

#include "lua.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

unsigned int lualinux_random32(void);
unsigned long long lualinux_random64(void);

/* lualinux_time - nanoseconds since the epoch. Any context. */
long long lualinux_time(void);

/* Timeouts are milliseconds, or this: no limit. */
#define LUALINUX_FOREVER	LUA_MAXINTEGER
#define LUALINUX_TIMEOUT_MAX	0x7fffffff

/*
 * lualinux_schedule - sleep in a state of lualinux_task, and give up the CPU at least. Returns what
 * remains of the timeout, 0 when it elapsed; that is early when the gate is urged. Process context.
 */
long long lualinux_schedule(long long timeout, int state, struct lunatik_gate *gate);

/* lualinux_is_endless - whether nothing but a timeout is sure to end a sleep in this state. */
bool lualinux_is_endless(int state);

extern const struct lunatik_constant lualinux_stat[], lualinux_task[], lualinux_errno[];
extern const int lualinux_interruptible;

int luaopen_linux(lua_State *L);
int luaopen_linux_stat(lua_State *L);
int luaopen_linux_task(lua_State *L);
int luaopen_linux_errno(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
