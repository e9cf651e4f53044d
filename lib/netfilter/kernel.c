// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Hooks of netfilter. */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "kernel/packet.h"
#include "kernel/watch.h"
#include "kernel.h"

/* A hook of one runtime. Its memory stays while packets may be in it. */
struct luanetfilter_hook {
	struct nf_hook_ops ops;
	struct net *net;		/* null when it was taken away: the namespace or the device has gone */
	void *runtime;
	struct list_head list;
	unsigned int users;		/* slots with a callback */
	bool percpu;
	struct luanetfilter_slot slots[];
};

/* Hooks that have users. */
static LIST_HEAD(hooks);
/* Guards the list and what is in a hook but its slots' callbacks. Taken under rtnl_lock(). */
static DEFINE_MUTEX(hooks_lock);

/* --- packets ----------------------------------------------------------------------------- */

/* A packet of this host's that goes elsewhere now. NF_ACCEPT, or NF_DROP and why. */
static noinline unsigned int reroute(struct sk_buff *skb, const struct nf_hook_state *state)
{
	int error;

	if (state->hook != NF_INET_LOCAL_OUT)
		return NF_ACCEPT;
	switch (state->pf) {
	case NFPROTO_IPV4:
		error = ip_route_me_harder(state->net, state->sk, skb, RTN_UNSPEC);
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case NFPROTO_IPV6:
		error = nf_ip6_route_me_harder(state->net, state->sk, skb);
		break;
#endif
	default:
		return NF_ACCEPT;
	}
	return error ? NF_DROP_ERR(error) : NF_ACCEPT;
}

/* The kernel's hook for those of a runtime's. An RCU reader; in process context bottom halves may be on. */
static __always_inline unsigned int run(struct luanetfilter_hook *hook, struct sk_buff *skb,
					const struct nf_hook_state *state, bool network)
{
	struct luanetfilter_slot *slot = hook->slots;
	bool pinned = !softirq_count();
	struct lunatik_door *door;
	struct lunatik_skb packet;
	int verdict = NF_ACCEPT;

	packet.rerouted = false;
	if (unlikely(pinned))
		local_bh_disable();
	if (hook->percpu)
		slot += smp_processor_id();
	door = READ_ONCE(slot->door);
	if (likely(door && lunatik_enter_packet(door))) {
		if (likely(slot->callback)) {
			lunatik_skb_init(&packet, skb, network, state->pf, false, state->in, state->out);
			verdict = luanetfilter_run(slot->callback, &packet);
		}
		lunatik_leave_packet(door);
	}
	if (unlikely(verdict == NF_STOLEN))
		consume_skb(skb);
	else if (unlikely(packet.rerouted && verdict == NF_ACCEPT))
		verdict = reroute(skb, state);
	if (unlikely(pinned))
		local_bh_enable();
	return verdict;
}

static unsigned int hook_network(void *hook, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return run(hook, skb, state, true);
}

static unsigned int hook_link(void *hook, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return run(hook, skb, state, false);
}

bool luanetfilter_queues(unsigned char family)
{
	/* nf_reinject() goes on with these only. */
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_BRIDGE;
}

/* --- hooks ------------------------------------------------------------------------------- */

bool luanetfilter_is_link(unsigned char family)
{
	return family == NFPROTO_BRIDGE || family == NFPROTO_NETDEV;
}

const char *luanetfilter_check(const struct luanetfilter_place *place)
{
	unsigned int count;

	switch (place->family) {
	case NFPROTO_INET:
	case NFPROTO_IPV4:
	case NFPROTO_IPV6:
		count = NF_INET_POST_ROUTING + 1;
		break;
	case NFPROTO_ARP:
		if (!IS_ENABLED(CONFIG_NETFILTER_FAMILY_ARP))
			return "this kernel has no hooks for ARP";
		count = NF_ARP_NUMHOOKS;
		break;
	case NFPROTO_BRIDGE:
		if (!IS_ENABLED(CONFIG_NETFILTER_FAMILY_BRIDGE))
			return "this kernel has no hooks for bridges";
		count = NF_BR_POST_ROUTING + 1;
		break;
	case NFPROTO_NETDEV:
		if (!IS_ENABLED(CONFIG_NETFILTER_INGRESS) || !IS_ENABLED(CONFIG_NETFILTER_EGRESS))
			return "this kernel has no hooks for devices";
		if (!place->device)
			return "a hook of the family NETDEV needs 'device', the name of an interface";
		count = NF_NETDEV_NUMHOOKS;
		break;
	default:
		return "'pf' is no family of netfilter.family that has hooks";
	}
	if (place->device && place->family != NFPROTO_NETDEV)
		return "'device' is for hooks of the family NETDEV";
	return place->number < count ? NULL : "'hooknum' is no hook of this family";
}

