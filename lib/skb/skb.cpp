// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The methods of packets that are a struct sk_buff, beside those of `data`.
#include "lunatik_skb.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
}

namespace lunatik {

static lunatik_skb *packet_of(const Data *view)
{
	return static_cast<lunatik_skb *>(view->packet);
}

/* The packet in argument 1, which is shown. Raises. */
static Data *check_skb(lua_State *L)
{
	return data_check_kind(L, 1, DATA_SKB);
}

/* Raises for what kernel.c refuses. */
[[gnu::cold, gnu::noinline]] static int raise(lua_State *L, int error)
{
	switch (error) {
	case -EACCES:
		return luaL_error(L, "the packet is read-only here");
	case -ENOMEM:
		return luaL_error(L, "not enough memory");
	case -EOPNOTSUPP:
		return luaL_error(L, "the packet carries another in a tunnel, and cannot change its length here");
	default:
		return luaL_argerror(L, 2, "length out of range: from the headers that the kernel has read to what the "
				     "interface takes");
	}
}

/* --- as data ---------------------------------------------------------------------------- */

static size_t length(const Data *view)
{
	return luaskb_length(packet_of(view));
}

static bool read(const Data *view, size_t offset, void *to, size_t length)
{
	return luaskb_read(packet_of(view), offset, to, length);
}

static int write(Data *view, size_t offset, const void *from, size_t length)
{
	lunatik_skb *packet = packet_of(view);
	int error = luaskb_write(packet, offset, from, length);

	skb_show(view, packet);
	return error;
}

static const DataAccess from_link = { .length = length, .read = read, .write = write, .network = false };
static const DataAccess from_network = { .length = length, .read = read, .write = write, .network = true };

/* --- methods ---------------------------------------------------------------------------- */

/// The bytes of the packet, as #skb: from its network header on, or its link header, whichever the callback sees
/// first.
/// @return integer
/// Errors: the packet is gone.
/// Context: the callback.
/// @function skb:length(), skb:len()
static int length_method(lua_State *L)
{
	lua_pushinteger(L, static_cast<lua_Integer>(data_length(check_skb(L))));
	return 1;
}

/// The interface that the packet came in by, or else the one that it is about to leave by.
/// @return integer index, or nil when there is none; string name of the interface that it came in by, or nil;
/// string name of the one it leaves by, or nil
/// Errors: the packet is gone.
/// Context: the callback.
/// @function skb:interface()
static int interface(lua_State *L)
{
	const char *in, *out;
	int index = luaskb_interface(packet_of(check_skb(L)), &in, &out);

	if (index)
		lua_pushinteger(L, index);
	else
		lua_pushnil(L);
	lua_pushstring(L, in);
	lua_pushstring(L, out);
	return 3;
}

/// The same index alone.
/// @return integer index, or nil when there is none
/// Errors: the packet is gone.
/// Context: the callback.
/// @function skb:ifindex()
static int ifindex(lua_State *L)
{
	interface(L);
	lua_pop(L, 2);
	return 1;
}

/// Reads the packet's mark, which rules of routing and of other filters go by, or sets it.
/// @param value? integer 0 to 4294967295
/// @return integer the mark it has now
/// Errors: out of range; the packet is read-only here; the packet is gone.
/// Context: the callback. Kernel: skb->mark.
/// @function skb:mark(value)
static int mark(lua_State *L)
{
	lunatik_skb *packet = packet_of(check_skb(L));

	if (!lua_isnoneornil(L, 2)) {
		lua_Integer value = check_integer(L, 2);
		int error;

		luaL_argcheck(L, value >= 0 && value <= 0xffffffff, 2, "mark out of range (0 to 4294967295)");
		error = luaskb_set_mark(packet, static_cast<unsigned int>(value));
		if (error)
			return raise(L, error);
	}
	lua_pushinteger(L, luaskb_mark(packet));
	return 1;
}

/// The packet's VLAN tag (IEEE 802.1Q), whether it is beside the packet's bytes, as most interfaces have it, or
/// in them.
/// @return integer identifier 0 to 4095, or nil when there is no tag; integer priority 0 to 7
/// Errors: the packet is gone.
/// Context: the callback.
/// @function skb:vlan()
static int vlan(lua_State *L)
{
	int priority, id = luaskb_vlan(packet_of(check_skb(L)), &priority);

	if (id < 0) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, id);
	lua_pushinteger(L, priority);
	return 2;
}

