/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAXDP_KERNEL_H
#define LUAXDP_KERNEL_H

#include "kernel/gate.h"
#include "lua.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The door that this CPU's last packet went to: the next one most likely goes there too. */
struct luaxdp_cache {
	unsigned int cpu;		/* whose it is */
	unsigned int generation;
	size_t size;			/* of the key; 0 when there is nothing */
	struct lunatik_door *door;
	unsigned char key[64];
};

/* The first fields of a struct xdp_buff. */
struct luaxdp_packet {
	void *data;
	void *data_end;
};

/* luaxdp_door - the door of the running script that a key names, or null. The caller is an RCU reader
 * with bottom halves off. */
struct lunatik_door *luaxdp_door(struct luaxdp_cache *cache, const char *key, size_t size);

/* luaxdp_run - call the callback of the state that was entered. An XDP action, or -1 when there is no
 * callback, or it failed. */
int luaxdp_run(struct lunatik_door *door, const struct luaxdp_packet *packet, void *argument, size_t size);

/* enum xdp_action */
extern const struct lunatik_constant luaxdp_actions[];
enum { LUAXDP_PASS = 2, LUAXDP_ACTION_MAX = 4 };

int luaopen_xdp(lua_State *L);
int luaopen_linux_xdp(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
