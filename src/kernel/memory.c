// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"

/* A failure is a Lua error that the script or its caller sees, not a warning in the log. */
static const gfp_t flags[] = {
	[LUNATIK_MEMORY_LARGE]	= GFP_KERNEL | __GFP_NOWARN,
	[LUNATIK_MEMORY_SLEEP]	= GFP_KERNEL | __GFP_NOWARN,
	[LUNATIK_MEMORY_ATOMIC]	= GFP_ATOMIC | __GFP_NOWARN,
};

/* Above this, a LARGE block may be in vmalloc space. */
#define CONTIGUOUS_MAX	PAGE_SIZE

void *lunatik_memory_resize(void *block, size_t old, size_t size, enum lunatik_memory how)
{
	void *grown;

	if (!size) {
		kvfree(block);
		return NULL;
	}
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
	return kzalloc(size, flags[how]);
}

void lunatik_memory_free(void *block)
{
	kvfree(block);
}
