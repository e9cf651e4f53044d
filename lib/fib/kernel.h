/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The rules that choose routing tables. */
#ifndef LUAFIB_KERNEL_H
#define LUAFIB_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/net.h"
#include "lua.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

struct luafib_rule {
	int family;
	uint32_t table, priority;
};

/*
 * luafib_change - add the rule, or delete the first that matches, in this network namespace. 0; -ENXIO when it
 * has ended; -EINTR when killed while waiting; another errno, and the kernel's reason or NULL in *why. Sleeps,
 * and waits for RTNL.
 */
int luafib_change(const struct luafib_rule *rule, bool add, const struct lunatik_net *seen, const char **why);

extern const struct lunatik_constant luafib_af[];
extern const int luafib_inet, luafib_inet6;

int luaopen_fib(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
