// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What Lua may do to a struct sk_buff. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "kernel.h"

size_t luaskb_length(const struct lunatik_skb *packet)
{
	return packet->skb->len - packet->start;
}

bool luaskb_read(const struct lunatik_skb *packet, size_t offset, void *to, size_t length)
{
	return !skb_copy_bits(packet->skb, packet->start + (int)offset, to, length);
}

/* --- writing ---------------------------------------------------------------------------- */

/* Makes bytes up to `end`, from skb->data, this packet's alone and linear. */
static int make_writable(struct lunatik_skb *packet, int end)
{
	int error;

	/* Who else holds the packet itself would see it change, and it cannot be moved. */
	if (packet->readonly || skb_shared(packet->skb))
		return -EACCES;
	error = skb_ensure_writable(packet->skb, max(end, 0));
	lunatik_skb_look(packet);
	return error;
}

/* What the device has summed up is not what is there any more. */
static void forget_sum(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

/*
 * Whether bytes differ of what the stack relies on: it has checked the IPv4 header's length, and taken note of
 * where its options are, so that other ones would make it write behind them.
 */
static bool is_fixed(const struct lunatik_skb *packet, size_t offset, const unsigned char *from, size_t length)
{
	size_t i, end;
	unsigned char old, words;

	if (packet->family != NFPROTO_IPV4 || offset >= 60)
		return false;
	if (!luaskb_read(packet, 0, &words, 1))
		return true;
	end = (words & 0xf) * 4;
	for (i = 0; i < length && offset + i < end; i++)
		if ((offset + i == 0 || offset + i >= sizeof(struct iphdr)) &&
		    (!luaskb_read(packet, offset + i, &old, 1) || from[i] != old))
			return true;
	return false;
}

int luaskb_write(struct lunatik_skb *packet, size_t offset, const void *from, size_t length)
{
	int place = packet->start + (int)offset, error;

	if (!length)
		return packet->readonly ? -EACCES : 0;
	error = make_writable(packet, place + (int)length);
	if (error)
		return error;
	if (is_fixed(packet, offset, from, length))
		return -EPERM;
	forget_sum(packet->skb);
	if (offset < sizeof(struct ipv6hdr))
		packet->rerouted = true;
	return skb_store_bits(packet->skb, place, from, length) ? -ENOMEM : 0;
}

/* --- length ------------------------------------------------------------------------------ */

/* What has to stay, from skb->data: the headers of which the stack knows where they are. */
static int least_length(const struct sk_buff *skb, unsigned char family)
{
	int least = max(skb_network_offset(skb), 1);

	if (skb_transport_header_was_set(skb))
		least = max(least, skb_transport_offset(skb));
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		least = max(least, skb_checksum_start_offset(skb) + skb->csum_offset + (int)sizeof(__sum16));
	switch (family) {
	case NFPROTO_IPV4:
		return max(least, skb_network_offset(skb) + (int)ip_hdrlen(skb));
	case NFPROTO_IPV6:
		return max(least, skb_network_offset(skb) + (int)sizeof(struct ipv6hdr));
	case NFPROTO_ARP:
		/* For links with addresses of any size; its reader looks at no length. */
		return skb->len;
	default:
		return least;
	}
}

/* What an interface takes; the stack cuts what is longer in pieces, where it still is to come by. */
static size_t greatest_length(const struct lunatik_skb *packet)
{
	const struct net_device *device = packet->out ? packet->out : packet->in;

	if ((packet->family != NFPROTO_BRIDGE && packet->family != NFPROTO_NETDEV) || !device || skb_is_gso(packet->skb))
		return 0xffff;
	return device->mtu + device->hard_header_len;
}

/* A packet of many segments stays one, if it still is longer than a segment. */
static void fit_segments(struct sk_buff *skb)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int headers = 0;

	if (!skb_is_gso(skb))
		return;
	if (skb_is_gso_tcp(skb))
		headers = skb_transport_offset(skb) + tcp_hdrlen(skb);
	else if (info->gso_type & SKB_GSO_UDP_L4)
		headers = skb_transport_offset(skb) + sizeof(struct udphdr);
	if (skb->len <= headers + info->gso_size) {
		skb_gso_reset(skb);
		return;
	}
	/* To be counted anew, and with its headers checked. */
	info->gso_segs = 0;
	info->gso_type |= SKB_GSO_DODGY;
}

