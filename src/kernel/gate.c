// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/wait.h>

#include "packet.h"

struct lunatik_gate *lunatik_gate_new(enum lunatik_context context)
{
	struct lunatik_gate *gate = kzalloc(sizeof(*gate), GFP_KERNEL);

	if (!gate)
		return NULL;
	gate->context = context;
	switch (context) {
	case LUNATIK_PROCESS:
		mutex_init(&gate->mutex);
		init_waitqueue_head(&gate->urged);
		break;
	case LUNATIK_SOFTIRQ:
		spin_lock_init(&gate->spinlock);
		break;
	case LUNATIK_HARDIRQ:
		raw_spin_lock_init(&gate->raw);
		break;
	}
	return gate;
}

void lunatik_gate_free(struct lunatik_gate *gate)
{
	kfree(gate);
}

unsigned int lunatik_pin(enum lunatik_context context, struct lunatik_pin *pin)
{
	switch (context) {
	case LUNATIK_PROCESS:
		return 0;
	case LUNATIK_SOFTIRQ:
		/* Packets arrive with bottom halves off already; nothing then can turn them on. */
		pin->pinned = !softirq_count();
		if (pin->pinned)
			local_bh_disable();
		break;
	case LUNATIK_HARDIRQ:
		local_irq_save(pin->flags);
		break;
	}
	return smp_processor_id();
}

void lunatik_unpin(enum lunatik_context context, const struct lunatik_pin *pin)
{
	switch (context) {
	case LUNATIK_PROCESS:
		break;
	case LUNATIK_SOFTIRQ:
		if (pin->pinned)
			local_bh_enable();
		break;
	case LUNATIK_HARDIRQ:
		local_irq_restore(pin->flags);
		break;
	}
}

int lunatik_gate_enter(struct lunatik_gate *gate, bool killable)
{
	if (READ_ONCE(gate->owner) == current)
		return -EDEADLK;
	switch (gate->context) {
	case LUNATIK_PROCESS:
		if (!killable)
			mutex_lock(&gate->mutex);
		else if (mutex_lock_killable(&gate->mutex))
			return -EINTR;
		break;
	case LUNATIK_SOFTIRQ:
		spin_lock(&gate->spinlock);
		break;
	case LUNATIK_HARDIRQ:
		raw_spin_lock(&gate->raw);
		break;
	}
	WRITE_ONCE(gate->owner, current);
	return 0;
}

static bool try_enter(struct lunatik_gate *gate)
{
	switch (gate->context) {
	case LUNATIK_PROCESS:
		return mutex_trylock(&gate->mutex);
	case LUNATIK_SOFTIRQ:
		return spin_trylock(&gate->spinlock);
	case LUNATIK_HARDIRQ:
		return raw_spin_trylock(&gate->raw);
	}
	return false;
}

int lunatik_gate_enter_briefly(struct lunatik_gate *gate, unsigned int milliseconds)
{
	u64 until = local_clock() + milliseconds * NSEC_PER_MSEC;

	if (READ_ONCE(gate->owner) == current)
		return -EDEADLK;
	while (!try_enter(gate)) {
		if (local_clock() >= until)
			return -EBUSY;
		if (gate->context != LUNATIK_PROCESS)
			cpu_relax();
		else if (schedule_timeout_killable(1) && fatal_signal_pending(current))
			return -EINTR;
	}
	WRITE_ONCE(gate->owner, current);
	return 0;
}

void lunatik_gate_leave(struct lunatik_gate *gate)
{
	WRITE_ONCE(gate->owner, NULL);
	switch (gate->context) {
	case LUNATIK_PROCESS:
		mutex_unlock(&gate->mutex);
		break;
	case LUNATIK_SOFTIRQ:
		spin_unlock(&gate->spinlock);
		break;
	case LUNATIK_HARDIRQ:
		raw_spin_unlock(&gate->raw);
		break;
	}
}

void lunatik_gate_urge(struct lunatik_gate *gate)
{
	if (gate->context != LUNATIK_PROCESS)
		return;
	atomic_inc(&gate->urges);
	wake_up_all(&gate->urged);
}

void lunatik_gate_calm(struct lunatik_gate *gate)
{
	if (gate->context == LUNATIK_PROCESS)
		atomic_dec(&gate->urges);
}

bool lunatik_gate_is_urged(const struct lunatik_gate *gate)
{
	return atomic_read(&gate->urges);
}

struct wait_queue_head *lunatik_gate_urges(struct lunatik_gate *gate)
{
	return &gate->urged;
}

bool lunatik_gate_inside(const struct lunatik_gate *gate)
{
	return READ_ONCE(gate->owner) == current;
}

#define STACK_FOR_RECLAIM	2048

uintptr_t lunatik_stack_floor(void)
{
	/* An allocation that may sleep may also go and free memory, which takes its time and its stack. */
	return lunatik_here_stack_floor() + (lunatik_may_sleep() ? STACK_FOR_RECLAIM : 0);
}

void *lunatik_this_task(void)
{
	return current;
}

static DECLARE_WAIT_QUEUE_HEAD(raised);

void lunatik_wait_until(const bool *flag)
{
	wait_event_killable_timeout(raised, smp_load_acquire(flag), 5 * HZ);
}

void lunatik_raise(bool *flag)
{
	smp_store_release(flag, true);
	wake_up_all(&raised);
}

unsigned int lunatik_cpu_count(void)
{
	return nr_cpu_ids;
}

bool lunatik_cpu_possible(unsigned int cpu)
{
	return cpu_possible(cpu);
}

bool lunatik_may_sleep(void)
{
	return preemptible() && !rcu_preempt_depth();
}

void lunatik_relax(void)
{
	if (lunatik_may_sleep())
		cond_resched();
}
