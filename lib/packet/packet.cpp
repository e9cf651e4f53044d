// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `packet`: the headers of the link, network and transport layers.
#include "layers.hpp"
#include "kernel.h"

namespace lunatik::packet {

/* --- bytes ------------------------------------------------------------------------------ */

[[gnu::noinline]] const unsigned char *Pieces::gather(const Data *data, Window &window, size_t offset, size_t length,
						      size_t end)
{
	size_t before = offset - window.start;

	if (offset >= window.start && before < window.size && length <= window.size - before)
		return window.bytes + before;
	window.start = offset;
	window.size = end - offset < sizeof(window.bytes) ? end - offset : sizeof(window.bytes);
	if (length <= window.size && data->access->read(data, offset, window.bytes, window.size))
		return window.bytes;
	window.size = 0;
	return nullptr;
}

int nothing(lua_State *L, const Data *data)
{
	if (!data->bytes)
		luaL_argerror(L, 1, "the memory is gone: a packet is there during its callback only");
	lua_pushnil(L);
	return 1;
}

/// The functions of this library, but for ip() and mac(), take data of any kind and return where what follows
/// the header begins, and then its fields; nil, alone, when the bytes are not that: too short, of another version,
/// of a length that cannot be. Numbers are in the host's byte order, offsets count bytes from the start of the
/// data. With an offset, the header is taken to be there, and may reach up to the end of the data. Without, the
/// function finds it from the start of the packet: an Ethernet header, up to four VLAN tags, then IPv4 or IPv6 with
/// its extension headers; in buffers without a link header (netfilter, xtable) from the network header. Then what
/// follows ends with the IP packet, though there may be padding behind.
/// Errors, of all: no data; closed data; no integer for an offset; the memory of a packet is gone.
/// Context, of all: any. Nothing is allocated but for names.

/* --- link ------------------------------------------------------------------------------- */

/// The Ethernet header.
/// @param buffer data
/// @param offset? integer 0 when omitted
/// @return integer next
/// @return integer type of packet.type; below 1536 a length (802.3)
/// @return integer source address, of 48 bits; see mac()
/// @return integer destination address
/// @function packet.ethernet(buffer, offset)
static int ethernet(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) { return at = 0, !(data->access && data->access->network); }))
			return nothing(L, data);
		header = bytes.reach(at, ETHERNET);
		if (!header)
			return nothing(L, data);
		return give(L, at + ETHERNET, load16(header + 12), load48(header + 6), load48(header));
	});
}

/// A VLAN tag (802.1Q, 802.1ad): what follows a type of packet.type["8021Q"] or ["8021AD"]. Without an offset
/// the first one.
/// @param buffer data
/// @param offset? integer
/// @return integer next
/// @return integer type of what follows
/// @return integer VLAN, 0 to 4095
/// @return integer priority, 0 to 7
/// @return boolean whether it may be dropped first
/// @function packet.vlan(buffer, offset)
static int vlan(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		unsigned int tag;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) {
			header = data->access && data->access->network ? nullptr : bytes.reach(0, ETHERNET);
			at = ETHERNET;
			return header && is_tag(load16(header + 12));
		    }))
			return nothing(L, data);
		header = bytes.reach(at, VLAN);
		if (!header)
			return nothing(L, data);
		tag = load16(header);
		return give(L, at + VLAN, load16(header + 2), tag & 0xfff, tag >> 13, static_cast<bool>(tag & 0x1000));
	});
}

/// An ARP packet of Ethernet and IPv4.
/// @param buffer data
/// @param offset? integer
/// @return integer next
/// @return integer operation: 1 a request, 2 a reply
/// @return integer the sender's link address; see mac()
/// @return integer the sender's IPv4 address; see ip()
/// @return integer the target's link address
/// @return integer the target's IPv4 address
/// @function packet.arp(buffer, offset)
static int arp(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) {
			unsigned int type = 0;

			at = 0;
			return (data->access && data->access->network) || (parse_link(bytes, type, at) && type == TYPE_ARP);
		    }))
			return nothing(L, data);
		header = bytes.reach(at, ARP);
		/* Ethernet, IPv4, and the sizes of their addresses */
		if (!header || load64(header) >> 16 != 0x000108000604)
			return nothing(L, data);
		return give(L, at + ARP, load16(header + 6), load48(header + 8), load32(header + 14), load48(header + 18),
			    load32(header + 24));
	});
}

/* --- network ---------------------------------------------------------------------------- */