int luaskb_resize(struct lunatik_skb *packet, size_t length)
{
	struct sk_buff *skb = packet->skb;
	unsigned int old = skb->len;
	int wanted, error;

	if (packet->readonly || skb_shared(skb))
		return -EACCES;
	if (skb->encapsulation)
		return -EOPNOTSUPP;
	if (length > luaskb_length(packet) && length > greatest_length(packet))
		return -ERANGE;
	wanted = packet->start + (int)length;
	if (wanted < least_length(skb, packet->family))
		return -ERANGE;
	/* All of it linear: fragments may be anybody's pages, and nothing is added behind them. */
	error = make_writable(packet, skb->len);
	if (error)
		return error;
	if (wanted > (int)old) {
		error = __skb_grow_rcsum(skb, wanted);
		if (!error)
			memset(skb->data + old, 0, wanted - old);
	} else {
		error = pskb_trim_rcsum(skb, wanted);
	}
	fit_segments(skb);
	lunatik_skb_look(packet);
	return error;
}

/* --- checksums --------------------------------------------------------------------------- */

struct part {
	int network, transport;		/* their offsets from skb->data */
	unsigned int length;		/* of the transport header and what is behind it */
	unsigned char protocol;
	struct in6_addr source, destination;	/* of IPv6 */
	struct iphdr ip;			/* of IPv4 */
};

static int write_sum(struct lunatik_skb *packet, int place, __sum16 sum)
{
	int error = make_writable(packet, place + (int)sizeof(sum));

	if (error)
		return error;
	forget_sum(packet->skb);
	return skb_store_bits(packet->skb, place, &sum, sizeof(sum)) ? -ENOMEM : 0;
}

/* The IPv4 header's checksum, and where what it carries is. 1; 0 when that is no whole packet. */
static int checksum_ipv4(struct lunatik_skb *packet, struct part *part)
{
	struct sk_buff *skb = packet->skb;
	unsigned int header, total, there = skb->len - part->network;
	unsigned char bytes[60];
	int error;

	if (skb_copy_bits(skb, part->network, &part->ip, sizeof(part->ip)) || part->ip.version != 4)
		return 0;
	header = part->ip.ihl * 4;
	if (header < sizeof(part->ip) || skb_copy_bits(skb, part->network, bytes, header))
		return 0;
	((struct iphdr *)bytes)->check = 0;
	error = write_sum(packet, part->network + (int)offsetof(struct iphdr, check),
			  ip_fast_csum(bytes, part->ip.ihl));
	if (error)
		return error;
	/* Of many segments, it may be too long for the field. */
	total = skb_is_gso(skb) ? there : ntohs(part->ip.tot_len);
	if (total > there || total < header || ip_is_fragment(&part->ip))
		return 0;
	part->protocol = part->ip.protocol;
	part->transport = part->network + (int)header;
	part->length = total - header;
	return 1;
}

/* Where it is in IPv6, behind the extension headers. */
static int find_ipv6(struct lunatik_skb *packet, struct part *part)
{
	unsigned int there = packet->skb->len - part->network, total, offset = sizeof(struct ipv6hdr);
	unsigned char extension[4];
	struct ipv6hdr header;

	if (skb_copy_bits(packet->skb, part->network, &header, sizeof(header)) || header.version != 6)
		return 0;
	total = skb_is_gso(packet->skb) ? there : sizeof(header) + ntohs(header.payload_len);
	if (total > there)
		return 0;
	part->protocol = header.nexthdr;
	part->source = header.saddr;
	part->destination = header.daddr;
	while (part->protocol == NEXTHDR_HOP || part->protocol == NEXTHDR_ROUTING || part->protocol == NEXTHDR_DEST) {
		if (offset + 8 > total || skb_copy_bits(packet->skb, part->network + (int)offset, extension, sizeof(extension)))
			return 0;
		/* Its checksum is for another destination, of those yet to come. */
		if (part->protocol == NEXTHDR_ROUTING && extension[3])
			return 0;
		part->protocol = extension[0];
		offset += 8 * (extension[1] + 1);
	}
	if (offset > total)
		return 0;
	part->transport = part->network + (int)offset;
	part->length = total - offset;
	return 1;
}

