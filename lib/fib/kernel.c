// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The kernel's own functions behind `ip rule`, called with the message that `ip` would send. */
#include <linux/fib_rules.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/fib_rules.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "kernel/watch.h"
#include "kernel.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#error "fib_nl_newrule() takes RTNL by itself here: call fib_newrule() and fib_delrule() with rtnl_held"
#endif

static struct sk_buff *message(const struct luafib_rule *rule, bool add, struct nlmsghdr **header)
{
	struct sk_buff *skb = nlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	struct fib_rule_hdr *fields;

	if (!skb)
		return NULL;
	*header = nlmsg_put(skb, 0, 0, add ? RTM_NEWRULE : RTM_DELRULE, sizeof(*fields),
			    NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	fields = nlmsg_data(*header);
	memset(fields, 0, sizeof(*fields));
	fields->family = rule->family;
	fields->action = FR_ACT_TO_TBL;
	if (nla_put_u32(skb, FRA_TABLE, rule->table) || nla_put_u32(skb, FRA_PRIORITY, rule->priority)) {
		nlmsg_free(skb);
		return NULL;
	}
	nlmsg_end(skb, *header);
	return skb;
}

/* Each is looked at for each route, and nobody but `ip rule` takes those away that a script leaves. */
#define RULES_MAX	1024

/* With RTNL. */
static bool is_full(struct net *net, int family)
{
	struct fib_rules_ops *ops;
	struct fib_rule *rule;
	unsigned int count = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(ops, &net->rules_ops, list)
		if (ops->family == family)
			list_for_each_entry_rcu(rule, &ops->rules_list, list)
				count++;
	rcu_read_unlock();
	return count >= RULES_MAX;
}

int luafib_change(const struct luafib_rule *rule, bool add, const struct lunatik_net *seen, const char **why)
{
	struct netlink_ext_ack reply = {};
	struct nlmsghdr *header;
	struct net *net = lunatik_net_get(seen);
	struct sk_buff *skb;
	int error;

	*why = NULL;
	if (!net)
		return -ENXIO;
	skb = message(rule, add, &header);
	if (!skb) {
		lunatik_net_put(net);
		return -ENOMEM;
	}
	/* From its socket they know the namespace. */
	skb->sk = net->rtnl;
	error = rtnl_lock_killable();
	if (!error) {
		if (add && is_full(net, rule->family))
			error = -ENOSPC;
		else
			error = add ? fib_nl_newrule(skb, header, &reply) : fib_nl_delrule(skb, header, &reply);
		rtnl_unlock();
		*why = reply._msg;
	}
	lunatik_woken();
	skb->sk = NULL;
	nlmsg_free(skb);
	lunatik_net_put(net);
	return error;
}

const int luafib_inet = AF_INET, luafib_inet6 = AF_INET6;

const struct lunatik_constant luafib_af[] = {
	{ "INET", AF_INET },
	{ "INET6", AF_INET6 },
	{ NULL, 0 },
};

static struct lunatik_library libraries[] = {
	{ .name = "fib", .open = luaopen_fib },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of the routing policy database");
MODULE_ALIAS("lunatik-lib-fib");
