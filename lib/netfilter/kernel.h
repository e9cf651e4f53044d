/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUANETFILTER_KERNEL_H
#define LUANETFILTER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/gate.h"
#include "kernel/net.h"
#include "lunatik_library.h"
#include "lunatik_skb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a hook is. */
struct luanetfilter_place {
	unsigned char family;
	unsigned int number;
	int priority;
	const char *device;		/* its name; null for families other than NETDEV */
};

/* What a hook of the kernel's has of one state: its door, and its callback, which only who is inside reads. */
struct luanetfilter_slot {
	struct lunatik_door *door;
	void *callback;
};

struct luanetfilter_hook;

/* luanetfilter_is_link - whether packets of this family are shown from the link header on. */
bool luanetfilter_is_link(unsigned char family);

/* luanetfilter_check - what is wrong with a place, or null. */
const char *luanetfilter_check(const struct luanetfilter_place *place);

/*
 * luanetfilter_join - give a state's callback to the hook of its runtime at this place: to one that other states
 * of the runtime, each for a CPU, have made, or else to a new one.
 * @net: the namespace
 * @runtime: to be compared only
 * @door: the state's; its memory lives until the hook has been left by all
 * @cpu: the state's, or -1 when it is the only one
 * @slot: set to the state's part
 *
 * The hook, or an error: -ENODEV, no such device; -ENOMEM; -EINTR, killed; -E2BIG, too many hooks are at this
 * place; others of nf_register_net_hook(). Process context.
 */
struct luanetfilter_hook *luanetfilter_join(struct net *net, void *runtime, const struct luanetfilter_place *place,
					    struct lunatik_door *door, int cpu, void *callback,
					    struct luanetfilter_slot **slot, int *error);

/*
 * luanetfilter_leave - take the callback away. The last one to leave takes the hook away. When it returns no
 * packet sees the callback any more. Process context.
 */
void luanetfilter_leave(struct luanetfilter_hook *hook, struct luanetfilter_slot *slot);

/* luanetfilter_size - about the memory of a hook, in bytes. */
size_t luanetfilter_size(void);

/* luanetfilter_run - run a callback in the state that was entered. A verdict of LUANETFILTER_*, QUEUE with more. */
int luanetfilter_run(void *callback, struct lunatik_skb *packet);

enum {
	LUANETFILTER_DROP,
	LUANETFILTER_ACCEPT,
	LUANETFILTER_STOLEN,
	LUANETFILTER_QUEUE,
	LUANETFILTER_REPEAT,
	LUANETFILTER_STOP,
	LUANETFILTER_MASK = 0xff,
	LUANETFILTER_FLAGS = 0x8000,	/* of QUEUE: accept when nobody listens */
	LUANETFILTER_REPEATS = 16,	/* of one packet at one hook */
};

/* luanetfilter_queues - whether packets of this family can be queued. */
bool luanetfilter_queues(unsigned char family);

/* The tables of constants, in the order of their names in netfilter.cpp. */
enum { LUANETFILTER_FAMILY, LUANETFILTER_ACTION, LUANETFILTER_INET, LUANETFILTER_BRIDGE, LUANETFILTER_ARP,
       LUANETFILTER_NETDEV, LUANETFILTER_IP_PRIORITY, LUANETFILTER_BRIDGE_PRIORITY, LUANETFILTER_TABLES };
extern const struct lunatik_constant *const luanetfilter_tables[];

int luaopen_netfilter(lua_State *L);
int luaopen_linux_nf(lua_State *L);
int luaopen_linux_nf_proto(lua_State *L);
int luaopen_linux_nf_action(lua_State *L);
int luaopen_linux_nf_inet(lua_State *L);
int luaopen_linux_nf_bridge(lua_State *L);
int luaopen_linux_nf_arp(lua_State *L);
int luaopen_linux_nf_netdev(lua_State *L);
int luaopen_linux_nf_ip(lua_State *L);
int luaopen_linux_nf_br(lua_State *L);
int luaopen_linux_nf_ip_pri(lua_State *L);
int luaopen_linux_nf_br_pri(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