/* The sum of what is not in the packet itself, and of the given sum. */
static __sum16 finish_sum(const struct part *part, bool ipv6, __wsum sum)
{
	if (ipv6)
		return csum_ipv6_magic(&part->source, &part->destination, part->length, part->protocol, sum);
	return csum_tcpudp_magic(part->ip.saddr, part->ip.daddr, part->length, part->protocol, sum);
}

/* Where the device, or who makes the segments, begins to sum up: this far behind the transport header; -1 nowhere. */
static int summed_from(const struct sk_buff *skb, const struct part *part)
{
	return skb->ip_summed == CHECKSUM_PARTIAL ? skb_checksum_start_offset(skb) - part->transport : -1;
}

/* The same of a packet around one whose checksum is yet to be computed. */
static int checksum_around(struct lunatik_skb *packet, const struct part *part, bool ipv6, int field)
{
	struct sk_buff *skb = packet->skb;
	int place = part->transport + field, inside = part->transport + summed_from(skb, part), error;
	__sum16 sum;

	if (skb_is_gso(skb)) {
		if (part->protocol != IPPROTO_UDP || !(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM))
			return 0;
		error = write_sum(packet, place, (__force __sum16)~finish_sum(part, ipv6, 0));
		return error ? error : 1;
	}
	/* Then what is inside will sum up to what is in the field now, inverted (lco_csum()). */
	if (inside + skb->csum_offset + (int)sizeof(sum) > part->transport + (int)part->length ||
	    skb_copy_bits(skb, inside + skb->csum_offset, &sum, sizeof(sum)))
		return 0;
	error = write_sum(packet, place, 0);
	if (error)
		return error;
	sum = finish_sum(part, ipv6, skb_checksum(skb, part->transport, inside - part->transport, ~csum_unfold(sum)));
	if (!sum && part->protocol == IPPROTO_UDP)
		sum = CSUM_MANGLED_0;
	error = write_sum(packet, place, sum);
	return error ? error : 1;
}