static unsigned int slot_count(int cpu)
{
	return cpu < 0 ? 1 : nr_cpu_ids;
}

size_t luanetfilter_size(void)
{
	return sizeof(struct luanetfilter_hook) + slot_count(0) * sizeof(struct luanetfilter_slot);
}

/* The hook of the runtime's other states at this place. The lock is held. */
static struct luanetfilter_hook *find(struct net *net, void *runtime, const struct luanetfilter_place *place,
				      const struct net_device *device, unsigned int cpu)
{
	struct luanetfilter_hook *hook;

	list_for_each_entry(hook, &hooks, list)
		if (hook->runtime == runtime && hook->net == net && hook->ops.pf == place->family &&
		    hook->ops.hooknum == place->number && hook->ops.priority == place->priority &&
		    hook->ops.dev == device && !hook->slots[cpu].door)
			return hook;
	return NULL;
}

static void fill(struct luanetfilter_hook *hook, struct luanetfilter_slot *slot, struct lunatik_door *door,
		 void *callback)
{
	slot->callback = callback;
	/* Packets look for the door first. */
	smp_store_release(&slot->door, door);
	hook->users++;
}

/* Makes the hook, with the first callback in it. The lock is held. */
static struct luanetfilter_hook *make(struct net *net, void *runtime, const struct luanetfilter_place *place,
				      struct net_device *device, struct lunatik_door *door, int cpu, void *callback)
{
	struct luanetfilter_hook *hook = kzalloc(struct_size(hook, slots, slot_count(cpu)), GFP_KERNEL);
	int error;

	if (!hook)
		return ERR_PTR(-ENOMEM);
	hook->ops.hook = luanetfilter_is_link(place->family) ? hook_link : hook_network;
	hook->ops.dev = device;
	hook->ops.priv = hook;
	hook->ops.pf = place->family;
	hook->ops.hooknum = place->number;
	hook->ops.priority = place->priority;
	hook->net = net;
	hook->runtime = runtime;
	hook->percpu = cpu >= 0;
	fill(hook, &hook->slots[max(cpu, 0)], door, callback);
	error = nf_register_net_hook(net, &hook->ops);
	if (error) {
		kfree(hook);
		return ERR_PTR(error);
	}
	list_add(&hook->list, &hooks);
	return hook;
}

struct luanetfilter_hook *luanetfilter_join(struct net *net, void *runtime, const struct luanetfilter_place *place,
					    struct lunatik_door *door, int cpu, void *callback,
					    struct luanetfilter_slot **slot, int *error)
{
	unsigned int index = max(cpu, 0);
	struct luanetfilter_hook *hook;
	struct net_device *device = NULL;

	*error = 0;
	/* A device is hooked only before all are told that it goes. */
	if (place->device && rtnl_lock_killable()) {
		*error = -EINTR;
		return NULL;
	}
	mutex_lock(&hooks_lock);
	if (place->device)
		device = __dev_get_by_name(net, place->device);
	if (place->device && !device) {
		hook = ERR_PTR(-ENODEV);
	} else {
		hook = cpu < 0 ? NULL : find(net, runtime, place, device, index);
		if (hook)
			fill(hook, &hook->slots[index], door, callback);
		else
			hook = make(net, runtime, place, device, door, cpu, callback);
	}
	mutex_unlock(&hooks_lock);
	if (place->device)
		rtnl_unlock();
	lunatik_woken();
	if (IS_ERR(hook)) {
		*error = PTR_ERR(hook);
		return NULL;
	}
	*slot = &hook->slots[index];
	return hook;
}

/* No packet finds the hook from here on; some may be in it. The lock is held. */
static void unhook(struct luanetfilter_hook *hook)
{
	if (hook->net)
		nf_unregister_net_hook(hook->net, &hook->ops);
	hook->net = NULL;
}

