/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel's packets (struct sk_buff) as one object: the methods of `data` and those of `skb`, for bindings
 * that have a packet during a callback.
 */
#ifndef LUNATIK_SKB_HPP
#define LUNATIK_SKB_HPP

#include "lunatik_data.hpp"
#include "lunatik_skb.h"

namespace lunatik {

/*
 * Pushes a hidden view for packets, of which the caller keeps a reference: put() it. `network`: its packets are
 * shown from the network header on, else from the link header, as lunatik_skb_init() was told. Raises.
 */
Data *skb_push_view(lua_State *L, bool network) LUNATIK_KIT(skb_push_view);

/* Shows a packet until data_hide(). */
inline void skb_show(Data *view, lunatik_skb *packet)
{
	view->packet = packet;
	data_show(view, packet->bytes, packet->size);
}

} // namespace lunatik

#endif
