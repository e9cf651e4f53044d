// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The kfunc that XDP programs call, and what a callback does to a packet. */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/poison.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif
#include <net/xdp.h>

#include "kernel/packet.h"
#include "kernel.h"

static DEFINE_PER_CPU(struct luaxdp_cache, cache);

static_assert(offsetof(struct luaxdp_packet, data) == offsetof(struct xdp_buff, data) &&
	      offsetof(struct luaxdp_packet, data_end) == offsetof(struct xdp_buff, data_end));

/* --- the packet: a struct xdp_buff, called with bottom halves off ------------------------------- */

static struct xdp_buff *kernels(const struct luaxdp_packet *packet)
{
	return (struct xdp_buff *)packet;
}

bool luaxdp_in_pieces(const struct luaxdp_packet *packet)
{
	return xdp_buff_has_frags(kernels(packet));
}

size_t luaxdp_length(const struct luaxdp_packet *packet)
{
	return xdp_get_buff_len(kernels(packet));
}

/* The part of [offset, offset + length) that is in a piece at `start` of the packet. */
static void copy_piece(void *piece, size_t start, size_t size, size_t offset, char *bytes, size_t length, bool writes)
{
	size_t from = max(offset, start), to = min(offset + length, start + size);

	if (from >= to)
		return;
	if (writes)
		memcpy(piece + (from - start), bytes + (from - offset), to - from);
	else
		memcpy(bytes + (from - offset), piece + (from - start), to - from);
}

static void copy(const struct luaxdp_packet *packet, size_t offset, void *bytes, size_t length, bool writes)
{
	struct xdp_buff *xdp = kernels(packet);
	const struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	size_t start = xdp->data_end - xdp->data;
	unsigned int i;

	copy_piece(xdp->data, 0, start, offset, bytes, length, writes);
	for (i = 0; i < shared->nr_frags; i++) {
		const skb_frag_t *frag = &shared->frags[i];

		copy_piece(skb_frag_address(frag), start, skb_frag_size(frag), offset, bytes, length, writes);
		start += skb_frag_size(frag);
	}
}

void luaxdp_read(const struct luaxdp_packet *packet, size_t offset, void *to, size_t length)
{
	copy(packet, offset, to, length, false);
}

void luaxdp_write(struct luaxdp_packet *packet, size_t offset, const void *from, size_t length)
{
	copy(packet, offset, (void *)from, length, true);
}

/* --- its tail: what bpf_xdp_adjust_tail() does, which is for BPF programs only ------------------ */

/* How many bytes more the last piece may have. */
static long tailroom(struct xdp_buff *xdp)
{
	const struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	const skb_frag_t *frag;
	u32 size = xdp->rxq->frag_size;
	long room;

	if (!xdp_buff_has_frags(xdp))
		return xdp_data_hard_end(xdp) - xdp->data_end;
	/* Most drivers do not say how large the memory of a piece is. */
	if (!shared->nr_frags || !size || size > xdp->frame_sz || xdp->rxq->mem.type == MEM_TYPE_XSK_BUFF_POOL)
		return 0;
	frag = &shared->frags[shared->nr_frags - 1];
	room = (long)size - skb_frag_size(frag) - skb_frag_off(frag) % size;
	return max(room, 0L);
}

size_t luaxdp_length_max(const struct luaxdp_packet *packet)
{
	return luaxdp_length(packet) + max(tailroom(kernels(packet)), 0L);
}

static void grow(struct xdp_buff *xdp, size_t length)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	skb_frag_t *frag;

	if (!xdp_buff_has_frags(xdp)) {
		memset(xdp->data_end, 0, length);
		xdp->data_end += length;
		return;
	}
	frag = &shared->frags[shared->nr_frags - 1];
	memset(skb_frag_address(frag) + skb_frag_size(frag), 0, length);
	skb_frag_size_add(frag, length);
	shared->xdp_frags_size += length;
}

#ifndef PP_MAGIC_MASK
#define PP_MAGIC_MASK	(~0x3ul)
#endif

/* A page goes back to its own pool: what the queue says of its memory is not true of every driver's pieces. */
static void release_piece(const skb_frag_t *frag)
{
	struct page *page = compound_head(skb_frag_page(frag));

	if ((page->pp_magic & PP_MAGIC_MASK) == PP_SIGNATURE)
		page_pool_put_full_page(page->pp, page, false);
	else
		page_frag_free(page_address(skb_frag_page(frag)));
}