/* Where the network header is, if it is of this type. */
template <class Bytes> static bool find_network(Bytes &bytes, const Data *data, unsigned int wanted, size_t &at)
{
	unsigned int type = 0;

	at = 0;
	/* The version in the header itself is checked anyway. */
	if (data->access && data->access->network)
		return true;
	return parse_link(bytes, type, at) && type == wanted;
}

/// An IPv4 header.
/// @param buffer data
/// @param offset? integer
/// @return integer next, behind its options
/// @return integer protocol of packet.protocol
/// @return integer source address, of 32 bits; see ip()
/// @return integer destination address
/// @return integer time to live
/// @return integer where the packet ends by its length, or the data if that is sooner
/// @return integer fragment offset in bytes; no transport header follows unless it is 0
/// @return boolean whether more fragments follow
/// @return integer type of service
/// @return integer identification
/// @function packet.ipv4(buffer, offset)
static int ipv4(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		Internet ip;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) { return find_network(bytes, data, TYPE_IP, at); }))
			return nothing(L, data);
		header = parse_ipv4(bytes, at, ip);
		if (!header)
			return nothing(L, data);
		give(L, ip.next, ip.protocol, load32(header + 12), load32(header + 16));
		if (luafast_suffices(L, 4))
			return 4;
		return 4 + give(L, load8(header + 8), ip.stop, ip.fragment, ip.more, load8(header + 1), load16(header + 4));
	});
}

template <class Bytes> static Internet skip(Bytes bytes, Internet ip)
{
	const size_t first = ip.next;

	while (is_extension(ip.protocol)) {
		const unsigned char *header;
		unsigned int protocol = ip.protocol;
		size_t length;

		/* Options for each hop come first, or are an error. */
		if (protocol == PROTOCOL_HOPOPTS && ip.next != first)
			return ip;
		header = bytes.reach(ip.next, 8);
		if (!header)
			return {};
		length = protocol == PROTOCOL_FRAGMENT ? 8 :
			 protocol == PROTOCOL_AH ? (load8(header + 1) + 2) * 4 : (load8(header + 1) + 1) * 8;
		if (!bytes.has(ip.next, length))
			return {};
		ip.protocol = load8(header);
		ip.next += length;
		if (protocol == PROTOCOL_FRAGMENT) {
			unsigned int fragment = load16(header + 2);

			ip.fragment = fragment & 0xfff8;
			ip.more = fragment & 1;
			/* The rest of the headers is in the first one. */
			if (ip.fragment)
				return ip;
		}
	}
	return ip;
}

Internet skip_extensions(Flat bytes, Internet ip)
{
	return skip(bytes, ip);
}

Internet skip_extensions(Pieces bytes, Internet ip)
{
	return skip(bytes, ip);
}

/// An IPv6 header with its extension headers: options for each hop and for the destination, routing, fragment,
/// authentication. An address is two integers of 64 bits, so that no string is made.
/// @param buffer data
/// @param offset? integer
/// @return integer next, behind the extension headers
/// @return integer protocol of packet.protocol, of what follows them
/// @return integer upper half of the source address; see ip()
/// @return integer its lower half
/// @return integer upper half of the destination address
/// @return integer its lower half
/// @return integer hop limit
/// @return integer where the packet ends by its length, or the data if that is sooner
/// @return integer fragment offset in bytes; no transport header follows unless it is 0
/// @return boolean whether more fragments follow
/// @return integer traffic class
/// @return integer flow label
/// @function packet.ipv6(buffer, offset)
static int ipv6(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		uint64_t address[4];
		unsigned int hops;
		uint32_t word;
		Internet ip;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) { return find_network(bytes, data, TYPE_IPV6, at); }))
			return nothing(L, data);
		header = parse_ipv6(bytes, at, ip);
		if (!header)
			return nothing(L, data);
		for (unsigned int i = 0; i < 4; i++)
			address[i] = load64(header + 8 + i * 8);
		hops = load8(header + 7);
		word = load32(header);
		bytes.cut(ip.stop);
		ip = skip_extensions(bytes, ip);
		if (!ip.version)
			return nothing(L, data);
		return give(L, ip.next, ip.protocol, address[0], address[1], address[2], address[3], hops, ip.stop, ip.fragment, ip.more,
			    word >> 20 & 0xff, word & 0xfffff);
	});
}

/* --- transport -------------------------------------------------------------------------- */

