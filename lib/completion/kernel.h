/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's completion. */
#ifndef LUACOMPLETION_KERNEL_H
#define LUACOMPLETION_KERNEL_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a struct completion, of a kernel that checks its locks too. */
struct luacompletion {
	void *storage[16];
};

void luacompletion_init(struct luacompletion *completion);

/* luacompletion_complete - let one waiter go on, the next if there is none. Any context. */
void luacompletion_complete(struct luacompletion *completion);

/* Timeouts are milliseconds, or this: no limit. */
#define LUACOMPLETION_FOREVER		LUA_MAXINTEGER
#define LUACOMPLETION_TIMEOUT_MAX	0x7fffffff

/* luacompletion_wait - 1 completed, 0 timed out, -1 a signal came, or the gate is urged. Process context. */
int luacompletion_wait(struct luacompletion *completion, long long timeout, struct lunatik_gate *gate);

int luaopen_completion(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
