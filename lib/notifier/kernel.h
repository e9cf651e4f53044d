/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's notifier chains: of the console keyboard, network devices, virtual terminals. */
#ifndef LUANOTIFIER_KERNEL_H
#define LUANOTIFIER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lua.h"
#include "kernel/net.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

enum luanotifier_chain { LUANOTIFIER_KEYBOARD, LUANOTIFIER_NETDEVICE, LUANOTIFIER_VTERM };

/* One callback in a chain. */
struct luanotifier {
	enum luanotifier_chain chain;
	void *runtime;
	int callback;			/* registry reference */
	bool deleted;			/* no event is told any more */
	void *adding;			/* the lua_State that adds it, meanwhile */
	uint64_t net;			/* the network namespace whose devices are told */
	void *storage[4];		/* the kernel's */
};

/* What happened: the fields of its chain. */
struct luanotifier_event {
	unsigned long event;
	bool down, shift;		/* keyboard */
	unsigned int value;		/* keyboard: the key; vterm: the character */
	const char *name;		/* netdevice */
	unsigned int terminal;		/* vterm */
};

/*
 * luanotifier_add - hook it in. A network device's notifier is told at once of the devices that are there in the
 * namespace, by the calling task. 0; -ENXIO when the namespace has ended; another errno: what the callback answered to one of these. NETDEVICE may sleep.
 * luanotifier_remove - unhook it, and wait until no event is on its way. May sleep, and wait for RTNL.
 */
int luanotifier_add(struct luanotifier *notifier, const struct lunatik_net *seen);
void luanotifier_remove(struct luanotifier *notifier);

/*
 * luanotifier_tell - call the callback: an answer of luanotifier_notify. KEYBOARD: interrupts off; VTERM: with the
 * console's lock; NETDEVICE: with RTNL.
 */
int luanotifier_tell(struct luanotifier *notifier, const struct luanotifier_event *event);

/* luanotifier_missed - log that the runtime was busy for too long. */
void luanotifier_missed(const char *script, const struct luanotifier_event *event);

extern const struct lunatik_constant luanotifier_notify[], luanotifier_kbd[], luanotifier_netdev[], luanotifier_vt[];
extern const int luanotifier_done;

int luaopen_notifier(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
