// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* kfifo, guarded for all contexts. */
#include <linux/kfifo.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "kernel.h"
#include "lunatik_library.h"

struct guarded {
	struct kfifo fifo;
	/* Hardirq runtimes take it inside of their own lock, which is raw, too. */
	raw_spinlock_t lock;
};
static_assert(sizeof(struct guarded) <= sizeof(struct luafifo));

static struct guarded *guarded_of(struct luafifo *fifo)
{
	return (struct guarded *)fifo->storage;
}

void luafifo_init(struct luafifo *fifo, void *buffer, size_t size)
{
	struct guarded *guarded = guarded_of(fifo);

	raw_spin_lock_init(&guarded->lock);
	kfifo_init(&guarded->fifo, buffer, size);
}

bool luafifo_push(struct luafifo *fifo, const void *bytes, size_t length, bool framed)
{
	struct guarded *guarded = guarded_of(fifo);
	luafifo_frame frame = length;
	size_t head = framed ? sizeof(frame) : 0, room;
	unsigned long flags;
	bool fits;

	raw_spin_lock_irqsave(&guarded->lock, flags);
	room = kfifo_avail(&guarded->fifo);
	fits = head <= room && length <= room - head;
	if (fits) {
		kfifo_in(&guarded->fifo, (unsigned char *)&frame, head);
		kfifo_in(&guarded->fifo, (const unsigned char *)bytes, length);
	}
	raw_spin_unlock_irqrestore(&guarded->lock, flags);
	return fits;
}

size_t luafifo_pop(struct luafifo *fifo, void *bytes, size_t length)
{
	struct guarded *guarded = guarded_of(fifo);
	unsigned long flags;
	size_t count;

	raw_spin_lock_irqsave(&guarded->lock, flags);
	count = kfifo_out(&guarded->fifo, (unsigned char *)bytes, length);
	raw_spin_unlock_irqrestore(&guarded->lock, flags);
	return count;
}

size_t luafifo_length(struct luafifo *fifo)
{
	struct guarded *guarded = guarded_of(fifo);
	unsigned long flags;
	size_t length;

	raw_spin_lock_irqsave(&guarded->lock, flags);
	length = kfifo_len(&guarded->fifo);
	raw_spin_unlock_irqrestore(&guarded->lock, flags);
	return length;
}

size_t luafifo_room(struct luafifo *fifo)
{
	return kfifo_size(&guarded_of(fifo)->fifo) - luafifo_length(fifo);
}

/* The lock is held. */
static enum luafifo_result take(struct kfifo *fifo, void *bytes, size_t *length)
{
	size_t room = *length, behind;
	luafifo_frame frame;

	*length = 0;
	if (kfifo_is_empty(fifo))
		return LUAFIFO_EMPTY;
	if (kfifo_out_peek(fifo, (unsigned char *)&frame, sizeof(frame)) != sizeof(frame))
		return LUAFIFO_MALFORMED;
	behind = kfifo_len(fifo) - sizeof(frame);
	if (frame > behind)
		return LUAFIFO_MALFORMED;
	*length = frame;
	if (frame > room)
		return LUAFIFO_LARGER;
	if (kfifo_out(fifo, (unsigned char *)&frame, sizeof(frame)) != sizeof(frame) ||
	    kfifo_out(fifo, (unsigned char *)bytes, *length) != *length)
		return LUAFIFO_MALFORMED;
	return LUAFIFO_TAKEN;
}

enum luafifo_result luafifo_take(struct luafifo *fifo, void *bytes, size_t *length)
{
	struct guarded *guarded = guarded_of(fifo);
	enum luafifo_result result;
	unsigned long flags;

	raw_spin_lock_irqsave(&guarded->lock, flags);
	result = take(&guarded->fifo, bytes, length);
	raw_spin_unlock_irqrestore(&guarded->lock, flags);
	return result;
}

static struct lunatik_library libraries[] = {
	{ .name = "fifo", .open = luaopen_fifo },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of queues of bytes");
MODULE_ALIAS("lunatik-lib-fifo");
