// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "packet.h"
#include "watch.h"
#include "fast.h"

static unsigned int budgets[] = {
	[LUNATIK_PROCESS] = 5000,
	[LUNATIK_SOFTIRQ] = 10,
	[LUNATIK_HARDIRQ] = 1,
};
module_param_named(process_budget, budgets[LUNATIK_PROCESS], uint, 0444);
MODULE_PARM_DESC(process_budget, "milliseconds of CPU time that a script may take each time it is entered (5000)");
module_param_named(softirq_budget, budgets[LUNATIK_SOFTIRQ], uint, 0444);
MODULE_PARM_DESC(softirq_budget, "milliseconds for each packet (10)");
module_param_named(hardirq_budget, budgets[LUNATIK_HARDIRQ], uint, 0444);
MODULE_PARM_DESC(hardirq_budget, "milliseconds with interrupts off (1)");

unsigned int lunatik_usual_budget(enum lunatik_context context)
{
	return budgets[context];
}

/* Tells the visit to stop, for that breach or because it was asked to. On its CPU, with interrupts off. */
static void tell(struct lunatik_door *door, unsigned int breach)
{
	lua_State *running = READ_ONCE(door->running);

	WRITE_ONCE(door->age, READ_ONCE(door->age) | LUNATIK_STOPPING | breach);
	if (door->stack_floor != ~0UL)
		door->former_floor = door->stack_floor;
	/* No call of C from C either; but a state that closes has to call what releases its objects. */
	if (READ_ONCE(door->phase) != LUNATIK_STOPPED)
		WRITE_ONCE(door->stack_floor, ~0UL);
	if (running)
		luafast_interrupt(running);
}

/* --- softirq: a timer on each CPU that packets keep alive ------------------------------- */

#define TICK	2	/* milliseconds */

DEFINE_PER_CPU(struct lunatik_watch, lunatik_watch);

static unsigned int ticks_of(const struct lunatik_door *door)
{
	return door->age & LUNATIK_TICKS;
}

/* The first tick may have come at once. */
static bool is_late(const struct lunatik_door *door)
{
	return (ticks_of(door) - 1) * TICK >= door->budget;
}

/*
 * A visit that takes more than a fifth of what is usual is slow. A second is to have at most so many milliseconds of
 * slow ones, on a CPU and of a state: all of them together would starve what else is to run. Fast ones do not count:
 * under a flood of packets, that these take all the time is not the script's fault.
 */
#define SLOW_MAX	(800 * NSEC_PER_MSEC)
/* At most this counts between two ticks. */
#define ELAPSED_MAX	(4ULL * TICK * NSEC_PER_MSEC)

static bool is_slow(unsigned int ticks)
{
	return (ticks - 1) * TICK * 5 >= budgets[LUNATIK_SOFTIRQ];
}

/* What a tick adds to the time of slow visits, so long after the last: the first that finds it slow, all before, too. */
static u64 slow_time(unsigned int ticks, u64 elapsed)
{
	if (!is_slow(ticks))
		return 0;
	return elapsed + (ticks > 1 && is_slow(ticks - 1) ? 0 : (ticks - 1) * TICK * (u64)NSEC_PER_MSEC);
}

static void charge(struct lunatik_share *share, u64 now, u64 taken)
{
	if (now - share->since >= NSEC_PER_SEC) {
		share->since = now;
		share->taken = 0;
	}
	share->taken += taken;
}

static bool is_over_share(const struct lunatik_watch *watch, const struct lunatik_door *door)
{
	return is_slow(ticks_of(door)) && (door->share.taken > SLOW_MAX || watch->share.taken > SLOW_MAX);
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct lunatik_watch *watch = container_of(timer, struct lunatik_watch, timer);
	struct lunatik_door *door, *late = NULL;
	/* A hypervisor may have had the CPU for longer. */
	u64 now = ktime_get_mono_fast_ns(), elapsed = min(now - watch->ticked, ELAPSED_MAX), taken = 0;

	watch->ticked = now;
	if (!watch->inside) {
		watch->armed = false;
		return HRTIMER_NORESTART;
	}
	for (door = watch->inside; door; door = door->outer) {
		WRITE_ONCE(door->age, door->age + 1);
		taken = slow_time(ticks_of(door), elapsed);
		charge(&door->share, now, taken);
	}
	/* The outermost has all of the time. */
	charge(&watch->share, now, taken);
	for (door = watch->inside; door; door = door->outer)
		if (is_late(door) || is_over_share(watch, door))
			late = door;
	/* The outermost that is late ends, and first all that it has begun. */
	for (door = watch->inside; late; door = door->outer) {
		door->crowding = !is_late(door) && is_over_share(watch, door);
		tell(door, is_late(door) || door->crowding ? LUNATIK_BREACHED : 0);
		if (door == late)
			break;
	}
	hrtimer_forward_now(timer, ms_to_ktime(TICK));
	return HRTIMER_RESTART;
}

