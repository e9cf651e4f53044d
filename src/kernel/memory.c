// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "memory.h"

/* A failure is a Lua error that the script or its caller sees, not a warning in the log. */
static const gfp_t flags[] = {
	[LUNATIK_MEMORY_LARGE]	= GFP_KERNEL | __GFP_NOWARN,
	[LUNATIK_MEMORY_SLEEP]	= GFP_KERNEL | __GFP_NOWARN,
	[LUNATIK_MEMORY_ATOMIC]	= GFP_ATOMIC | __GFP_NOWARN,
};

/* Above this, a LARGE block may be in vmalloc space. */
#define CONTIGUOUS_MAX	PAGE_SIZE

#ifdef CONFIG_PREEMPT_RT
#error "PREEMPT_RT is not supported: what runs with interrupts off allocates memory"
#endif

/* On all other kernels it may: so lockdep is told, which holds everyone to the rules of PREEMPT_RT. */
#ifdef DEFINE_WAIT_OVERRIDE_MAP
static DEFINE_WAIT_OVERRIDE_MAP(atomic_map, LD_WAIT_CONFIG);
#define begin_atomic()	lock_map_acquire_try(&atomic_map)
#define end_atomic()	lock_map_release(&atomic_map)
#else
#define begin_atomic()	do { } while (0)
#define end_atomic()	do { } while (0)
#endif

static void *resize_atomic(void *block, size_t size, gfp_t more)
{
	begin_atomic();
	block = krealloc(block, size, flags[LUNATIK_MEMORY_ATOMIC] | more);
	end_atomic();
	return block;
}

void *lunatik_memory_resize(void *block, size_t old, size_t size, enum lunatik_memory how)
{
	void *grown;

	if (!size) {
		lunatik_memory_free(block);
		return NULL;
	}
	if (how == LUNATIK_MEMORY_ATOMIC)
		return resize_atomic(block, size, 0);
	if (!block)
		old = 0;
	if (how != LUNATIK_MEMORY_LARGE || (size <= CONTIGUOUS_MAX && !is_vmalloc_addr(block)))
		return krealloc(block, size, flags[how]);
	grown = kvmalloc(size, flags[how]);
	if (grown && block) {
		memcpy(grown, block, min(old, size));
		kvfree(block);
	}
	return grown;
}

void *lunatik_memory_new(size_t size, enum lunatik_memory how)
{
	if (how == LUNATIK_MEMORY_LARGE)
		return kvzalloc(size, flags[how]);
	if (how == LUNATIK_MEMORY_ATOMIC)
		return resize_atomic(NULL, size, __GFP_ZERO);
	return kzalloc(size, flags[how]);
}

void lunatik_memory_free(void *block)
{
	if (is_vmalloc_addr(block)) {
		vfree(block);
		return;
	}
	begin_atomic();
	kfree(block);
	end_atomic();
}
