/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The way from the start of a packet to its transport header. A length that says more than there is ends with
 * what is there: XDP shows no more than a packet's first piece. One that says less than it has to is a lie.
 */
#ifndef LUAPACKET_LAYERS_HPP
#define LUAPACKET_LAYERS_HPP

#include "bytes.hpp"

namespace lunatik::packet {

enum Type : unsigned int { TYPE_IP = 0x0800, TYPE_ARP = 0x0806, TYPE_8021Q = 0x8100, TYPE_IPV6 = 0x86dd, TYPE_8021AD = 0x88a8 };
enum Protocol : unsigned int {
	PROTOCOL_HOPOPTS = 0, PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44, PROTOCOL_AH = 51, PROTOCOL_ICMPV6 = 58, PROTOCOL_DSTOPTS = 60,
};

/* Sizes of headers, at least. */
enum : size_t { ETHERNET = 14, VLAN = 4, ARP = 28, IPV4 = 20, IPV6 = 40, TCP = 20, UDP = 8, ICMP = 8 };

/* What is sent in one. More than that is the kernel's own, of segments that it has joined; its length says 0. */
static const size_t length_max = 65535;

static const unsigned int tags_max = 4;

inline bool is_tag(unsigned int type)
{
	return type == TYPE_8021Q || type == TYPE_8021AD;
}

/* An IP packet. */
struct Internet {
	size_t next;			/* behind its headers */
	size_t stop;			/* where it ends, or the bytes do */
	unsigned int version;
	unsigned int protocol;		/* of what is behind its headers */
	unsigned int fragment;		/* offset of that in the packet that was cut up, in bytes */
	bool more;			/* a fragment, and not the last */
};

/* Inlined in each function: the fields stay in registers, and what nobody asks for is not read. */
#define LUAPACKET_INLINE	[[gnu::always_inline]] inline

/* What the link header at 0 says that follows, and where; behind its tags. */
template <class Bytes> LUAPACKET_INLINE bool parse_link(Bytes &bytes, unsigned int &type, size_t &next)
{
	const unsigned char *header = bytes.reach(0, ETHERNET);

	if (!header)
		return false;
	type = load16(header + 12);
	next = ETHERNET;
	for (unsigned int tags = 0; __builtin_expect(is_tag(type), 0) && tags < tags_max; tags++) {
		header = bytes.reach(next, VLAN);
		if (!header)
			return false;
		type = load16(header + 2);
		next += VLAN;
	}
	return true;
}

/* The header of an IPv4 packet, until the next bytes are reached; or null. */
template <class Bytes> LUAPACKET_INLINE const unsigned char *parse_ipv4(Bytes &bytes, size_t at, Internet &ip)
{
	const unsigned char *header = bytes.reach(at, IPV4);

	if (!header)
		return nullptr;
	unsigned int first = load8(header), fragment = load16(header + 6);
	size_t length = (first & 15) * 4, total = load16(header + 2);

	/* The version, and five words at least. */
	if (first < 0x45 || first > 0x4f)
		return nullptr;
	if (__builtin_expect(total < length, 0)) {
		if (total || bytes.limit() - at <= length_max)
			return nullptr;
		total = bytes.limit() - at;
	}
	if (at + length > bytes.limit())
		return nullptr;
	ip.next = at + length;
	ip.stop = at + total < bytes.limit() ? at + total : bytes.limit();
	ip.version = 4;
	ip.protocol = load8(header + 9);
	ip.fragment = (fragment & 0x1fff) * 8;
	ip.more = fragment & 0x2000;
	return header;
}

/* The header of an IPv6 packet; what follows is that header's own next one. */
template <class Bytes> LUAPACKET_INLINE const unsigned char *parse_ipv6(Bytes &bytes, size_t at, Internet &ip)
{
	const unsigned char *header = bytes.reach(at, IPV6);

	if (!header || load8(header) >> 4 != 6)
		return nullptr;
	size_t total = IPV6 + load16(header + 4);

	if (__builtin_expect(total == IPV6, 0) && bytes.limit() - at > length_max)
		total = bytes.limit() - at;
	ip.next = at + IPV6;
	ip.stop = at + total < bytes.limit() ? at + total : bytes.limit();
	ip.version = 6;
	ip.protocol = load8(header + 6);
	ip.fragment = 0;
	ip.more = false;
	return header;
}

inline bool is_extension(unsigned int protocol)
{
	/* One comparison for all: most are none. */
	const uint64_t extensions = 1ull << PROTOCOL_HOPOPTS | 1ull << PROTOCOL_ROUTING | 1ull << PROTOCOL_FRAGMENT |
				    1ull << PROTOCOL_AH | 1ull << PROTOCOL_DSTOPTS;

	return protocol < 64 && (extensions >> protocol & 1);
}

/*
 * What is behind the extension headers of an IPv6 packet; of version 0 when one is not whole. Values, not
 * references: so the caller's stay in registers when there are none.
 */
Internet skip_extensions(Flat bytes, Internet ip);
Internet skip_extensions(Pieces bytes, Internet ip);

/*
 * Finds the packet's IP header and goes behind it; the bytes end with the IP packet then. `seen` is called with
 * the header while it can be read.
 */
template <class Bytes, class Seen>
LUAPACKET_INLINE bool find_internet(Bytes &bytes, const Data *data, Internet &ip, Seen seen)
{
	const unsigned char *header;
	unsigned int type;
	size_t at = 0;

	if (__builtin_expect(data->access && data->access->network, 0)) {
		header = bytes.reach(0, 1);
		if (!header)
			return false;
		type = load8(header) >> 4 == 6 ? TYPE_IPV6 : TYPE_IP;
	} else if (!parse_link(bytes, type, at)) {
		return false;
	}
	if (__builtin_expect(type == TYPE_IP, 1)) {
		header = parse_ipv4(bytes, at, ip);
		if (!header)
			return false;
		seen(header);
		bytes.cut(ip.stop);
		return true;
	}
	if (type != TYPE_IPV6)
		return false;
	header = parse_ipv6(bytes, at, ip);
	if (!header)
		return false;
	seen(header);
	bytes.cut(ip.stop);
	if (is_extension(ip.protocol))
		ip = skip_extensions(bytes, ip);
	return ip.version;
}

/* Finds the transport header of this protocol. */
template <class Bytes>
LUAPACKET_INLINE bool find_transport(Bytes &bytes, const Data *data, unsigned int protocol, size_t &at)
{
	Internet ip;

	if (!find_internet(bytes, data, ip, [](const unsigned char *) {}) || ip.protocol != protocol || ip.fragment)
		return false;
	at = ip.next;
	return true;
}

/*
 * The same in most packets, IPv4 on Ethernet without a tag, with no other case to keep registers and a frame for.
 * False for all others.
 */
LUAPACKET_INLINE bool find_plainly(Flat &bytes, unsigned int protocol, size_t &at)
{
	const unsigned char *header = bytes.reach(0, ETHERNET + IPV4);
	Internet ip;

	if (!header || load16(header + 12) != TYPE_IP || !parse_ipv4(bytes, ETHERNET, ip) || ip.protocol != protocol ||
	    ip.fragment)
		return false;
	bytes.end_at(ip.stop);
	at = ip.next;
	return true;
}

/* The header of a TCP segment, and how long it is; or null. */
template <class Bytes> LUAPACKET_INLINE const unsigned char *parse_tcp(Bytes &bytes, size_t at, size_t &length)
{
	const unsigned char *header = bytes.reach(at, TCP);

	if (!header)
		return nullptr;
	length = (load8(header + 12) >> 4) * 4;
	return length >= TCP && at + length <= bytes.limit() ? header : nullptr;
}

/* The header of a UDP datagram, with which the bytes end then; or null. */
template <class Bytes> LUAPACKET_INLINE const unsigned char *parse_udp(Bytes &bytes, size_t at)
{
	const unsigned char *header = bytes.reach(at, UDP);

	if (!header)
		return nullptr;
	size_t length = load16(header + 4);

	if (length < UDP && (length || bytes.limit() - at <= length_max))
		return nullptr;
	if (length)
		bytes.cut(at + length);
	return header;
}

/*
 * The offset in argument `arg`, or, when that is omitted, what `find` finds: bool find(size_t &at). Raises for
 * what is no integer.
 */
template <class Find> inline bool start(lua_State *L, int arg, size_t &at, Find find)
{
	if (__builtin_expect(luafast_isnoneornil(L, arg), 1))
		return find(at);
	at = static_cast<size_t>(check_integer(L, arg));
	return true;
}

/* The libraries' functions that are in files of their own. */
int dns(lua_State *L);
int question(lua_State *L);
int answer(lua_State *L);
int name(lua_State *L);
int sni(lua_State *L);
int ip(lua_State *L);
int mac(lua_State *L);

} // namespace lunatik::packet

#endif
