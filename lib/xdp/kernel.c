// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The kfunc that XDP programs call. */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/version.h>
#include <net/xdp.h>

#include "kernel/packet.h"
#include "kernel.h"

static DEFINE_PER_CPU(struct luaxdp_cache, cache);

static_assert(offsetof(struct luaxdp_packet, data) == offsetof(struct xdp_buff, data) &&
	      offsetof(struct luaxdp_packet, data_end) == offsetof(struct xdp_buff, data_end));

/* Packets arrive with bottom halves off; before Linux 6.11, bpf(BPF_PROG_TEST_RUN) leaves them on. */
static __always_inline bool pin(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	lockdep_assert(softirq_count());
	return false;
#else
	if (softirq_count())
		return false;
	local_bh_disable();
	return true;
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
__bpf_kfunc_start_defs();
#else
#ifndef __bpf_kfunc
#define __bpf_kfunc	__used noinline
#endif
__diag_push();
__diag_ignore_all("-Wmissing-prototypes", "BPF programs are the callers");
#endif

/**
 * bpf_luaxdp_run - call the Lua callback that a running script gave to xdp.attach()
 * @key: the script's name, as given to `lunatik run`, with its end ('\0')
 * @key__sz: the size of @key
 * @xdp_ctx: the packet
 * @arg__opt: anything to hand to the callback as its second argument; may be NULL
 * @arg__sz: the size of @arg__opt
 *
 * Return: the action that the callback returned (XDP_PASS when it returned nothing), or -1 when no
 * such script runs, it has no callback, or the callback failed, which then is in the kernel log.
 */
__bpf_kfunc int bpf_luaxdp_run(char *key, size_t key__sz, struct xdp_md *xdp_ctx, void *arg__opt,
			       size_t arg__sz)
{
	struct lunatik_door *door;
	int action = -1;
	bool pinned;

	/* The verifier lets through what it has not seen compared with NULL. */
	if (unlikely(!key || !key__sz))
		return -1;
	pinned = pin();
	door = luaxdp_door(this_cpu_ptr(&cache), key, key__sz);
	if (likely(door && lunatik_enter_packet(door))) {
		/* What BPF programs see as a struct xdp_md is a struct xdp_buff. */
		action = luaxdp_run(door, (struct luaxdp_packet *)xdp_ctx, arg__opt, arg__sz);
		lunatik_leave_packet(door);
	}
	if (pinned)
		local_bh_enable();
	return action;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
__bpf_kfunc_end_defs();
#else
__diag_pop();
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
BTF_KFUNCS_START(luaxdp_kfuncs)
BTF_ID_FLAGS(func, bpf_luaxdp_run)
BTF_KFUNCS_END(luaxdp_kfuncs)
#else
BTF_SET8_START(luaxdp_kfuncs)
BTF_ID_FLAGS(func, bpf_luaxdp_run)
BTF_SET8_END(luaxdp_kfuncs)
#endif

static const struct btf_kfunc_id_set luaxdp_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &luaxdp_kfuncs,
};

const struct lunatik_constant luaxdp_actions[] = {
	{ "ABORTED", XDP_ABORTED },
	{ "DROP", XDP_DROP },
	{ "PASS", XDP_PASS },
	{ "TX", XDP_TX },
	{ "REDIRECT", XDP_REDIRECT },
	{ NULL, 0 },
};
static_assert(LUAXDP_PASS == (int)XDP_PASS && LUAXDP_ACTION_MAX == (int)XDP_REDIRECT);

static struct lunatik_library libraries[] = {
	{ .name = "xdp", .open = luaopen_xdp, .owner = THIS_MODULE },
	{ .name = "linux.xdp", .open = luaopen_linux_xdp, .owner = THIS_MODULE },
};

static int __init luaxdp_init(void)
{
	unsigned int cpu;
	int error;

	for_each_possible_cpu(cpu)
		per_cpu(cache, cpu).cpu = cpu;
	error = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &luaxdp_kfunc_set);
	if (error)
		return error;
	error = lunatik_library_add(&libraries[0]);
	if (error)
		return error;
	error = lunatik_library_add(&libraries[1]);
	if (error)
		lunatik_library_remove(&libraries[0]);
	return error;
}

static void __exit luaxdp_exit(void)
{
	/* The set of kfuncs goes with the module's BTF; programs that call it hold the module. */
	lunatik_library_remove(&libraries[1]);
	lunatik_library_remove(&libraries[0]);
}

module_init(luaxdp_init);
module_exit(luaxdp_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of the eXpress Data Path");
MODULE_ALIAS("lunatik-lib-xdp");
MODULE_ALIAS("lunatik-lib-linux.xdp");
