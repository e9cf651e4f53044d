// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/kobject.h>
#include <linux/nsproxy.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "net.h"

struct lunatik_net {
	refcount_t references;
	struct net *net;
	bool kept;			/* its memory only, as sysfs does; the first namespace never ends */
};

/* A task that exits may have left its namespaces already, and then closes its files. */
static bool has_namespaces(void)
{
	return current->nsproxy;
}

struct lunatik_net *lunatik_net_current(void)
{
	struct lunatik_net *seen = kmalloc(sizeof(*seen), GFP_KERNEL);

	if (!seen)
		return NULL;
	refcount_set(&seen->references, 1);
	seen->net = has_namespaces() ? kobj_ns_grab_current(KOBJ_NS_TYPE_NET) : NULL;
	seen->kept = seen->net;
	if (!seen->net)
		seen->net = &init_net;
	return seen;
}

struct lunatik_net *lunatik_net_share(struct lunatik_net *seen)
{
	refcount_inc(&seen->references);
	return seen;
}

void lunatik_net_forget(struct lunatik_net *seen)
{
	if (!seen || !refcount_dec_and_test(&seen->references))
		return;
	if (seen->kept)
		kobj_ns_drop(KOBJ_NS_TYPE_NET, seen->net);
	kfree(seen);
}

struct net *lunatik_net_get(const struct lunatik_net *seen)
{
	if (seen)
		return maybe_get_net(seen->net);
	return get_net(has_namespaces() ? current->nsproxy->net_ns : &init_net);
}

void lunatik_net_put(struct net *net)
{
	put_net(net);
}

unsigned int lunatik_net_number(const struct lunatik_net *seen)
{
	struct net *net = lunatik_net_get(seen);
	unsigned int number = 0;

	if (net) {
		number = net->ns.inum;
		put_net(net);
	}
	return number;
}