void luanetfilter_leave(struct luanetfilter_hook *hook, struct luanetfilter_slot *slot)
{
	bool last, shut = READ_ONCE(slot->door->phase) == LUNATIK_STOPPED;

	WRITE_ONCE(slot->callback, NULL);
	mutex_lock(&hooks_lock);
	last = !--hook->users;
	if (last) {
		list_del(&hook->list);
		unhook(hook);
	}
	mutex_unlock(&hooks_lock);
	/* Nobody is inside of a state that was shut. */
	if (last || !shut)
		synchronize_rcu();
	if (last)
		kfree(hook);
	lunatik_woken();
}

/* --- namespaces and devices that end ------------------------------------------------------- */

static void __net_exit leave_net(struct net *net)
{
	struct luanetfilter_hook *hook;

	mutex_lock(&hooks_lock);
	list_for_each_entry(hook, &hooks, list)
		if (hook->net == net)
			unhook(hook);
	mutex_unlock(&hooks_lock);
}

static struct pernet_operations net_operations = {
	.exit = leave_net,
};

static int leave_device(struct notifier_block *notifier, unsigned long event, void *info)
{
	const struct net_device *device = netdev_notifier_info_to_dev(info);
	struct luanetfilter_hook *hook;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&hooks_lock);
	list_for_each_entry(hook, &hooks, list)
		if (hook->net && hook->ops.dev == device)
			unhook(hook);
	mutex_unlock(&hooks_lock);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = leave_device,
};

/* --- constants ----------------------------------------------------------------------------- */

static const struct lunatik_constant family[] = {
	{ "UNSPEC", NFPROTO_UNSPEC },
	{ "INET", NFPROTO_INET },
	{ "IPV4", NFPROTO_IPV4 },
	{ "IPV6", NFPROTO_IPV6 },
	{ "ARP", NFPROTO_ARP },
	{ "NETDEV", NFPROTO_NETDEV },
	{ "BRIDGE", NFPROTO_BRIDGE },
	{ NULL, 0 },
};

static const struct lunatik_constant action[] = {
	{ "DROP", NF_DROP },
	{ "ACCEPT", NF_ACCEPT },
	{ "STOLEN", NF_STOLEN },
	{ "QUEUE", NF_QUEUE },
	{ "REPEAT", NF_REPEAT },
	{ "STOP", NF_STOP },
	{ "CONTINUE", XT_CONTINUE },
	{ "RETURN", XT_RETURN },
	{ NULL, 0 },
};
static_assert(LUANETFILTER_DROP == NF_DROP && LUANETFILTER_ACCEPT == NF_ACCEPT && LUANETFILTER_STOLEN == NF_STOLEN &&
	      LUANETFILTER_QUEUE == NF_QUEUE && LUANETFILTER_REPEAT == NF_REPEAT && LUANETFILTER_STOP == NF_STOP &&
	      LUANETFILTER_MASK == NF_VERDICT_MASK && LUANETFILTER_FLAGS == NF_VERDICT_FLAG_QUEUE_BYPASS);

#define INET(name)	{ #name, NF_INET_##name }
static const struct lunatik_constant inet[] = {
	INET(PRE_ROUTING), INET(LOCAL_IN), INET(FORWARD), INET(LOCAL_OUT), INET(POST_ROUTING),
	{ NULL, 0 },
};

#define BRIDGE(name)	{ #name, NF_BR_##name }
static const struct lunatik_constant bridge[] = {
	BRIDGE(PRE_ROUTING), BRIDGE(LOCAL_IN), BRIDGE(FORWARD), BRIDGE(LOCAL_OUT), BRIDGE(POST_ROUTING),
	{ NULL, 0 },
};

static const struct lunatik_constant arp[] = {
	{ "IN", NF_ARP_IN },
	{ "OUT", NF_ARP_OUT },
	{ "FORWARD", NF_ARP_FORWARD },
	{ NULL, 0 },
};

static const struct lunatik_constant netdev[] = {
	{ "INGRESS", NF_NETDEV_INGRESS },
	{ "EGRESS", NF_NETDEV_EGRESS },
	{ NULL, 0 },
};