/* The checksum at `field` of the transport header: 1; 0; -errno. */
static int checksum_transport(struct lunatik_skb *packet, const struct part *part, bool ipv6, int field)
{
	struct sk_buff *skb = packet->skb;
	int place = part->transport + field, error;
	bool device = !summed_from(skb, part);
	__sum16 sum;

	/* Segments that have their own headers have their own sums. */
	if (skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		return 0;
	if (summed_from(skb, part) > field)
		return checksum_around(packet, part, ipv6, field);
	if (skb->encapsulation && skb_is_gso(skb) && !device)
		return 0;
	/* Other segments get theirs when they are made. */
	if (!device && skb_is_gso(skb)) {
		error = make_writable(packet, place + (int)sizeof(sum));
		if (error)
			return error;
		skb->csum_start = skb_headroom(skb) + part->transport;
		skb->csum_offset = field;
		skb->ip_summed = CHECKSUM_PARTIAL;
		device = true;
	}
	/* The device adds up the rest, on its way out. */
	if (device) {
		error = write_sum(packet, place, (__force __sum16)~finish_sum(part, ipv6, 0));
		return error ? error : 1;
	}
	error = write_sum(packet, place, 0);
	if (error)
		return error;
	sum = finish_sum(part, ipv6, skb_checksum(skb, part->transport, part->length, 0));
	if (!sum && part->protocol == IPPROTO_UDP)
		sum = CSUM_MANGLED_0;
	error = write_sum(packet, place, sum);
	return error ? error : 1;
}

static int checksum_icmp(struct lunatik_skb *packet, const struct part *part)
{
	int place = part->transport + (int)offsetof(struct icmphdr, checksum), error;

	error = write_sum(packet, place, 0);
	if (!error)
		error = write_sum(packet, place,
				  csum_fold(skb_checksum(packet->skb, part->transport, part->length, 0)));
	return error ? error : 1;
}

/* Where the network header is, from skb->data, and of which protocol; behind a VLAN tag, if one is in the packet. */
static bool find_network(const struct lunatik_skb *packet, struct part *part, bool *ipv6)
{
	const struct sk_buff *skb = packet->skb;
	__be16 protocol = skb->protocol;
	unsigned char first;

	switch (packet->family) {
	case NFPROTO_IPV4:
	case NFPROTO_IPV6:
		part->network = packet->start;
		*ipv6 = packet->family == NFPROTO_IPV6;
		break;
	case NFPROTO_BRIDGE:
	case NFPROTO_NETDEV:
		part->network = skb_network_offset(skb);
		if (eth_type_vlan(protocol)) {
			part->network = packet->start + VLAN_ETH_HLEN;
			if (skb_copy_bits(skb, part->network - (int)sizeof(protocol), &protocol, sizeof(protocol)))
				return false;
		}
		if (part->network < packet->start || (protocol != htons(ETH_P_IP) && protocol != htons(ETH_P_IPV6)))
			return false;
		*ipv6 = protocol == htons(ETH_P_IPV6);
		break;
	default:
		return false;
	}
	return !skb_copy_bits(skb, part->network, &first, 1) && first >> 4 == (*ipv6 ? 6 : 4);
}

int luaskb_checksum(struct lunatik_skb *packet)
{
	struct part part;
	bool ipv6;
	int result;
	__sum16 sum;

	if (packet->readonly || skb_shared(packet->skb))
		return -EACCES;
	if (!find_network(packet, &part, &ipv6))
		return 0;
	result = ipv6 ? find_ipv6(packet, &part) : checksum_ipv4(packet, &part);
	if (result != 1)
		return result;
	switch (part.protocol) {
	case IPPROTO_TCP:
		if (part.length < sizeof(struct tcphdr))
			return 0;
		return checksum_transport(packet, &part, ipv6, offsetof(struct tcphdr, check));
	case IPPROTO_UDP:
		if (part.length < sizeof(struct udphdr) ||
		    skb_copy_bits(packet->skb, part.transport + (int)offsetof(struct udphdr, check), &sum, sizeof(sum)))
			return 0;
		/* In IPv4, and around another packet, it may have been left out, and stays so. */
		if (!sum && (!ipv6 || packet->skb->encapsulation) && summed_from(packet->skb, &part))
			return 1;
		return checksum_transport(packet, &part, ipv6, offsetof(struct udphdr, check));
	case IPPROTO_ICMP:
		if (ipv6 || part.length < sizeof(struct icmphdr))
			return 0;
		return checksum_icmp(packet, &part);
	case IPPROTO_ICMPV6:
		if (!ipv6 || part.length < sizeof(struct icmphdr))
			return 0;
		return checksum_transport(packet, &part, true, offsetof(struct icmp6hdr, icmp6_cksum));
	default:
		return 0;
	}
}

/* --- what is not in its bytes ------------------------------------------------------------ */

unsigned int luaskb_mark(const struct lunatik_skb *packet)
{
	return packet->skb->mark;
}

int luaskb_set_mark(struct lunatik_skb *packet, unsigned int mark)
{
	if (packet->readonly || skb_shared(packet->skb))
		return -EACCES;
	packet->skb->mark = mark;
	packet->rerouted = true;
	return 0;
}

int luaskb_interface(const struct lunatik_skb *packet, const char **in, const char **out)
{
	const struct net_device *device = packet->in;

	if (!device)
		device = packet->out;
	if (!device)
		device = packet->skb->dev;
	*in = packet->in ? packet->in->name : NULL;
	*out = packet->out ? packet->out->name : NULL;
	return device ? device->ifindex : 0;
}

int luaskb_vlan(const struct lunatik_skb *packet, int *priority)
{
	const struct sk_buff *skb = packet->skb;
	__be16 tag;
	u16 tci;

	if (skb_vlan_tag_present(skb)) {
		tci = skb_vlan_tag_get(skb);
	} else if (eth_type_vlan(skb->protocol) && skb_mac_header_was_set(skb) &&
		   !skb_copy_bits(skb, skb_mac_offset(skb) + ETH_HLEN, &tag, sizeof(tag))) {
		tci = ntohs(tag);
	} else {
		return -1;
	}
	*priority = (tci & VLAN_PRIO_MASK) >> VLAN_PRIO_SHIFT;
	return tci & VLAN_VID_MASK;
}

static struct lunatik_library libraries[] = {
	{ .name = "skb", .open = luaopen_skb },
};
lunatik_libraries(libraries);

/* For bindings that show packets to Lua; C++ in include/lunatik_skb.hpp. */
void lunatik_kit_skb_push_view(void);
EXPORT_SYMBOL(lunatik_kit_skb_push_view);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of packets");
MODULE_ALIAS("lunatik-lib-skb");
