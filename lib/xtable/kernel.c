// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Matches and targets of x_tables. */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_bridge/ebtables.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "kernel/packet.h"
#include "kernel/watch.h"
#include "kernel.h"
#include "lunatik_xtable.h"

/* For iptables, ip6tables, arptables and ebtables, each on its own: what all have is asked for by ebtables in other words. */
enum { IPV4, IPV6, ARP, BRIDGE, FAMILIES };
static const u_int8_t family_of[FAMILIES] = { NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_ARP, NFPROTO_BRIDGE };

struct head {
	union {
		struct xt_match match;
		struct xt_target target;
	};
	struct luaxtable_extension *extension;
};

/*
 * A name with its kind and revision. The kernel holds pointers to it from when it looks a name up until it lets
 * the module go, of which nobody tells us. So it stays until the module is unloaded; who registers the name again
 * gets the same one, and with it the rules that are there.
 */
struct luaxtable_extension {
	struct head heads[FAMILIES];
	struct list_head list;
	enum luaxtable_kind kind;
	void *runtime;			/* null while nobody has it registered */
	unsigned char families;
	unsigned int users;		/* slots with a callback */
	bool percpu;
	struct luaxtable_slot slots[];
};

/* What a rule keeps where user space does not look. */
struct rule {
	struct luaxtable_extension *extension;
	u64 id;
	/* Under which terms it was checked. */
	u32 hooks;
	u16 proto;
	u8 family;
};
static_assert(sizeof(struct rule) <= sizeof(((struct lunatik_xtable_info *)0)->kernel));

static LIST_HEAD(extensions);
static unsigned int extension_count;
#define EXTENSIONS_MAX	1024
/* Guards the list and what is in an extension but its slots. Taken before the lock of x_tables, and before gates. */
static DEFINE_MUTEX(lock);
static atomic64_t last_id = ATOMIC64_INIT(0);

static struct rule *rule_of(const struct lunatik_xtable_info *info)
{
	return (struct rule *)info->kernel;
}

/* --- packets ----------------------------------------------------------------------------- */

/* The door to the state for a packet, its bottom halves off. */
static __always_inline struct luaxtable_slot *slot_for(struct luaxtable_extension *extension)
{
	return READ_ONCE(extension->percpu) ? &extension->slots[smp_processor_id()] : extension->slots;
}

/* Packets of iptables come with bottom halves off, those of nftables need not. */
static __always_inline bool pin(void)
{
	if (likely(softirq_count()))
		return false;
	local_bh_disable();
	return true;
}

static __always_inline void event_init(struct luaxtable_event *event, const struct sk_buff *skb,
				       const struct xt_action_param *par, bool readonly)
{
	const struct nf_hook_state *state = par->state;

	lunatik_skb_init(&event->packet, (struct sk_buff *)skb, state->pf != NFPROTO_BRIDGE, state->pf, readonly, state->in,
			 state->out);
	event->par = (void *)par;
	event->info = par->matchinfo;
}

/* An RCU reader, as are all hooks of netfilter. */
static bool match(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct rule *rule = rule_of(par->matchinfo);
	struct luaxtable_event event;
	struct luaxtable_slot *slot;
	struct lunatik_door *door;
	bool pinned = pin(), matches = false;

	slot = slot_for(rule->extension);
	door = smp_load_acquire(&slot->door);
	if (likely(door && lunatik_enter_packet(door))) {
		event_init(&event, skb, par, true);
		matches = luaxtable_match(slot->callback, rule->id, &event);
		lunatik_leave_packet(door);
	}
	if (unlikely(pinned))
		local_bh_enable();
	/* A packet to be dropped must not get to a target, which might be its end. */
	return matches && !par->hotdrop;
}

/* Of ebtables, which takes what it does not know for a jump. */
static unsigned int bridge_verdict(unsigned int verdict)
{
	switch (verdict) {
	case NF_ACCEPT:
		return EBT_ACCEPT;
	case NF_DROP:
	case NF_STOLEN:
		return EBT_DROP;
	default:
		return EBT_CONTINUE;
	}
}

static unsigned int target(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct rule *rule = rule_of(par->targinfo);
	unsigned int verdict = XT_CONTINUE;
	struct luaxtable_event event;
	struct luaxtable_slot *slot;
	struct lunatik_door *door;
	bool pinned = pin();

	slot = slot_for(rule->extension);
	door = smp_load_acquire(&slot->door);
	if (likely(door && lunatik_enter_packet(door))) {
		event_init(&event, skb, par, false);
		verdict = luaxtable_target(slot->callback, rule->id, &event);
		lunatik_leave_packet(door);
	}
	if (rule->family == BRIDGE)
		verdict = bridge_verdict(verdict);
	else if (unlikely(verdict == NF_STOLEN))
		consume_skb(skb);
	if (unlikely(pinned))
		local_bh_enable();
	return verdict;
}

