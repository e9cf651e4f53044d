// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Hands TCP segments to port 443 over to the Lua script examples/filter/sni, with the offset of
// their payload; everything else passes. Built to https.o.
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_P_IP	0x0800
#define ETH_P_8021Q	0x8100
#define HTTPS		443
#define IP_OFFSET	0x1fff

extern int bpf_luaxdp_run(char *key, size_t key_sz, struct xdp_md *xdp_ctx, void *arg, size_t arg_sz) __ksym;

static char script[] = "examples/filter/sni";

// What the script gets: the payload's offset, big-endian.
struct argument {
	__be16 offset;
} __attribute__((packed));

SEC("xdp")
int filter_https(struct xdp_md *ctx)
{
	void *start = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = start;
	void *next = eth + 1;
	struct argument argument;
	struct tcphdr *tcp;
	struct iphdr *ip;
	__be16 protocol;
	__u32 offset;
	int action;

	if (next > end)
		return XDP_PASS;
	protocol = eth->h_proto;
	if (protocol == bpf_htons(ETH_P_8021Q)) {
		struct vlan_hdr *vlan = next;

		next = vlan + 1;
		if (next > end)
			return XDP_PASS;
		protocol = vlan->h_vlan_encapsulated_proto;
	}
	if (protocol != bpf_htons(ETH_P_IP))
		return XDP_PASS;

	ip = next;
	if ((void *)(ip + 1) > end || ip->ihl < 5 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return XDP_PASS;
	tcp = next + ip->ihl * 4;
	if ((void *)(tcp + 1) > end || tcp->dest != bpf_htons(HTTPS) || tcp->doff < 5)
		return XDP_PASS;

	offset = (void *)tcp - start + tcp->doff * 4;
	if (start + offset >= end)
		return XDP_PASS;
	argument.offset = bpf_htons(offset);
	action = bpf_luaxdp_run(script, sizeof(script), ctx, &argument, sizeof(argument));
	return action < 0 ? XDP_PASS : action;
}

char _license[] SEC("license") = "Dual MIT/GPL";