static void shrink(struct xdp_buff *xdp, size_t length)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);

	while (length && xdp_buff_has_frags(xdp)) {
		skb_frag_t *frag = &shared->frags[shared->nr_frags - 1];
		size_t part = min_t(size_t, length, skb_frag_size(frag));

		if (part == skb_frag_size(frag)) {
			release_piece(frag);
			shared->nr_frags--;
		} else {
			skb_frag_size_sub(frag, part);
		}
		shared->xdp_frags_size -= part;
		length -= part;
		if (!shared->nr_frags) {
			xdp_buff_clear_frags_flag(xdp);
			xdp->flags &= ~XDP_FLAGS_FRAGS_PF_MEMALLOC;
		}
	}
	xdp->data_end -= length;
}

bool luaxdp_resize(struct luaxdp_packet *packet, size_t length)
{
	struct xdp_buff *xdp = kernels(packet);
	size_t now = luaxdp_length(packet);

	if (length < ETH_HLEN || length > luaxdp_length_max(packet))
		return false;
	if (length > now)
		grow(xdp, length - now);
	/* The buffers of AF_XDP in pieces are chained elsewhere, too. */
	else if (xdp_buff_has_frags(xdp) && xdp->rxq->mem.type == MEM_TYPE_XSK_BUFF_POOL && length != now)
		return false;
	else
		shrink(xdp, now - length);
	return true;
}

/* --- where it goes: what bpf_redirect() does, which is for BPF programs only -------------------- */

/* What whoever runs the program reads when it answers XDP_REDIRECT; null where nobody would. */
static struct bpf_redirect_info *redirect_info(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return bpf_net_ctx_get() ? bpf_net_ctx_get_ri() : NULL;
#else
	return this_cpu_ptr(&bpf_redirect_info);
#endif
}

int luaxdp_interface(const struct luaxdp_packet *packet)
{
	return kernels(packet)->rxq->dev->ifindex;
}

bool luaxdp_redirect(const struct luaxdp_packet *packet, long long index, const char *name)
{
	struct net *net = dev_net(kernels(packet)->rxq->dev);
	struct bpf_redirect_info *info = redirect_info();
	const struct net_device *device = NULL;

	rcu_read_lock();
	if (name)
		device = dev_get_by_name_rcu(net, name);
	else if (index > 0 && index <= INT_MAX)
		device = dev_get_by_index_rcu(net, index);
	if (device)
		index = device->ifindex;
	rcu_read_unlock();
	if (!device || !info)
		return false;
	info->tgt_index = index;
	/* So an interface by its index is marked. */
	info->map_id = INT_MAX;
	info->map_type = BPF_MAP_TYPE_UNSPEC;
	return true;
}

/* --- the kfunc ---------------------------------------------------------------------------------- */

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
 * @xdp_ctx: the packet; the callback may write it and move its end: load data and data_end anew
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
	if (unlikely(!key))
		return -1;
	pinned = pin();
	door = luaxdp_door(this_cpu_ptr(&cache), key, key__sz);
	if (likely(door && lunatik_enter_packet(door))) {
		/* What BPF programs see as a struct xdp_md is a struct xdp_buff. */
		struct luaxdp_packet *packet = (struct luaxdp_packet *)xdp_ctx;

		if (likely(!xdp_buff_has_frags(kernels(packet))))
			action = luaxdp_run(door, packet, arg__opt, arg__sz);
		else
			action = luaxdp_run_in_pieces(door, packet, arg__opt, arg__sz);
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
static_assert(LUAXDP_PASS == (int)XDP_PASS && LUAXDP_ACTION_MAX == (int)XDP_REDIRECT && LUAXDP_LENGTH_MIN == ETH_HLEN);

static struct lunatik_library libraries[] = {
	{ .name = "xdp", .open = luaopen_xdp },
	{ .name = "linux.xdp", .open = luaopen_linux_xdp },
};

static int __init luaxdp_init(void)
{
	unsigned int cpu;
	int error;

	for_each_possible_cpu(cpu) {
		per_cpu(cache, cpu).cpu = cpu;
		per_cpu(cache, cpu).size = LUAXDP_NO_KEY;
	}
	error = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &luaxdp_kfunc_set);
	if (error)
		return error;
	return lunatik_libraries_add(libraries, ARRAY_SIZE(libraries));
}

static void __exit luaxdp_exit(void)
{
	/* The set of kfuncs goes with the module's BTF; programs that call it hold the module. */
	lunatik_libraries_remove(libraries, ARRAY_SIZE(libraries));
}

module_init(luaxdp_init);
module_exit(luaxdp_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of the eXpress Data Path");
MODULE_ALIAS("lunatik-lib-xdp");
MODULE_ALIAS("lunatik-lib-linux.xdp");
