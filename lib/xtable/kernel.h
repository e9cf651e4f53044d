/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAXTABLE_KERNEL_H
#define LUAXTABLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/gate.h"
#include "lunatik_library.h"
#include "lunatik_skb.h"

#ifdef __cplusplus
extern "C" {
#endif

enum luaxtable_kind { LUAXTABLE_MATCH, LUAXTABLE_TARGET };

/* What a script wants to register. */
struct luaxtable_terms {
	enum luaxtable_kind kind;
	const char *name;		/* at most LUAXTABLE_NAME bytes */
	unsigned char revision;
	unsigned char families;		/* bits of luaxtable_families() */
	unsigned int hooks;		/* bits; 0: all */
	unsigned short proto;		/* 0: all */
};
enum { LUAXTABLE_NAME = 28 };

/* What the kernel has of one state: its door, and its callback, which only who is inside reads. */
struct luaxtable_slot {
	struct lunatik_door *door;
	void *callback;
};

struct luaxtable_extension;

/* A rule of iptables, as the callbacks below see it. */
struct luaxtable_rule {
	uint64_t id;			/* of no other rule */
	const char *userargs;		/* ends in '\0' */
	bool fits;			/* the terms are those under which it was checked */
};

/* luaxtable_families - the bits for a family of netfilter.family; 0 when x_tables has no such rules for us. */
unsigned char luaxtable_families(long long family);

/* luaxtable_families_are_ip - whether these have protocols above them, and matches that a program can name. */
bool luaxtable_families_are_ip(unsigned char families);

/* luaxtable_hooks - the hooks that these families have, as bits. */
unsigned int luaxtable_hooks(unsigned char families);

/*
 * luaxtable_join - give a state's callback to the extension of its runtime: one that other states of the runtime,
 * each for a CPU, have registered, or else a new one.
 * @runtime: to be compared only
 * @door: the state's; its memory lives for an RCU grace period after luaxtable_leave()
 * @cpu: the state's, or -1 when it is the only one
 * @slot: set to the state's part
 *
 * The extension, or an error: -EEXIST, a script has registered that name and revision, or another state of this
 * one has with other terms; -EBUSY, a module of the kernel has the name; -ENOSPC, too many names; -ENOMEM.
 * Process context.
 */
struct luaxtable_extension *luaxtable_join(void *runtime, const struct luaxtable_terms *terms,
					   struct lunatik_door *door, int cpu, void *callback,
					   struct luaxtable_slot **slot, int *error);

/*
 * luaxtable_leave - take the callback of a state that was shut away. With the last one the extension goes: no new
 * rule finds it, and those that there are do nothing until the name is registered again. Process context.
 */
void luaxtable_leave(struct luaxtable_extension *extension, struct luaxtable_slot *slot);

/* luaxtable_size - about the memory of an extension, in bytes. */
size_t luaxtable_size(void);

/* A packet at a rule. */
struct luaxtable_event {
	struct lunatik_skb packet;
	void *par;			/* struct xt_action_param */
	const void *info;		/* the rule's */
};

/* luaxtable_look - the rule of an event. */
void luaxtable_look(const struct luaxtable_event *event, struct luaxtable_rule *rule);

/* luaxtable_queues - whether the packet may be handed to a program of user space. */
bool luaxtable_queues(const struct luaxtable_event *event);

/* Offsets, and the packet's end; of matches, that is read and written. */
unsigned int luaxtable_thoff(const struct luaxtable_event *event);
unsigned int luaxtable_fragoff(const struct luaxtable_event *event);
bool luaxtable_hotdrop(const struct luaxtable_event *event);
void luaxtable_set_hotdrop(const struct luaxtable_event *event, bool hotdrop);

/* --- C++, in the state that was entered --- */

/* The rule's number is `id`. What the packet's is: whether it matches; a verdict. */
bool luaxtable_match(void *callback, uint64_t id, struct luaxtable_event *event);
unsigned int luaxtable_target(void *callback, uint64_t id, struct luaxtable_event *event);

/* luaxtable_learn - whether the script takes a rule; luaxtable_forget - it is gone. */
bool luaxtable_learn(void *callback, const struct luaxtable_rule *rule);
void luaxtable_forget(void *callback, const struct luaxtable_rule *rule);

enum {
	LUAXTABLE_DROP,
	LUAXTABLE_ACCEPT,
	LUAXTABLE_STOLEN,
	LUAXTABLE_QUEUE,
	LUAXTABLE_REPEAT,
	LUAXTABLE_STOP,
	LUAXTABLE_FLAGS = 0x8000,	/* of QUEUE: accept when nobody listens */
	LUAXTABLE_REPEATS = 16,		/* of one packet at one rule */
};
#define LUAXTABLE_CONTINUE	0xffffffffU

int luaopen_xtable(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
