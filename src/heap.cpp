// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The heap of a state: see heap.hpp.
#include "state.hpp"

extern "C" {
#include <string.h>
}

namespace lunatik {

/* The head of so many bytes, aligned to them, whose rest is blocks of one size. */
struct Slab {
	Slab *next, *previous;	/* of those with free blocks */
	uintptr_t free;		/* the first of its free blocks, hidden; each begins with the next one */
	unsigned short used;	/* blocks */
	unsigned short type;	/* the blocks' size in steps */
};

static constexpr size_t slab_size = 1024;
static_assert(sizeof(Slab) % heap_step == 0 && (slab_size - sizeof(Slab)) / 2 >= heap_small);

static size_t type_of(size_t size)
{
	return (size + heap_step - 1) / heap_step;
}

static bool is_small(size_t size)
{
	return size <= heap_small;
}

static Slab *slab_of(void *block)
{
	return reinterpret_cast<Slab *>(reinterpret_cast<uintptr_t>(block) & ~(slab_size - 1));
}

static void link(Heap &heap, Slab *slab)
{
	slab->previous = nullptr;
	slab->next = heap.open[slab->type];
	if (slab->next)
		slab->next->previous = slab;
	heap.open[slab->type] = slab;
}

static void unlink(Heap &heap, Slab *slab)
{
	if (slab->next)
		slab->next->previous = slab->previous;
	if (slab->previous)
		slab->previous->next = slab->next;
	else
		heap.open[slab->type] = slab->next;
}

/* --- what the account pays for ------------------------------------------------------------ */

static void *resize_paid(State *state, void *block, size_t old, size_t size)
{
	void *resized;

	if (!account_resize(state, old, size))
		return nullptr;
	resized = lunatik_memory_resize(block, old, size, memory_of(state));
	if (resized || !size)
		return resized;
	/* When no smaller block is to be had, the old one does, and is of the smaller size from now on. */
	if (size <= old)
		return block;
	account_resize(state, size, old);
	return nullptr;
}

[[gnu::noinline]] static Slab *slab_new(State *state, size_t type)
{
	Heap &heap = state->heap;
	Slab *slab = static_cast<Slab *>(resize_paid(state, nullptr, 0, slab_size));
	size_t size = type * heap_step;

	if (!slab)
		return nullptr;
	slab->used = 0;
	slab->type = static_cast<unsigned short>(type);
	slab->free = heap.secret;
	for (char *block = reinterpret_cast<char *>(slab) + slab_size - size; block >= reinterpret_cast<char *>(slab + 1);
	     block -= size) {
		*reinterpret_cast<uintptr_t *>(block) = slab->free;
		slab->free = reinterpret_cast<uintptr_t>(block) ^ heap.secret;
	}
	link(heap, slab);
	return slab;
}

[[gnu::noinline]] static void slab_free(State *state, Slab *slab)
{
	unlink(state->heap, slab);
	resize_paid(state, slab, slab_size, 0);
}

/* --- blocks ------------------------------------------------------------------------------- */

static inline void *take(State *state, size_t size)
{
	Heap &heap = state->heap;
	size_t type = type_of(size);
	Slab *slab = heap.open[type];
	uintptr_t block;

	if (__builtin_expect(!slab, 0)) {
		slab = slab_new(state, type);
		if (!slab)
			return nullptr;
	}
	block = slab->free ^ heap.secret;
	slab->free = *reinterpret_cast<uintptr_t *>(block);
	slab->used++;
	if (slab->free == heap.secret)
		unlink(heap, slab);
	return reinterpret_cast<void *>(block);
}

static inline void give(State *state, void *block)
{
	Heap &heap = state->heap;
	Slab *slab = slab_of(block);
	bool was_full = slab->free == heap.secret;

	*static_cast<uintptr_t *>(block) = slab->free;
	slab->free = reinterpret_cast<uintptr_t>(block) ^ heap.secret;
	slab->used--;
	if (was_full)
		link(heap, slab);
	/* One is kept, so that a block that comes and goes does not take a slab along each time. */
	if (!slab->used && (slab->next || slab->previous))
		slab_free(state, slab);
}

/* Between small and large, or two small sizes */
[[gnu::noinline]] static void *move(State *state, void *block, size_t old, size_t size)
{
	void *moved = is_small(size) ? take(state, size) : resize_paid(state, nullptr, 0, size);

	if (!moved)
		return nullptr;
	memcpy(moved, block, old < size ? old : size);
	if (is_small(old))
		give(state, block);
	else
		resize_paid(state, block, old, 0);
	return moved;
}

void *heap_resize(State *state, void *block, size_t old, size_t size)
{
	if (!block) {
		if (!size)
			return nullptr;
		return is_small(size) ? take(state, size) : resize_paid(state, nullptr, 0, size);
	}
	if (!is_small(old) && !is_small(size))
		return resize_paid(state, block, old, size);
	if (!size) {
		if (is_small(old))
			give(state, block);
		else
			resize_paid(state, block, old, 0);
		return nullptr;
	}
	if (is_small(old) && type_of(old) == type_of(size))
		return block;
	return move(state, block, old, size);
}

void heap_close(State *state)
{
	for (Slab *&slab : state->heap.open)
		while (slab)
			slab_free(state, slab);
}

} // namespace lunatik