void lunatik_watch_arm(void)
{
	this_cpu_write(lunatik_watch.armed, true);
	hrtimer_start(this_cpu_ptr(&lunatik_watch.timer), ms_to_ktime(TICK), HRTIMER_MODE_REL_PINNED_HARD);
}

void lunatik_watch_cpu(struct lunatik_door *door)
{
	lunatik_enter_watch(door);
}

void lunatik_unwatch_cpu(struct lunatik_door *door)
{
	lunatik_leave_watch(door);
}

/* --- hardirq: no interrupt comes, so the script counts and asks -------------------------- */

/* What of hardirq states is visited on a CPU, the latest first. */
static DEFINE_PER_CPU(struct lunatik_door *, clocked);

/* The time that is left to a visit inside of another with this deadline, at most `wanted`. */
static u64 share(u64 now, u64 deadline, u64 wanted)
{
	u64 rest = deadline > now ? deadline - now : 0;

	return min(wanted, rest - rest / 16);
}

/* Not local_clock(): where the CPU's own counter is unstable, that stands still until the next tick, which never comes. */
void lunatik_watch_clock(struct lunatik_door *door)
{
	u64 now = ktime_get_mono_fast_ns(), wanted = door->budget * (u64)NSEC_PER_MSEC, left = wanted;

	door->age = LUNATIK_RELAXING; /* its C functions are to look at the clock, too */
	door->outer = this_cpu_read(clocked);
	if (door->outer)
		left = share(now, door->outer->deadline, wanted);
	door->shared = left < wanted;
	door->deadline = now + left;
	this_cpu_write(clocked, door);
}

void lunatik_unwatch_clock(struct lunatik_door *door)
{
	this_cpu_write(clocked, door->outer);
}

bool lunatik_clock_over(struct lunatik_door *door)
{
	if (ktime_get_mono_fast_ns() < door->deadline)
		return false;
	tell(door, door->shared ? 0 : LUNATIK_BREACHED);
	return true;
}

/* --- process: a timer looks at the CPU time of the tasks that are inside ----------------- */

#define LOOK	ms_to_ktime(100)

/* The visits of tasks, the latest first. */
static LIST_HEAD(visits);
/*
 * Of hard interrupts: a timer_list is run by softirqs, which before Linux 6.5 may be left to ksoftirqd, and that would
 * wait for the very task that does not end.
 */
static struct hrtimer looking;
static bool is_looking;
static DEFINE_RAW_SPINLOCK(visits_lock);
static DEFINE_PER_CPU(call_single_data_t, look_here);

static struct list_head *links_of(struct lunatik_door *door)
{
	static_assert(sizeof(door->links) == sizeof(struct list_head));
	return (struct list_head *)door->links;
}

static struct lunatik_door *door_at(struct list_head *links)
{
	return container_of((void **)links, struct lunatik_door, links[0]);
}

/* The latest visit of a task. The lock is held. */
static struct lunatik_door *latest_of(const struct task_struct *task)
{
	struct list_head *links;

	list_for_each(links, &visits)
		if (door_at(links)->task == task)
			return door_at(links);
	return NULL;
}

static bool is_over(const struct lunatik_door *door)
{
	const struct task_struct *task = door->task;

	return task->se.sum_exec_runtime >= door->deadline;
}

/* A thread of the kernel has other ways to be told. */
static bool is_killed(struct task_struct *task)
{
	return !(task->flags & PF_KTHREAD) && fatal_signal_pending(task);
}

/* On the CPU where a task was seen that is inside: it may be there still. */
static void look(void *unused)
{
	struct list_head *links;
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	list_for_each(links, &visits) {
		struct lunatik_door *door = door_at(links);

		if (door->task != current)
			continue;
		if (is_over(door)) {
			tell(door, door->deadline && !door->shared ? LUNATIK_BREACHED : 0);
		} else if (is_killed(current)) {
			tell(door, 0);
		} else if (door->running && !door->counts) {
			door->age |= LUNATIK_RELAXING;
			luafast_interrupt(door->running);
		}
	}
	raw_spin_unlock_irqrestore(&visits_lock, flags);
}

