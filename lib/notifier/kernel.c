// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Notifier chains: what each tells, and where. */
#include <linux/irqflags.h>
#include <linux/kbd_kern.h>
#include <linux/keyboard.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <linux/vt.h>
#include <linux/vt_kern.h>
#include <net/net_namespace.h>

#include "kernel.h"

static_assert(sizeof(struct notifier_block) <= sizeof(((struct luanotifier *)0)->storage));

static struct notifier_block *block_of(struct luanotifier *notifier)
{
	return (struct notifier_block *)notifier->storage;
}

static struct luanotifier *notifier_of(struct notifier_block *block)
{
	return container_of((void **)block, struct luanotifier, storage[0]);
}

/* --- events ----------------------------------------------------------------------------- */

/* An RCU reader, with interrupts off and the lock of the keyboard's events. */
static int keyboard_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct keyboard_notifier_param *param = data;
	const struct luanotifier_event told = {
		.event = event,
		.down = param->down,
		.shift = param->shift & (1 << KG_SHIFT | 1 << KG_SHIFTL | 1 << KG_SHIFTR),
		.value = param->value,
	};

	return luanotifier_tell(notifier_of(block), &told);
}

/* An RCU reader with the console's lock. */
static int vterm_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct vt_notifier_param *param = data;
	const struct luanotifier_event told = {
		.event = event,
		/* Other events leave it unset. */
		.value = event == VT_WRITE || event == VT_PREWRITE ? param->c : 0,
		.terminal = param->vc->vc_num,
	};

	/*
	 * Text of the kernel's log, which printk() puts on a terminal with interrupts off: what a callback prints
	 * would cause it to be called again and again, and another CPU that prints may be waiting for this one.
	 */
	if (irqs_disabled())
		return NOTIFY_DONE;
	return luanotifier_tell(notifier_of(block), &told);
}

/* Whether the kernel takes no for an answer. */
static bool may_refuse(unsigned long event)
{
	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_POST_INIT:
	case NETDEV_PRE_UP:
	case NETDEV_PRE_TYPE_CHANGE:
	case NETDEV_PRECHANGEMTU:
	case NETDEV_CHANGEMTU:
	case NETDEV_PRE_CHANGEADDR:
	case NETDEV_CHANGENAME:
	case NETDEV_PRECHANGEUPPER:
	case NETDEV_CHANGEUPPER:
	case NETDEV_CHANGE_TX_QUEUE_LEN:
		return true;
	}
	return false;
}

/* With RTNL. Devices of all network namespaces come here. */
static int netdevice_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct net_device *device = netdev_notifier_info_to_dev(data);
	struct luanotifier *notifier = notifier_of(block);
	const struct luanotifier_event told = { .event = event, .name = device->name };

	int answer;

	if (dev_net(device)->net_cookie != notifier->net)
		return NOTIFY_DONE;
	answer = luanotifier_tell(notifier, &told);
	/* Of what has happened already, all have to be told: others hold the device until they are. */
	if (answer & NOTIFY_STOP_MASK)
		return answer == NOTIFY_BAD && may_refuse(event) ? NOTIFY_BAD : NOTIFY_OK;
	return answer;
}

void luanotifier_missed(const char *script, const struct luanotifier_event *event)
{
	if (event->name)
		pr_err_ratelimited("lunatik: %s: busy: it was not told of event %lu of the network device %s\n",
				   script, event->event, event->name);
	else
		pr_err_ratelimited("lunatik: %s: busy: it was not told of an event\n", script);
}

/* --- chains ----------------------------------------------------------------------------- */

int luanotifier_add(struct luanotifier *notifier, const struct lunatik_net *seen)
{
	struct notifier_block *block = block_of(notifier);
	struct net *net;

	switch (notifier->chain) {
	case LUANOTIFIER_KEYBOARD:
		block->notifier_call = keyboard_event;
		return register_keyboard_notifier(block);
	case LUANOTIFIER_VTERM:
		block->notifier_call = vterm_event;
		return register_vt_notifier(block);
	case LUANOTIFIER_NETDEVICE:
		net = lunatik_net_get(seen);
		if (!net)
			return -ENXIO;
		notifier->net = net->net_cookie;
		lunatik_net_put(net);
		block->notifier_call = netdevice_event;
		return register_netdevice_notifier(block);
	}
	return -EINVAL;
}

