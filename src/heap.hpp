/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The memory of a state's Lua: small blocks out of slabs of its own, which take a fifth of kmalloc()'s time. */
#ifndef LUNATIK_HEAP_HPP
#define LUNATIK_HEAP_HPP

#include <stddef.h>
#include <stdint.h>

namespace lunatik {

struct State;
struct Slab;

/* Sanitizers are to see each block. */
#if defined(__SANITIZE_ADDRESS__)
inline constexpr size_t heap_small = 0;
#else
inline constexpr size_t heap_small = 192;
#endif
inline constexpr size_t heap_step = 16;	/* sizes of small blocks are multiples of it */

/* Inside of the state only. */
struct Heap {
	Slab *open[heap_small / heap_step + 1];	/* slabs that have free blocks, by the blocks' size */
	uintptr_t secret;	/* hides the links of free blocks, as the kernel's allocator hides its own */
};

/*
 * realloc() that knows the old size and frees at size 0, of memory that the state's account pays for: slabs and
 * large blocks. Null when out of memory, and the old block is then as it was; a smaller block may be refused, too.
 */
void *heap_resize(State *state, void *block, size_t old, size_t size);

/* Gives back what a state keeps that has no block any more. */
void heap_close(State *state);

} // namespace lunatik

#endif