void lunatik_woken(void)
{
	look(NULL);
}

static enum hrtimer_restart look_everywhere(struct hrtimer *timer)
{
	struct list_head *links;
	unsigned long flags;
	static cpumask_t cpus; /* the timer's alone, and large */
	unsigned int cpu;
	bool goes_on;

	cpumask_clear(&cpus);
	raw_spin_lock_irqsave(&visits_lock, flags);
	list_for_each(links, &visits)
		if (task_is_running((struct task_struct *)door_at(links)->task))
			cpumask_set_cpu(task_cpu(door_at(links)->task), &cpus);
	is_looking = goes_on = !list_empty(&visits);
	raw_spin_unlock_irqrestore(&visits_lock, flags);
	for_each_cpu(cpu, &cpus)
		smp_call_function_single_async(cpu, per_cpu_ptr(&look_here, cpu));
	if (!goes_on)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, LOOK);
	return HRTIMER_RESTART;
}

void lunatik_watch_task(struct lunatik_door *door, unsigned int budget)
{
	u64 now, wanted = budget * (u64)NSEC_PER_MSEC, left = wanted;
	struct lunatik_door *outer;
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	now = current->se.sum_exec_runtime;
	outer = latest_of(current);
	if (outer && outer->deadline != U64_MAX)
		left = share(now, outer->deadline, wanted);
	door->shared = left < wanted;
	door->age = 0;
	door->task = current;
	door->deadline = budget == LUNATIK_NO_BUDGET ? U64_MAX : now + left;
	list_add(links_of(door), &visits);
	if (!is_looking)
		hrtimer_start(&looking, LOOK, HRTIMER_MODE_REL_HARD);
	is_looking = true;
	raw_spin_unlock_irqrestore(&visits_lock, flags);
}

void lunatik_unwatch_task(struct lunatik_door *door)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	list_del(links_of(door));
	raw_spin_unlock_irqrestore(&visits_lock, flags);
}

uint64_t lunatik_watch_hurry(struct lunatik_door *door, unsigned int milliseconds)
{
	unsigned long flags;
	u64 former;

	raw_spin_lock_irqsave(&visits_lock, flags);
	former = door->deadline;
	door->deadline = min(former, current->se.sum_exec_runtime + milliseconds * (u64)NSEC_PER_MSEC);
	raw_spin_unlock_irqrestore(&visits_lock, flags);
	return former;
}

void lunatik_watch_unhurry(struct lunatik_door *door, uint64_t deadline)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	/* One that was told to end, or is to expire, does. */
	if (door->deadline && !(door->age & LUNATIK_STOPPING))
		door->deadline = deadline;
	raw_spin_unlock_irqrestore(&visits_lock, flags);
}

void lunatik_expire(struct task_struct *task)
{
	struct list_head *links;
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	list_for_each(links, &visits)
		if (door_at(links)->task == task)
			door_at(links)->deadline = 0;
	raw_spin_unlock_irqrestore(&visits_lock, flags);
}

void lunatik_watch_evict(struct lunatik_door *door)
{
	struct task_struct *task = NULL;
	struct list_head *links;
	unsigned long flags;

	raw_spin_lock_irqsave(&visits_lock, flags);
	list_for_each(links, &visits) {
		if (door_at(links) != door)
			continue;
		door->deadline = 0;
		task = get_task_struct(door->task);
		break;
	}
	raw_spin_unlock_irqrestore(&visits_lock, flags);
	if (!task)
		return;
	/* Other threads of the kernel take none. */
	if (task->flags & PF_KTHREAD)
		send_sig(SIGKILL, task, 1);
	wake_up_process(task);
	put_task_struct(task);
}

void lunatik_watch_init(void)
{
	unsigned int cpu;

	hrtimer_init(&looking, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	looking.function = look_everywhere;
	for_each_possible_cpu(cpu) {
		struct lunatik_watch *watch = per_cpu_ptr(&lunatik_watch, cpu);

		INIT_CSD(per_cpu_ptr(&look_here, cpu), look, NULL);
		hrtimer_init(&watch->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
		watch->timer.function = tick;
	}
}

void lunatik_watch_exit(void)
{
	unsigned int cpu;

	hrtimer_cancel(&looking);
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(&lunatik_watch, cpu)->timer);
	/* Behind what was sent to look on each CPU. */
	kick_all_cpus_sync();
}