void luanotifier_remove(struct luanotifier *notifier)
{
	struct notifier_block *block = block_of(notifier);

	switch (notifier->chain) {
	case LUANOTIFIER_KEYBOARD:
		unregister_keyboard_notifier(block);
		break;
	case LUANOTIFIER_VTERM:
		unregister_vt_notifier(block);
		break;
	case LUANOTIFIER_NETDEVICE:
		unregister_netdevice_notifier(block);
		break;
	}
}

/* --- constants -------------------------------------------------------------------------- */

const int luanotifier_done = NOTIFY_DONE;

const struct lunatik_constant luanotifier_notify[] = {
	{ "DONE", NOTIFY_DONE },
	{ "OK", NOTIFY_OK },
	{ "BAD", NOTIFY_BAD },
	{ "STOP", NOTIFY_STOP },
	{ NULL, 0 },
};

const struct lunatik_constant luanotifier_kbd[] = {
	{ "KEYCODE", KBD_KEYCODE },
	{ "UNBOUND_KEYCODE", KBD_UNBOUND_KEYCODE },
	{ "UNICODE", KBD_UNICODE },
	{ "KEYSYM", KBD_KEYSYM },
	{ "POST_KEYSYM", KBD_POST_KEYSYM },
	{ NULL, 0 },
};

#define NETDEV(name)	{ #name, NETDEV_##name }
const struct lunatik_constant luanotifier_netdev[] = {
	NETDEV(UP), NETDEV(DOWN), NETDEV(REBOOT), NETDEV(CHANGE), NETDEV(REGISTER), NETDEV(UNREGISTER),
	NETDEV(CHANGEMTU), NETDEV(CHANGEADDR), NETDEV(PRE_CHANGEADDR), NETDEV(GOING_DOWN), NETDEV(CHANGENAME),
	NETDEV(FEAT_CHANGE), NETDEV(BONDING_FAILOVER), NETDEV(PRE_UP), NETDEV(PRE_TYPE_CHANGE),
	NETDEV(POST_TYPE_CHANGE), NETDEV(POST_INIT), NETDEV(RELEASE), NETDEV(NOTIFY_PEERS),
	NETDEV(JOIN), NETDEV(CHANGEUPPER), NETDEV(RESEND_IGMP), NETDEV(PRECHANGEMTU), NETDEV(CHANGEINFODATA),
	NETDEV(BONDING_INFO), NETDEV(PRECHANGEUPPER), NETDEV(CHANGELOWERSTATE), NETDEV(UDP_TUNNEL_PUSH_INFO),
	NETDEV(UDP_TUNNEL_DROP_INFO), NETDEV(CHANGE_TX_QUEUE_LEN), NETDEV(CVLAN_FILTER_PUSH_INFO),
	NETDEV(CVLAN_FILTER_DROP_INFO), NETDEV(SVLAN_FILTER_PUSH_INFO), NETDEV(SVLAN_FILTER_DROP_INFO),
	NETDEV(OFFLOAD_XSTATS_ENABLE), NETDEV(OFFLOAD_XSTATS_DISABLE), NETDEV(OFFLOAD_XSTATS_REPORT_USED),
	NETDEV(OFFLOAD_XSTATS_REPORT_DELTA),
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	NETDEV(PRE_UNINIT),
#endif
	{ NULL, 0 },
};

const struct lunatik_constant luanotifier_vt[] = {
	{ "ALLOCATE", VT_ALLOCATE },
	{ "DEALLOCATE", VT_DEALLOCATE },
	{ "WRITE", VT_WRITE },
	{ "UPDATE", VT_UPDATE },
	{ "PREWRITE", VT_PREWRITE },
	{ NULL, 0 },
};

static struct lunatik_library libraries[] = {
	{ .name = "notifier", .open = luaopen_notifier },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of notifier chains");
MODULE_ALIAS("lunatik-lib-notifier");