static const struct xt_action_param *par_of(const struct luaxtable_event *event)
{
	return event->par;
}

/* In IPv6 the transport header has been looked for only if a rule named a protocol. */
static unsigned int find_transport(const struct luaxtable_event *event, unsigned int *transport)
{
	unsigned short fragment = 0;

	*transport = 0;
	if (ipv6_find_hdr(event->packet.skb, transport, -1, &fragment, NULL) < 0)
		*transport = 0;
	return fragment;
}

/* Whether the packet is one of IP: of others nobody has filled in where the transport header is. */
static bool is_ip(const struct luaxtable_event *event)
{
	u8 family = par_of(event)->state->pf;

	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
}

bool luaxtable_queues(const struct luaxtable_event *event)
{
	return is_ip(event);
}

unsigned int luaxtable_thoff(const struct luaxtable_event *event)
{
	const struct xt_action_param *par = par_of(event);
	unsigned int transport;

	if (!is_ip(event))
		return 0;
	transport = par->thoff;
	if (!transport && par->state->pf == NFPROTO_IPV6)
		find_transport(event, &transport);
	return transport;
}

unsigned int luaxtable_fragoff(const struct luaxtable_event *event)
{
	const struct xt_action_param *par = par_of(event);
	unsigned int transport;

	if (!is_ip(event))
		return 0;
	if (!par->fragoff && par->state->pf == NFPROTO_IPV6)
		return find_transport(event, &transport);
	return par->fragoff;
}

bool luaxtable_hotdrop(const struct luaxtable_event *event)
{
	return par_of(event)->hotdrop;
}

void luaxtable_set_hotdrop(const struct luaxtable_event *event, bool hotdrop)
{
	((struct xt_action_param *)event->par)->hotdrop = hotdrop;
}

/* --- rules ------------------------------------------------------------------------------- */

/* The rule as Lua is told of it. The lock is held, or packets are there: the terms may be changing then. */
static void look(const struct lunatik_xtable_info *info, struct luaxtable_rule *seen)
{
	const struct rule *rule = rule_of(info);
	const struct luaxtable_extension *extension = rule->extension;
	const struct head *head = &extension->heads[rule->family];
	bool is_match = extension->kind == LUAXTABLE_MATCH;

	seen->id = rule->id;
	seen->userargs = info->userargs;
	seen->fits = READ_ONCE(extension->families) & BIT(rule->family) &&
		     rule->hooks == READ_ONCE(*(is_match ? &head->match.hooks : &head->target.hooks)) &&
		     rule->proto == READ_ONCE(*(is_match ? &head->match.proto : &head->target.proto));
}

void luaxtable_look(const struct luaxtable_event *event, struct luaxtable_rule *rule)
{
	look(event->info, rule);
}

static unsigned int slot_count(const struct luaxtable_extension *extension)
{
	return extension->percpu ? nr_cpu_ids : 1;
}

/* Enters the state of a slot from process context; bottom halves are off until leave_slot(). */
static struct lunatik_door *enter_slot(const struct luaxtable_slot *slot)
{
	struct lunatik_door *door = READ_ONCE(slot->door);

	if (!door)
		return NULL;
	local_bh_disable();
	if (lunatik_enter_packet(door))
		return door;
	local_bh_enable();
	return NULL;
}

static void leave_slot(struct lunatik_door *door)
{
	lunatik_leave_packet(door);
	local_bh_enable();
}

/* Tells the states of the slots below `end` that a rule is gone. The lock is held. */
static void forget(struct luaxtable_extension *extension, const struct luaxtable_rule *rule, unsigned int end)
{
	unsigned int i;

	for (i = 0; i < end; i++) {
		struct lunatik_door *door = enter_slot(&extension->slots[i]);

		if (!door)
			continue;
		luaxtable_forget(extension->slots[i].callback, rule);
		leave_slot(door);
	}
}