/// An ICMP or ICMPv6 header.
/// @param buffer data
/// @param offset? integer
/// @return integer next
/// @return integer type
/// @return integer code
/// @return integer the four bytes that depend on these: of an echo, identifier and sequence number
/// @return integer? protocol, packet.protocol.ICMP or ICMPV6; nil when an offset was given
/// @function packet.icmp(buffer, offset)
static int icmp(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		unsigned int protocol = 0;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) {
			Internet ip;

			if (!find_internet(bytes, data, ip, [](const unsigned char *) {}) || ip.fragment)
				return false;
			at = ip.next;
			protocol = ip.protocol;
			return protocol == (ip.version == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
		    }))
			return nothing(L, data);
		header = bytes.reach(at, ICMP);
		if (!header)
			return nothing(L, data);
		give(L, at + ICMP, load8(header), load8(header + 1), load32(header + 4));
		return protocol ? 4 + give(L, protocol) : 4;
	});
}

static inline int give_tcp(lua_State *L, const Flat &bytes, const unsigned char *header, size_t next)
{
	give(L, next, load16(header), load16(header + 2));
	if (luafast_suffices(L, 3))
		return 3;
	return 3 + give(L, load16(header + 12) & 0x1ff, load32(header + 4), load32(header + 8), load16(header + 14),
			bytes.limit() - next);
}

[[gnu::noinline]] static int tcp_anywhere(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		size_t at, length;

		if (!start(L, 2, at, [&](size_t &at) { return find_transport(bytes, data, PROTOCOL_TCP, at); }))
			return nothing(L, data);
		header = parse_tcp(bytes, at, length);
		if (!header)
			return nothing(L, data);
		return give_tcp(L, bytes, header, at + length);
	});
}

/// A TCP header.
/// @param buffer data
/// @param offset? integer
/// @return integer next: the payload's offset
/// @return integer source port
/// @return integer destination port
/// @return integer flags: bits of packet.flag
/// @return integer sequence number
/// @return integer acknowledgement number
/// @return integer window
/// @return integer length of the payload, as far as it is there
/// @function packet.tcp(buffer, offset)
static int tcp(lua_State *L)
{
	const Data *data = only_data(L);

	if (__builtin_expect(data != nullptr, 1)) {
		const unsigned char *header;
		size_t at, length;
		Flat bytes(data);

		if (find_plainly(bytes, PROTOCOL_TCP, at) && (header = parse_tcp(bytes, at, length)))
			return give_tcp(L, bytes, header, at + length);
	}
	return tcp_anywhere(L);
}

static inline int give_udp(lua_State *L, const Flat &bytes, const unsigned char *header, size_t next)
{
	return give(L, next, load16(header), load16(header + 2), bytes.limit() - next);
}

[[gnu::noinline]] static int udp_anywhere(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		size_t at;

		if (!start(L, 2, at, [&](size_t &at) { return find_transport(bytes, data, PROTOCOL_UDP, at); }))
			return nothing(L, data);
		header = parse_udp(bytes, at);
		if (!header)
			return nothing(L, data);
		return give_udp(L, bytes, header, at + UDP);
	});
}

/// A UDP header.
/// @param buffer data
/// @param offset? integer
/// @return integer next: the payload's offset
/// @return integer source port
/// @return integer destination port
/// @return integer length of the payload, as far as it is there
/// @function packet.udp(buffer, offset)
static int udp(lua_State *L)
{
	const Data *data = only_data(L);

	if (__builtin_expect(data != nullptr, 1)) {
		const unsigned char *header;
		Flat bytes(data);
		size_t at;

		if (find_plainly(bytes, PROTOCOL_UDP, at) && (header = parse_udp(bytes, at)))
			return give_udp(L, bytes, header, at + UDP);
	}
	return udp_anywhere(L);
}

/// Who talks to whom, of any IPv4 or IPv6 packet but fragments behind the first one.
/// @param buffer data
/// @return integer the payload's offset; of other protocols than TCP and UDP, what follows the IP header
/// @return integer protocol of packet.protocol
/// @return integer source address; of IPv6 its upper half
/// @return integer destination address; of IPv6 its upper half
/// @return integer source port; 0 of other protocols than TCP and UDP
/// @return integer destination port; likewise
/// @return integer? lower half of the IPv6 source address; nil of IPv4
/// @return integer? lower half of the IPv6 destination address; nil of IPv4
/// @function packet.flow(buffer)
static int flow(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		const unsigned char *header;
		uint64_t source = 0, destination = 0, low[2] = {};
		unsigned int ports[2] = {};
		size_t length;
		Internet ip;

		if (!find_internet(bytes, data, ip, [&](const unsigned char *header) {
			if (ip.version == 4) {
				source = load32(header + 12), destination = load32(header + 16);
				return;
			}
			source = load64(header + 8), destination = load64(header + 24);
			low[0] = load64(header + 16), low[1] = load64(header + 32);
		    }) || ip.fragment)
			return nothing(L, data);
		if (ip.protocol == PROTOCOL_TCP || ip.protocol == PROTOCOL_UDP) {
			length = UDP;
			header = ip.protocol == PROTOCOL_TCP ? parse_tcp(bytes, ip.next, length) : parse_udp(bytes, ip.next);
			if (!header)
				return nothing(L, data);
			ports[0] = load16(header), ports[1] = load16(header + 2);
			ip.next += length;
		}
		give(L, ip.next, ip.protocol, source, destination, ports[0], ports[1]);
		return ip.version == 4 ? 6 : 6 + give(L, low[0], low[1]);
	});
}

