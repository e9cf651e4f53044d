/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A struct sk_buff on its way to a callback: made by the kernel's side of a binding, on its stack, and read by
 * the library `skb` while the packet is shown. For C++ see lunatik_skb.hpp.
 */
#ifndef LUNATIK_SKB_H
#define LUNATIK_SKB_H

#ifdef __cplusplus
#include <stddef.h>
extern "C" {
#else
#include <linux/skbuff.h>
#endif

struct sk_buff;
struct net_device;

struct lunatik_skb {
	struct sk_buff *skb;
	/* The linear part from the first byte that Lua sees. */
	unsigned char *bytes;
	size_t size;
	const struct net_device *in, *out;	/* null where there is none */
	int start;				/* that byte's place from skb->data: negative before it */
	unsigned char family;			/* NFPROTO_*, of the hook */
	bool readonly;
	bool rerouted;				/* the mark or the network header was written */
};

#ifndef __cplusplus

/* lunatik_skb_look - find the linear part, which may have moved. */
static __always_inline void lunatik_skb_look(struct lunatik_skb *packet)
{
	packet->bytes = packet->skb->data + packet->start;
	packet->size = skb_headlen(packet->skb) - packet->start;
}

/* lunatik_skb_init - a packet that Lua sees from its network header on, or from its link header. */
static __always_inline void lunatik_skb_init(struct lunatik_skb *packet, struct sk_buff *skb, bool network,
					     unsigned char family, bool readonly, const struct net_device *in,
					     const struct net_device *out)
{
	packet->skb = skb;
	packet->in = in;
	packet->out = out;
	if (network)
		packet->start = skb_network_offset(skb);
	else
		packet->start = skb_mac_header_was_set(skb) ? skb_mac_offset(skb) : 0;
	packet->family = family;
	packet->readonly = readonly;
	packet->rerouted = false;
	lunatik_skb_look(packet);
}

#else
}
#endif

#endif