/* Has all states that are there check a rule: 0; -EAGAIN when none is ready yet; -EINVAL. The lock is held. */
static int learn(struct luaxtable_extension *extension, const struct luaxtable_rule *rule)
{
	bool taken = false;
	unsigned int i;

	for (i = 0; i < slot_count(extension); i++) {
		struct lunatik_door *door = enter_slot(&extension->slots[i]);

		/* One that is not ready yet learns of it by the first packet. */
		if (!door)
			continue;
		taken = luaxtable_learn(extension->slots[i].callback, rule);
		leave_slot(door);
		if (!taken) {
			forget(extension, rule, i);
			return -EINVAL;
		}
	}
	return taken ? 0 : -EAGAIN;
}

/* The script that has just registered it gets ready: milliseconds to wait for that, and how often. */
#define READY_STEP	10
#define READY_STEPS	500

/* A rule is to be added: 0 or -errno. Process context. */
static int check(const struct head *head, struct lunatik_xtable_info *info)
{
	struct luaxtable_extension *extension = head->extension;
	struct rule *rule = rule_of(info);
	bool is_match = extension->kind == LUAXTABLE_MATCH;
	struct luaxtable_rule seen;
	unsigned int step;
	int error = -EAGAIN;

	memset(info->kernel, 0, sizeof(info->kernel));
	if (strnlen(info->userargs, sizeof(info->userargs)) == sizeof(info->userargs))
		return -EINVAL;
	rule->extension = extension;
	rule->id = atomic64_inc_return(&last_id);
	rule->family = head - extension->heads;
	for (step = 0; error == -EAGAIN && step < READY_STEPS; step++) {
		if (step && (msleep_interruptible(READY_STEP) || signal_pending(current)))
			return -EINTR;
		mutex_lock(&lock);
		rule->hooks = is_match ? head->match.hooks : head->target.hooks;
		rule->proto = is_match ? head->match.proto : head->target.proto;
		look(info, &seen);
		error = extension->runtime ? learn(extension, &seen) : -ENOENT;
		mutex_unlock(&lock);
	}
	return error;
}

/* A rule has been taken away: no packet is at it any more. Process context. */
static void destroy(const struct lunatik_xtable_info *info)
{
	struct luaxtable_extension *extension = rule_of(info)->extension;
	struct luaxtable_rule seen;

	mutex_lock(&lock);
	look(info, &seen);
	forget(extension, &seen, slot_count(extension));
	mutex_unlock(&lock);
}

static int match_check(const struct xt_mtchk_param *par)
{
	return check(container_of(par->match, struct head, match), par->matchinfo);
}

static void match_destroy(const struct xt_mtdtor_param *par)
{
	destroy(par->matchinfo);
}

static int target_check(const struct xt_tgchk_param *par)
{
	return check(container_of(par->target, struct head, target), par->targinfo);
}

static void target_destroy(const struct xt_tgdtor_param *par)
{
	destroy(par->targinfo);
}

/* --- extensions -------------------------------------------------------------------------- */

unsigned char luaxtable_families(long long family)
{
	switch (family) {
	case NFPROTO_UNSPEC:
	case NFPROTO_INET:
		return BIT(IPV4) | BIT(IPV6);
	case NFPROTO_IPV4:
		return BIT(IPV4);
	case NFPROTO_IPV6:
		return BIT(IPV6);
	case NFPROTO_ARP:
		return BIT(ARP);
	case NFPROTO_BRIDGE:
		return BIT(BRIDGE);
	default:
		return 0;
	}
}

bool luaxtable_families_are_ip(unsigned char families)
{
	return !(families & ~(BIT(IPV4) | BIT(IPV6)));
}

unsigned int luaxtable_hooks(unsigned char families)
{
	/* Bridges have as many as IP, but for BROUTING, which netfilter.bridge_hooks does not name. */
	return BIT(families & BIT(ARP) ? NF_ARP_NUMHOOKS : NF_INET_NUMHOOKS) - 1;
}

/* The hooks as x_tables compares them: of a chain that is no rule's, ebtables says so by one bit more. */
static unsigned int hooks_of(const struct luaxtable_terms *terms, unsigned int family)
{
	return family == BRIDGE && terms->hooks ? terms->hooks | BIT(NF_BR_NUMHOOKS) : terms->hooks;
}

static size_t extension_size(void)
{
	struct luaxtable_extension *extension;

	return struct_size(extension, slots, nr_cpu_ids);
}

size_t luaxtable_size(void)
{
	return extension_size();
}

/* An extension of this name and revision that somebody may still point to, or null. The lock is held. */
static struct luaxtable_extension *find(const struct luaxtable_terms *terms)
{
	struct luaxtable_extension *extension;

	list_for_each_entry(extension, &extensions, list) {
		/* Both have these at the same place. */
		const struct xt_match *head = &extension->heads[0].match;

		if (extension->kind == terms->kind && head->revision == terms->revision && !strcmp(head->name, terms->name))
			return extension;
	}
	return NULL;
}

