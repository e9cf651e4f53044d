/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUASKB_KERNEL_H
#define LUASKB_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "lunatik_library.h"
#include "lunatik_skb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All of these in any context in which the packet is shown. Offsets are from the first byte shown. */

size_t luaskb_length(const struct lunatik_skb *packet);
bool luaskb_read(const struct lunatik_skb *packet, size_t offset, void *to, size_t length);

/*
 * luaskb_write - write bytes, of which none is shared with others then. 0; -ENOMEM; -EACCES: read-only;
 * -EPERM: they tell how long the IPv4 header is, or are its options, which the stack has read by then.
 */
int luaskb_write(struct lunatik_skb *packet, size_t offset, const void *from, size_t length);

/*
 * luaskb_resize - cut off the end, or add zeros there, up to this length. 0; -ENOMEM; -EACCES;
 * -ERANGE: shorter than the headers that the stack has seen, or longer than a packet can be;
 * -EOPNOTSUPP: not of a packet inside of another.
 */
int luaskb_resize(struct lunatik_skb *packet, size_t length);

/*
 * luaskb_checksum - compute the checksums of the IPv4 header and of TCP, UDP or ICMP. 1; 0 when there is none
 * to compute, or no whole packet to compute it of; -ENOMEM; -EACCES.
 */
int luaskb_checksum(struct lunatik_skb *packet);

unsigned int luaskb_mark(const struct lunatik_skb *packet);
int luaskb_set_mark(struct lunatik_skb *packet, unsigned int mark);	/* 0 or -EACCES */

/* luaskb_interface - the interface's index, and names of the two devices, null where there is none; 0 if none. */
int luaskb_interface(const struct lunatik_skb *packet, const char **in, const char **out);

/* luaskb_vlan - the VLAN tag's identifier and priority, or -1. */
int luaskb_vlan(const struct lunatik_skb *packet, int *priority);

int luaopen_skb(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
