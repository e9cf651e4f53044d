/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A packet's visit of a state, inline in the kernel function that bindings hook: with the fewest
 * instructions. For C code of the kernel only; everyone else visits by the functions of gate.h.
 */
#ifndef LUNATIK_KERNEL_PACKET_H
#define LUNATIK_KERNEL_PACKET_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/irq.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <asm/processor.h>

#include "gate.h"
#include "stack.h"

struct lunatik_gate {
	union {
		struct mutex mutex;	/* PROCESS */
		spinlock_t spinlock;	/* SOFTIRQ */
		raw_spinlock_t raw;	/* HARDIRQ */
	};
	/* Who is inside. Only that task can find itself here, so a plain read is enough. */
	struct task_struct *owner;
	enum lunatik_context context;
	/* Of PROCESS, for lunatik_gate_urge() */
	atomic_t urges;
	wait_queue_head_t urged;
};

/* What Lua may use of a stack whose bounds are not known: below here there is this much at least. */
#define LUNATIK_UNKNOWN_STACK	(1024 * LUNATIK_STACK_SCALE)

static __always_inline uintptr_t lunatik_here_stack_floor(void)
{
	uintptr_t bottom = (uintptr_t)task_stack_page(current), above = current_stack_pointer - bottom, here;

	/* One register for both is enough. */
	OPTIMIZER_HIDE_VAR(above);
	if (likely(above < THREAD_SIZE))
		return bottom + LUNATIK_STACK_RESERVE;
	here = bottom + above;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	/* It points to the stack's last word. */
	bottom = (uintptr_t)this_cpu_read(pcpu_hot.hardirq_stack_ptr) + sizeof(long) - IRQ_STACK_SIZE;
#else
	bottom = this_cpu_read(lunatik_irq_stack);
#endif
	if (here - bottom < IRQ_STACK_SIZE)
		return bottom + LUNATIK_INTERRUPTS_RESERVE;
	return here - LUNATIK_UNKNOWN_STACK;
}

/* What of softirq states is visited on a CPU, the latest first, and the timer that looks (watch.c). */
struct lunatik_watch {
	struct lunatik_door *inside;
	bool armed;
	struct hrtimer timer;
	uint64_t ticked;
	struct lunatik_share share;	/* of all of them */
};
DECLARE_PER_CPU(struct lunatik_watch, lunatik_watch);
void lunatik_watch_arm(void);

/* The timer's interrupt comes between any two of these. */
static __always_inline void lunatik_enter_watch(struct lunatik_door *door)
{
	door->age = 0;
	door->outer = this_cpu_read(lunatik_watch.inside);
	barrier();
	this_cpu_write(lunatik_watch.inside, door);
	barrier();
	/* Within this CPU: the compiler may read it as it likes. */
	if (unlikely(!__this_cpu_read(lunatik_watch.armed)))
		lunatik_watch_arm();
}

static __always_inline void lunatik_leave_watch(struct lunatik_door *door)
{
	barrier();
	this_cpu_write(lunatik_watch.inside, door->outer);
	barrier();
}

/*
 * With bottom halves off, preemption is; where nobody checks the order of locks either, what is left of spin_lock()
 * and spin_unlock() is inline.
 */
#if defined(CONFIG_QUEUED_SPINLOCKS) && !defined(CONFIG_PREEMPT_RT) && !defined(CONFIG_DEBUG_SPINLOCK) && \
    !defined(CONFIG_LOCKDEP)
static __always_inline bool lunatik_trylock(spinlock_t *lock)
{
	int unlocked = 0;

	/* Free most often: not read before. */
	return likely(atomic_try_cmpxchg_acquire(&lock->rlock.raw_lock.val, &unlocked, _Q_LOCKED_VAL));
}
#define lunatik_unlock(lock)	arch_spin_unlock(&(lock)->rlock.raw_lock)
#define lunatik_lock(lock)	arch_spin_lock(&(lock)->rlock.raw_lock)
#else
#define lunatik_trylock(lock)	spin_trylock(lock)
#define lunatik_unlock(lock)	spin_unlock(lock)
#define lunatik_lock(lock)	spin_lock(lock)
#endif

/*
 * lunatik_enter_packet - enter a state of SOFTIRQ context, with bottom halves off. False when it is not
 * ready, or entered already on this CPU.
 */
static __always_inline bool lunatik_enter_packet(struct lunatik_door *door)
{
	struct lunatik_gate *gate = door->gate;

	if (unlikely(!lunatik_trylock(&gate->spinlock))) {
		if (READ_ONCE(gate->owner) == current)
			return false;
		lunatik_lock(&gate->spinlock);
	}
	if (unlikely(data_race(door->phase) != LUNATIK_READY)) {
		lunatik_unlock(&gate->spinlock);
		return false;
	}
	/* With it, what the loader made is there; this is an acquire, in fewer instructions. */
	smp_rmb();
	WRITE_ONCE(gate->owner, current);
	/* Not before: a state that is being closed has the floor of whoever closes it. */
	door->stack_floor = lunatik_here_stack_floor();
	lunatik_enter_watch(door);
	return true;
}

static __always_inline void lunatik_leave_packet(struct lunatik_door *door)
{
	struct lunatik_gate *gate = door->gate;

	lunatik_leave_watch(door);
	if (unlikely(door->record))
		lunatik_settle(door);
	WRITE_ONCE(gate->owner, NULL);
	lunatik_unlock(&gate->spinlock);
}

#endif