static_assert(offsetof(struct xt_match, name) == offsetof(struct xt_target, name) &&
	      offsetof(struct xt_match, revision) == offsetof(struct xt_target, revision));

/* Whether a script has the name, in whichever revision. The lock is held. */
static bool is_ours(const struct luaxtable_terms *terms)
{
	struct luaxtable_extension *extension;

	list_for_each_entry(extension, &extensions, list)
		if (extension->runtime && extension->kind == terms->kind &&
		    !strcmp(extension->heads[0].match.name, terms->name))
			return true;
	return false;
}

/* Whether a module of the kernel has the name. */
static bool is_kernels(const struct luaxtable_terms *terms)
{
	unsigned int i;
	int best;

	/* It comes with the first table. */
	if (!strcmp(terms->name, XT_ERROR_TARGET))
		return true;
	for (i = 0; i < FAMILIES; i++)
		if (terms->families & BIT(i) && xt_find_revision(family_of[i], terms->name, terms->revision,
								 terms->kind == LUAXTABLE_TARGET, &best))
			return true;
	return false;
}

/* Has the kernel load the module that has the name, if there is one. */
static void load_kernels(const struct luaxtable_terms *terms)
{
	unsigned int i;

	for (i = 0; i < FAMILIES; i++) {
		if (!(terms->families & BIT(i)))
			continue;
		if (terms->kind == LUAXTABLE_MATCH) {
			struct xt_match *found = xt_request_find_match(family_of[i], terms->name, terms->revision);

			if (!IS_ERR(found))
				module_put(found->me);
		} else {
			struct xt_target *found = xt_request_find_target(family_of[i], terms->name, terms->revision);

			if (!IS_ERR(found))
				module_put(found->me);
		}
	}
}

/* A new extension, that nobody has registered yet. The lock is held. */
static struct luaxtable_extension *make(const struct luaxtable_terms *terms)
{
	struct luaxtable_extension *extension;
	unsigned int i;

	if (extension_count == EXTENSIONS_MAX)
		return ERR_PTR(-ENOSPC);
	extension = kzalloc(extension_size(), GFP_KERNEL);
	if (!extension)
		return ERR_PTR(-ENOMEM);
	extension->kind = terms->kind;
	for (i = 0; i < FAMILIES; i++) {
		struct head *head = &extension->heads[i];

		head->extension = extension;
		if (terms->kind == LUAXTABLE_MATCH) {
			struct xt_match *match_ = &head->match;

			memcpy((char *)match_->name, terms->name, strlen(terms->name));
			match_->revision = terms->revision;
			match_->family = family_of[i];
			match_->match = match;
			match_->checkentry = match_check;
			match_->destroy = match_destroy;
			match_->matchsize = sizeof(struct lunatik_xtable_info);
			match_->usersize = offsetof(struct lunatik_xtable_info, kernel);
			match_->me = THIS_MODULE;
		} else {
			struct xt_target *target_ = &head->target;

			memcpy((char *)target_->name, terms->name, strlen(terms->name));
			target_->revision = terms->revision;
			target_->family = family_of[i];
			target_->target = target;
			target_->checkentry = target_check;
			target_->destroy = target_destroy;
			target_->targetsize = sizeof(struct lunatik_xtable_info);
			target_->usersize = offsetof(struct lunatik_xtable_info, kernel);
			target_->me = THIS_MODULE;
		}
	}
	list_add(&extension->list, &extensions);
	extension_count++;
	return extension;
}

/* x_tables finds the name from here on. The lock is held. */
static int enlist(struct luaxtable_extension *extension, const struct luaxtable_terms *terms)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < FAMILIES && !error; i++) {
		struct head *head = &extension->heads[i];

		if (!(terms->families & BIT(i)))
			continue;
		if (extension->kind == LUAXTABLE_MATCH) {
			WRITE_ONCE(head->match.hooks, hooks_of(terms, i));
			WRITE_ONCE(head->match.proto, terms->proto);
			error = xt_register_match(&head->match);
		} else {
			WRITE_ONCE(head->target.hooks, hooks_of(terms, i));
			WRITE_ONCE(head->target.proto, terms->proto);
			error = xt_register_target(&head->target);
		}
		if (!error)
			WRITE_ONCE(extension->families, extension->families | BIT(i));
	}
	return error;
}