#define IP(name)	{ #name, NF_IP_PRI_##name }
static const struct lunatik_constant ip_priority[] = {
	IP(FIRST), IP(RAW_BEFORE_DEFRAG), IP(CONNTRACK_DEFRAG), IP(RAW), IP(SELINUX_FIRST), IP(CONNTRACK), IP(MANGLE),
	IP(NAT_DST), IP(FILTER), IP(SECURITY), IP(NAT_SRC), IP(SELINUX_LAST), IP(CONNTRACK_HELPER), IP(LAST),
	{ NULL, 0 },
};

#define BR(name)	{ #name, NF_BR_PRI_##name }
static const struct lunatik_constant bridge_priority[] = {
	BR(FIRST), BR(NAT_DST_BRIDGED), BR(FILTER_BRIDGED), BR(BRNF), BR(NAT_DST_OTHER), BR(FILTER_OTHER), BR(NAT_SRC),
	BR(LAST),
	{ NULL, 0 },
};

const struct lunatik_constant *const luanetfilter_tables[LUANETFILTER_TABLES] = {
	[LUANETFILTER_FAMILY] = family,
	[LUANETFILTER_ACTION] = action,
	[LUANETFILTER_INET] = inet,
	[LUANETFILTER_BRIDGE] = bridge,
	[LUANETFILTER_ARP] = arp,
	[LUANETFILTER_NETDEV] = netdev,
	[LUANETFILTER_IP_PRIORITY] = ip_priority,
	[LUANETFILTER_BRIDGE_PRIORITY] = bridge_priority,
};

/* --- the module ---------------------------------------------------------------------------- */

static struct lunatik_library libraries[] = {
	{ .name = "netfilter", .open = luaopen_netfilter },
	{ .name = "linux.nf", .open = luaopen_linux_nf },
	{ .name = "linux.nf.proto", .open = luaopen_linux_nf_proto },
	{ .name = "linux.nf.action", .open = luaopen_linux_nf_action },
	{ .name = "linux.nf.inet", .open = luaopen_linux_nf_inet },
	{ .name = "linux.nf.bridge", .open = luaopen_linux_nf_bridge },
	{ .name = "linux.nf.arp", .open = luaopen_linux_nf_arp },
	{ .name = "linux.nf.netdev", .open = luaopen_linux_nf_netdev },
	{ .name = "linux.nf.ip", .open = luaopen_linux_nf_ip },
	{ .name = "linux.nf.br", .open = luaopen_linux_nf_br },
	{ .name = "linux.nf.ip.pri", .open = luaopen_linux_nf_ip_pri },
	{ .name = "linux.nf.br.pri", .open = luaopen_linux_nf_br_pri },
};

static int __init luanetfilter_init(void)
{
	int error;

	error = register_pernet_subsys(&net_operations);
	if (error)
		return error;
	error = register_netdevice_notifier(&device_notifier);
	if (error)
		goto no_notifier;
	error = lunatik_libraries_add(libraries, ARRAY_SIZE(libraries));
	if (!error)
		return 0;

	unregister_netdevice_notifier(&device_notifier);
no_notifier:
	unregister_pernet_subsys(&net_operations);
	return error;
}

static void __exit luanetfilter_exit(void)
{
	lunatik_libraries_remove(libraries, ARRAY_SIZE(libraries));
	unregister_netdevice_notifier(&device_notifier);
	unregister_pernet_subsys(&net_operations);
}

module_init(luanetfilter_init);
module_exit(luanetfilter_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of netfilter");
MODULE_ALIAS("lunatik-lib-netfilter");
MODULE_ALIAS("lunatik-lib-linux.nf");
MODULE_ALIAS("lunatik-lib-linux.nf.proto");
MODULE_ALIAS("lunatik-lib-linux.nf.action");
MODULE_ALIAS("lunatik-lib-linux.nf.inet");
MODULE_ALIAS("lunatik-lib-linux.nf.bridge");
MODULE_ALIAS("lunatik-lib-linux.nf.arp");
MODULE_ALIAS("lunatik-lib-linux.nf.netdev");
MODULE_ALIAS("lunatik-lib-linux.nf.ip");
MODULE_ALIAS("lunatik-lib-linux.nf.br");
MODULE_ALIAS("lunatik-lib-linux.nf.ip.pri");
MODULE_ALIAS("lunatik-lib-linux.nf.br.pri");
