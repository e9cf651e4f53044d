/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAXDP_KERNEL_H
#define LUAXDP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/gate.h"
#include "fast.h"
#include "lua.h"
#include "lunatik_library.h"
#include "lunatik_view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The door that this CPU's last packet went to: the next one most likely goes there too. */
struct luaxdp_cache {
	unsigned int cpu;		/* whose it is */
	unsigned int generation;
	size_t size;			/* of the key; LUAXDP_NO_KEY when there is nothing that luaxdp_door() may find */
	size_t other_size;		/* the same of a key shorter than a word, or of one without a door */
	struct lunatik_door *door;
	unsigned char key[64];
};

#define LUAXDP_NO_KEY	(~(size_t)0)

/* The first fields of a struct xdp_buff. */
struct luaxdp_packet {
	void *data;
	void *data_end;
};

/* Of enum xdp_action. */
enum { LUAXDP_PASS = 2, LUAXDP_REDIRECT = 4, LUAXDP_ACTION_MAX = LUAXDP_REDIRECT };

/* What a packet needs of a state's callback, in the state's slot. */
struct luaxdp_hook {
	lua_State *thread;
	struct lunatik_view *packet, *argument;
	unsigned int takes;		/* how many of these two */
};

/* Changes with the scripts that run (include/lunatik.hpp). */
extern const unsigned int *luaxdp_generation __asm__("lunatik_kit_script_generation");

/* luaxdp_find - the same as luaxdp_door(), for a key that is not the last one. */
struct lunatik_door *luaxdp_find(struct luaxdp_cache *cache, const char *key, size_t size);

/* luaxdp_other - the action for a result that is none as it stands, or -1. */
int luaxdp_other(lua_State *L, int result);

static inline uint64_t luaxdp_word(const void *bytes)
{
	uint64_t word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Whether two keys of the same size, a word at least, are the same; shorter than memcmp() for what keys are. */
static inline bool luaxdp_same(const void *a, const void *b, size_t size)
{
	const char *one = (const char *)a, *other = (const char *)b;
	size_t last = size - sizeof(uint64_t), i;

	/* The last word overlaps the one before when the size is no multiple of its own. */
	if ((luaxdp_word(one) ^ luaxdp_word(other)) | (luaxdp_word(one + last) ^ luaxdp_word(other + last)))
		return false;
	for (i = sizeof(uint64_t); __builtin_expect(i < last, 0); i += sizeof(uint64_t))
		if (luaxdp_word(one + i) != luaxdp_word(other + i))
			return false;
	return true;
}

/* luaxdp_door - the door of the running script that a key names, or null. The caller is an RCU reader
 * with bottom halves off. */
static inline struct lunatik_door *luaxdp_door(struct luaxdp_cache *cache, const char *key, size_t size)
{
	const unsigned int generation = __atomic_load_n(luaxdp_generation, __ATOMIC_ACQUIRE);

	if (__builtin_expect(cache->generation == generation && cache->size == size &&
			     luaxdp_same(cache->key, key, size), 1)) {
		if (!cache->door)
			__builtin_unreachable();
		return cache->door;
	}
	return luaxdp_find(cache, key, size);
}

/* luaxdp_run - call the callback of the state that was entered. An XDP action, or -1 when there is no
 * callback, or it failed. */
static inline int luaxdp_run(struct lunatik_door *door, struct luaxdp_packet *packet, void *argument, size_t size)
{
	struct luaxdp_hook *hook = (struct luaxdp_hook *)door->slots[LUNATIK_SLOT_XDP];
	int result;

	if (__builtin_expect(!hook, 0))
		return -1;
	if (hook->takes) {
		struct lunatik_view *view = hook->packet;

		lunatik_view_show(view, packet->data, (size_t)((char *)packet->data_end - (char *)packet->data));
		view->packet = packet;
		if (hook->takes > 1)
			lunatik_view_show(hook->argument, argument, argument ? size : 0);
		result = luafast_call(hook->thread, hook->takes);
		lunatik_view_hide(hook->packet);
		if (hook->takes > 1)
			lunatik_view_hide(hook->argument);
	} else {
		result = luafast_call(hook->thread, 0);
	}
	if (__builtin_expect((unsigned int)result <= LUAXDP_ACTION_MAX, 1))
		return result;
	return luaxdp_other(hook->thread, result);
}

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

/* All of them. */
extern const struct lunatik_constant luaxdp_actions[];

int luaopen_xdp(lua_State *L);
int luaopen_linux_xdp(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