static void delist(struct luaxtable_extension *extension)
{
	unsigned int i;

	for (i = 0; i < FAMILIES; i++) {
		if (!(extension->families & BIT(i)))
			continue;
		if (extension->kind == LUAXTABLE_MATCH)
			xt_unregister_match(&extension->heads[i].match);
		else
			xt_unregister_target(&extension->heads[i].target);
	}
	WRITE_ONCE(extension->families, 0);
}

/* Whether another state of the runtime, for another CPU, has registered just this. The lock is held. */
static bool is_same(const struct luaxtable_extension *extension, void *runtime, const struct luaxtable_terms *terms,
		    int cpu)
{
	unsigned int family = __ffs(terms->families);
	const struct head *head = &extension->heads[family];
	bool is_match = terms->kind == LUAXTABLE_MATCH;

	return cpu >= 0 && extension->runtime == runtime && !extension->slots[cpu].door &&
	       extension->families == terms->families &&
	       (is_match ? head->match.hooks : head->target.hooks) == hooks_of(terms, family) &&
	       (is_match ? head->match.proto : head->target.proto) == terms->proto;
}

/* The extension with these terms, registered for the runtime. The lock is held. */
static struct luaxtable_extension *take(void *runtime, const struct luaxtable_terms *terms, int cpu)
{
	struct luaxtable_extension *extension = find(terms);
	int error;

	if (extension && extension->runtime)
		return is_same(extension, runtime, terms, cpu) ? extension : ERR_PTR(-EEXIST);
	if (!is_ours(terms) && is_kernels(terms))
		return ERR_PTR(-EBUSY);
	if (!extension)
		extension = make(terms);
	if (IS_ERR(extension))
		return extension;
	WRITE_ONCE(extension->percpu, cpu >= 0);
	error = enlist(extension, terms);
	if (error) {
		delist(extension);
		return ERR_PTR(error);
	}
	extension->runtime = runtime;
	return extension;
}

struct luaxtable_extension *luaxtable_join(void *runtime, const struct luaxtable_terms *terms,
					   struct lunatik_door *door, int cpu, void *callback,
					   struct luaxtable_slot **slot, int *error)
{
	struct luaxtable_extension *extension;

	/* Before the lock: a program runs for that. Once is enough for all states of a runtime. */
	if (cpu <= 0)
		load_kernels(terms);
	mutex_lock(&lock);
	extension = take(runtime, terms, cpu);
	if (!IS_ERR(extension)) {
		*slot = &extension->slots[max(cpu, 0)];
		(*slot)->callback = callback;
		/* Packets look for the door first. */
		smp_store_release(&(*slot)->door, door);
		extension->users++;
	}
	mutex_unlock(&lock);
	lunatik_woken();
	*error = PTR_ERR_OR_ZERO(extension);
	return *error ? NULL : extension;
}

void luaxtable_leave(struct luaxtable_extension *extension, struct luaxtable_slot *slot)
{
	mutex_lock(&lock);
	WRITE_ONCE(slot->door, NULL);
	/* Whoever has seen the door finds it shut, and reads no callback. */
	slot->callback = NULL;
	if (!--extension->users) {
		delist(extension);
		extension->runtime = NULL;
	}
	mutex_unlock(&lock);
	lunatik_woken();
}

/* --- the module --------------------------------------------------------------------------- */

static_assert(LUAXTABLE_DROP == NF_DROP && LUAXTABLE_ACCEPT == NF_ACCEPT && LUAXTABLE_STOLEN == NF_STOLEN &&
	      LUAXTABLE_QUEUE == NF_QUEUE && LUAXTABLE_REPEAT == NF_REPEAT && LUAXTABLE_STOP == NF_STOP &&
	      LUAXTABLE_FLAGS == NF_VERDICT_FLAG_QUEUE_BYPASS && LUAXTABLE_CONTINUE == XT_CONTINUE &&
	      LUAXTABLE_NAME == XT_EXTENSION_MAXNAMELEN - 1);

static struct lunatik_library library = { .name = "xtable", .open = luaopen_xtable };

static int __init luaxtable_init(void)
{
	library.owner = THIS_MODULE;
	return lunatik_library_add(&library);
}

static void __exit luaxtable_exit(void)
{
	struct luaxtable_extension *extension, *next;

	lunatik_library_remove(&library);
	/* No rule holds the module any more, nor does anybody who has looked a name up. */
	list_for_each_entry_safe(extension, next, &extensions, list)
		kfree(extension);
}

module_init(luaxtable_init);
module_exit(luaxtable_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of matches and targets of iptables");
MODULE_ALIAS("lunatik-lib-xtable");