/* --- constants -------------------------------------------------------------------------- */

/// Types of what Ethernet carries, by their names in linux/if_ether.h without "ETH_P_".
/// @field packet.type table<string, integer>
static const Constant types[] = {
	{ "IP", TYPE_IP },
	{ "ARP", TYPE_ARP },
	{ "RARP", 0x8035 },
	{ "8021Q", TYPE_8021Q },
	{ "IPV6", TYPE_IPV6 },
	{ "PAUSE", 0x8808 },
	{ "SLOW", 0x8809 },
	{ "MPLS_UC", 0x8847 },
	{ "MPLS_MC", 0x8848 },
	{ "PPP_DISC", 0x8863 },
	{ "PPP_SES", 0x8864 },
	{ "PAE", 0x888e },
	{ "8021AD", TYPE_8021AD },
	{ "LLDP", 0x88cc },
	{ "MACSEC", 0x88e5 },
	{ "1588", 0x88f7 },
	{ nullptr, 0 },
};

/// Protocols of what IP carries, by their names in linux/in.h and linux/in6.h without "IPPROTO_".
/// @field packet.protocol table<string, integer>
static const Constant protocols[] = {
	{ "HOPOPTS", PROTOCOL_HOPOPTS },
	{ "ICMP", PROTOCOL_ICMP },
	{ "IGMP", 2 },
	{ "IPIP", 4 },
	{ "TCP", PROTOCOL_TCP },
	{ "UDP", PROTOCOL_UDP },
	{ "DCCP", 33 },
	{ "IPV6", 41 },
	{ "ROUTING", PROTOCOL_ROUTING },
	{ "FRAGMENT", PROTOCOL_FRAGMENT },
	{ "GRE", 47 },
	{ "ESP", 50 },
	{ "AH", PROTOCOL_AH },
	{ "ICMPV6", PROTOCOL_ICMPV6 },
	{ "NONE", 59 },
	{ "DSTOPTS", PROTOCOL_DSTOPTS },
	{ "PIM", 103 },
	{ "SCTP", 132 },
	{ "MH", 135 },
	{ "UDPLITE", 136 },
	{ nullptr, 0 },
};

/// The flags of a TCP header, by their names in IANA's registry.
/// @field packet.flag table<string, integer>
static const Constant flags[] = {
	{ "FIN", 0x001 }, { "SYN", 0x002 }, { "RST", 0x004 }, { "PSH", 0x008 }, { "ACK", 0x010 },
	{ "URG", 0x020 }, { "ECE", 0x040 }, { "CWR", 0x080 }, { "AE", 0x100 }, { nullptr, 0 },
};

static const luaL_Reg functions[] = {
	{ "ethernet", ethernet },
	{ "vlan", vlan },
	{ "arp", arp },
	{ "ipv4", ipv4 },
	{ "ipv6", ipv6 },
	{ "icmp", icmp },
	{ "tcp", tcp },
	{ "udp", udp },
	{ "flow", flow },
	{ "dns", dns },
	{ "question", question },
	{ "answer", answer },
	{ "name", name },
	{ "sni", sni },
	{ "ip", ip },
	{ "mac", mac },
	{ nullptr, nullptr },
};

static void set_table(lua_State *L, const char *name, const Constant *constants)
{
	lua_newtable(L);
	set_constants(L, constants);
	lua_setfield(L, -2, name);
}

} // namespace lunatik::packet

int luaopen_packet(lua_State *L)
{
	using namespace lunatik::packet;

	luaL_newlib(L, functions);
	set_table(L, "type", types);
	set_table(L, "protocol", protocols);
	set_table(L, "flag", flags);
	return 1;
}
