// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/random.h>
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

/* What was put off and has not run. */
static atomic_long_t pending = ATOMIC_LONG_INIT(0);

struct worker {
	struct llist_head ready;
	struct work_struct work;
};

static void run_ready(struct work_struct *work)
{
	struct worker *worker = container_of(work, struct worker, work);
	struct llist_node *node = llist_reverse_order(llist_del_all(&worker->ready));

	while (node) {
		struct lunatik_deferred *deferred = (void *)container_of(node, struct deferred, node);

		node = node->next;
		deferred->run(deferred);
		atomic_long_dec(&pending);
		cond_resched();
	}
}

/* What frees memory does not wait behind what closes a runtime. */
static struct worker quick = { .work = __WORK_INITIALIZER(quick.work, run_ready) };
static struct worker slow = { .work = __WORK_INITIALIZER(slow.work, run_ready) };

static void hand_to(struct worker *worker, struct rcu_head *head)
{
	struct deferred *deferred = container_of(head, struct deferred, head);

	if (llist_add(&deferred->node, &worker->ready))
		queue_work(system_unbound_wq, &worker->work);
}

static void hand_to_quick(struct rcu_head *head)
{
	hand_to(&quick, head);
}

static void hand_to_slow(struct rcu_head *head)
{
	hand_to(&slow, head);
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
	atomic_long_inc(&pending);
	call_rcu(&((struct deferred *)deferred->storage)->head, hand_to_quick);
}

void lunatik_defer_slow(struct lunatik_deferred *deferred)
{
	atomic_long_inc(&pending);
	call_rcu(&((struct deferred *)deferred->storage)->head, hand_to_slow);
}

void lunatik_defer_barrier(void)
{
	/* What runs may put off more: an object whose last reference was in a table, say. */
	do {
		rcu_barrier();
		flush_work(&quick.work);
		flush_work(&slow.work);
	} while (atomic_long_read(&pending));
	flush_work(&quick.work);
	flush_work(&slow.work);
}

unsigned int lunatik_random(void)
{
	return get_random_u32();
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
