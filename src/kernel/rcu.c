// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "rcu.h"

/* Waiting for readers first (head), then in the list of the worker (node). */
struct deferred {
	union {
		struct rcu_head head;
		struct llist_node node;
	};
};
static_assert(sizeof(struct deferred) <= sizeof(((struct lunatik_deferred *)0)->storage));

static LLIST_HEAD(ready);

static void run_ready(struct work_struct *work)
{
	struct llist_node *node = llist_reverse_order(llist_del_all(&ready));

	while (node) {
		struct lunatik_deferred *deferred = (void *)container_of(node, struct deferred, node);

		node = node->next;
		deferred->run(deferred);
		cond_resched();
	}
}
static DECLARE_WORK(ready_work, run_ready);

static void readers_gone(struct rcu_head *head)
{
	struct deferred *deferred = container_of(head, struct deferred, head);

	if (llist_add(&deferred->node, &ready))
		schedule_work(&ready_work);
}

void lunatik_rcu_read_lock(void)
{
	rcu_read_lock();
}

void lunatik_rcu_read_unlock(void)
{
	rcu_read_unlock();
}

void lunatik_rcu_synchronize(void)
{
	synchronize_rcu();
}

void lunatik_defer(struct lunatik_deferred *deferred)
{
	call_rcu(&((struct deferred *)deferred->storage)->head, readers_gone);
}

void lunatik_defer_barrier(void)
{
	/* What runs may put off more: an object whose last reference was in a table, say. */
	do {
		rcu_barrier();
		flush_work(&ready_work);
	} while (!llist_empty(&ready));
	rcu_barrier();
	flush_work(&ready_work);
}

struct lunatik_writer {
	raw_spinlock_t lock;
};

struct lunatik_writer *lunatik_writer_new(void)
{
	struct lunatik_writer *writer = kmalloc(sizeof(*writer), GFP_KERNEL);

	if (writer)
		raw_spin_lock_init(&writer->lock);
	return writer;
}

void lunatik_writer_free(struct lunatik_writer *writer)
{
	kfree(writer);
}

unsigned long lunatik_writer_lock(struct lunatik_writer *writer)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&writer->lock, flags);
	return flags;
}

void lunatik_writer_unlock(struct lunatik_writer *writer, unsigned long flags)
{
	raw_spin_unlock_irqrestore(&writer->lock, flags);
}
