/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel memory. What lives here: allocation with the context's rules. Who counts it: the State. */
#ifndef LUNATIK_KERNEL_MEMORY_H
#define LUNATIK_KERNEL_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lunatik_memory {
	LUNATIK_MEMORY_LARGE,	/* may sleep; large blocks need not be contiguous (kvmalloc) */
	LUNATIK_MEMORY_SLEEP,	/* may sleep; contiguous, so that it can be freed in any context */
	LUNATIK_MEMORY_ATOMIC,	/* may not sleep */
};

/*
 * lunatik_memory_resize - krealloc(9) that knows the old size and frees at size 0.
 * NULL when out of memory; the old block is then unchanged.
 */
void *lunatik_memory_resize(void *block, size_t old, size_t size, enum lunatik_memory how);

/* lunatik_memory_new - zeroed memory, or NULL. */
void *lunatik_memory_new(size_t size, enum lunatik_memory how);

/* lunatik_memory_free - any context, for SLEEP and ATOMIC blocks; LARGE ones where sleeping is allowed. */
void lunatik_memory_free(void *block);

#ifdef __cplusplus
}
#endif

#endif