/// Computes the checksums anew after bytes have changed: of the IPv4 header, and of TCP, UDP, ICMP or ICMPv6 behind
/// it. What the interface is about to sum up itself is prepared for that. A UDP checksum that IPv4 left out stays so.
/// Of a packet in another (a tunnel's), those of the outer one.
/// The lengths in the headers have to be right before.
/// @return boolean true; false when there is no checksum of these that could be computed, but perhaps that of the
/// IPv4 header: the packet is a fragment, carries another protocol, is cut short, or is no IP packet
/// Errors: the packet is read-only here; not enough memory; the packet is gone.
/// Context: the callback.
/// @function skb:checksum()
static int checksum(lua_State *L)
{
	Data *view = check_skb(L);
	lunatik_skb *packet = packet_of(view);
	int result = luaskb_checksum(packet);

	skb_show(view, packet);
	if (result < 0)
		return raise(L, result);
	lua_pushboolean(L, result);
	return 1;
}

/// Cuts off the packet's end, or adds zeros behind it. Nothing else changes: the lengths in the headers are the
/// script's to set, and skb:checksum() comes last.
/// @param length integer bytes that #skb is to be: no less than the headers that the kernel has read already (an ARP
/// packet cannot be cut), and at most 65535, for BRIDGE and NETDEV what the interface takes
/// Errors: out of range; the packet is read-only here; it carries another in a tunnel; not enough memory; the packet
/// is gone.
/// Context: the callback.
/// @function skb:resize(length)
static int resize(lua_State *L)
{
	Data *view = check_skb(L);
	lunatik_skb *packet = packet_of(view);
	lua_Integer length = check_integer(L, 2);
	int error;

	luaL_argcheck(L, length >= 0, 2, "negative length");
	error = luaskb_resize(packet, static_cast<size_t>(length));
	skb_show(view, packet);
	return error ? raise(L, error) : 0;
}

/// Copies the packet's bytes into memory that stays when the callback has returned, and may be handed to other
/// runtimes.
/// @return data
/// Errors: not enough memory; the packet is gone.
/// Context: the callback.
/// @function skb:copy()
static int copy(lua_State *L)
{
	size_t size = data_length(check_skb(L));
	Data *data, *view;

	if (!size)
		return luaL_error(L, "the packet is empty");
	data = data_push_buffer(L, size);
	/* Only now: the collector may have run what changes it. */
	view = check_skb(L);
	if (data_length(view) != size || !luaskb_read(packet_of(view), 0, data->bytes, size))
		return luaL_error(L, "the packet has changed");
	return 1;
}

/// The packet itself, which has the methods of data.
/// @return skb
/// Errors: the packet is gone.
/// Context: the callback.
/// @function skb:data()
static int data(lua_State *L)
{
	check_skb(L);
	lua_settop(L, 1);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "length", length_method },
	{ "len", length_method },
	{ "interface", interface },
	{ "ifindex", ifindex },
	{ "mark", mark },
	{ "vlan", vlan },
	{ "checksum", checksum },
	{ "resize", resize },
	{ "copy", copy },
	{ "data", data },
	{ nullptr, nullptr },
};

Data *skb_push_view(lua_State *L, bool network)
{
	Data *view;

	add_methods(L, data_kinds[DATA_SKB], methods);
	view = data_push_view(L, DATA_SKB);
	view->access = network ? &from_network : &from_link;
	return view;
}

} // namespace lunatik

/* There is nothing to make: packets come in callbacks. */
int luaopen_skb(lua_State *L)
{
	lua_newtable(L);
	return 1;
}
