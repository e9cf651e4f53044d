/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAXDP_KERNEL_H
#define LUAXDP_KERNEL_H

#include "lua.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The runtime that this CPU's last packet went to: the next one most likely goes there too. */
struct luaxdp_cache {
	unsigned char key[64];
	size_t size;			/* of the key; 0 when there is nothing */
	unsigned int generation;
	void *runtime;
};

/* What the kfunc was called with. */
struct luaxdp_call {
	const char *key;
	size_t key_size;
	void *packet;
	size_t packet_size;
	void *argument;
	size_t argument_size;
	unsigned int cpu;
};

/*
 * luaxdp_run - call the callback of a runtime. The caller is an RCU reader with bottom halves off.
 * An XDP action, or -1 when there is no such runtime or callback, or the callback failed.
 */
int luaxdp_run(struct luaxdp_cache *cache, const struct luaxdp_call *call);

/* enum xdp_action */
extern const struct lunatik_constant luaxdp_actions[];
enum { LUAXDP_PASS = 2, LUAXDP_ACTION_MAX = 4 };

int luaopen_xdp(lua_State *L);
int luaopen_linux_xdp(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
