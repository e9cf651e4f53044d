/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The guard of time: how long a visit of a state may take. Who exceeds it is told to stop, on its own
 * CPU, by an interrupt: the script's next instruction raises an error.
 */
#ifndef LUNATIK_KERNEL_WATCH_H
#define LUNATIK_KERNEL_WATCH_H

#include "gate.h"

#ifdef __cplusplus
extern "C" {
#endif

struct task_struct;

/*
 * lunatik_usual_budget - what a visit may take unless the script says otherwise: milliseconds, in process
 * context of CPU time. A parameter of the module. Any context.
 */
unsigned int lunatik_usual_budget(enum lunatik_context context);
/* What it may say at most: the kernel itself complains of longer ones. */
#define LUNATIK_PROCESS_BUDGET_MAX	3600000
#define LUNATIK_SOFTIRQ_BUDGET_MAX	500
#define LUNATIK_HARDIRQ_BUDGET_MAX	100
#define LUNATIK_NO_BUDGET	0	/* only lunatik_expire() ends it */

/*
 * lunatik_watch_task - the running task's visit begins, in process context. What it has already begun
 * ends later: there is a part of that one's time left when this one's has run out. The budget is in
 * milliseconds, or LUNATIK_NO_BUDGET.
 */
void lunatik_watch_task(struct lunatik_door *door, unsigned int budget);
void lunatik_unwatch_task(struct lunatik_door *door);

/*
 * lunatik_watch_hurry - the running task's visit ends within so many milliseconds from now, unless it
 * does earlier. lunatik_watch_unhurry() puts the deadline back that it returned, if the visit goes on.
 */
uint64_t lunatik_watch_hurry(struct lunatik_door *door, unsigned int milliseconds);
void lunatik_watch_unhurry(struct lunatik_door *door, uint64_t deadline);

/* lunatik_watch_cpu - the visit of a softirq state begins on this CPU, with bottom halves off. */
void lunatik_watch_cpu(struct lunatik_door *door);
void lunatik_unwatch_cpu(struct lunatik_door *door);

/*
 * lunatik_watch_clock - the visit of a hardirq state begins, with interrupts off; the script asks
 * lunatik_clock_over(). What it has begun within another ends before that one.
 */
void lunatik_watch_clock(struct lunatik_door *door);
void lunatik_unwatch_clock(struct lunatik_door *door);
bool lunatik_clock_over(struct lunatik_door *door);

/* lunatik_expire - what the task visits is to end within a few tenths of a second. Any context. */
void lunatik_expire(struct task_struct *task);

/*
 * lunatik_watch_evict - the same of whoever is inside of a process state; a thread that a script started is told to stop
 * by the signal, too. Process context.
 */
void lunatik_watch_evict(struct lunatik_door *door);

/* lunatik_woken - for a task that has slept: it is hardly ever seen to run. */
void lunatik_woken(void);

/* lunatik_watch_init - when the module is loaded, and before it is unloaded. */
void lunatik_watch_init(void);
void lunatik_watch_exit(void);

#ifdef __cplusplus
}
#endif

#endif
