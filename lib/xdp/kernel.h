/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAXDP_KERNEL_H
#define LUAXDP_KERNEL_H

#include <stdbool.h>

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
	size_t size;			/* of the key; 0 when there is nothing, and no door then */
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
int luaxdp_run(struct lunatik_door *door, struct luaxdp_packet *packet, void *argument, size_t size);

/* luaxdp_run_in_pieces - the same, for a packet that luaxdp_in_pieces(). */
int luaxdp_run_in_pieces(struct lunatik_door *door, struct luaxdp_packet *packet, void *argument, size_t size);

/* luaxdp_in_pieces - whether there is more of it than what is from data to data_end. */
bool luaxdp_in_pieces(const struct luaxdp_packet *packet);
size_t luaxdp_length(const struct luaxdp_packet *packet);

/* What is read and written is within the length. */
void luaxdp_read(const struct luaxdp_packet *packet, size_t offset, void *to, size_t length);
void luaxdp_write(struct luaxdp_packet *packet, size_t offset, const void *from, size_t length);

/* luaxdp_resize - move the packet's end; what is new is zeroed. False when it does not fit, or is too short. */
bool luaxdp_resize(struct luaxdp_packet *packet, size_t length);
enum { LUAXDP_LENGTH_MIN = 14 };	/* an Ethernet header */
size_t luaxdp_length_max(const struct luaxdp_packet *packet);

/* luaxdp_interface - the index of the interface that the packet came by. */
int luaxdp_interface(const struct luaxdp_packet *packet);

/* luaxdp_redirect - where the packet is to go if the action is XDP_REDIRECT: the interface of this name, or else of
 * this index, in the namespace of the one that it came by. False when there is none. */
bool luaxdp_redirect(const struct luaxdp_packet *packet, long long index, const char *name);

/* enum xdp_action */
extern const struct lunatik_constant luaxdp_actions[];
enum { LUAXDP_PASS = 2, LUAXDP_REDIRECT = 4, LUAXDP_ACTION_MAX = LUAXDP_REDIRECT };

int luaopen_xdp(lua_State *L);
int luaopen_linux_xdp(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
