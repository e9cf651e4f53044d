// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sends one packet, of TCP to port 9999, through the hooks of IPv4's LOCAL_IN as often as the parameter `repeat`
 * says, when it is loaded; the parameters `nanoseconds` and `accepted` then tell how long one took, and how many
 * passed.
 */
#include <linux/ip.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>

static unsigned int repeat = 50000;
module_param(repeat, uint, 0444);
static unsigned int nanoseconds;
module_param(nanoseconds, uint, 0444);
static unsigned int accepted;
module_param(accepted, uint, 0444);

static int __init nfbench_init(void)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct tcphdr *tcp;
	struct iphdr *ip;
	unsigned int i, passed = 0;
	u64 began;
	int result = 1;

	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, 64);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(64);
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a000002);
	tcp = (struct tcphdr *)(ip + 1);
	tcp->source = htons(12345);
	tcp->dest = htons(9999);
	tcp->doff = 5;
	skb->protocol = htons(ETH_P_IP);
	/* Each verdict to drop it takes one. */
	refcount_set(&skb->users, repeat + 1);
	local_bh_disable();
	began = ktime_get_ns();
	for (i = 0; i < repeat; i++) {
		result = nf_hook(NFPROTO_IPV4, NF_INET_LOCAL_IN, &init_net, NULL, skb, init_net.loopback_dev, NULL, NULL);
		if (result == 1)
			passed++;
		else if (result != -EPERM)
			break;
	}
	nanoseconds = div_u64(ktime_get_ns() - began, max(repeat, 1U));
	local_bh_enable();
	accepted = passed;
	/* Else the packet is not ours any more. */
	if (result != 1 && result != -EPERM)
		return -EINVAL;
	refcount_set(&skb->users, 1);
	kfree_skb(skb);
	return 0;
}

static void __exit nfbench_exit(void)
{
}

module_init(nfbench_init);
module_exit(nfbench_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("What a packet costs at a hook of netfilter");
