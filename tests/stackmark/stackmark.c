// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Measures how much of the kernel's stacks Lua leaves: each fault of tests/lua/faults/stack.lua is run on a task's
 * stack, and in a softirq on the stack of interrupts, both painted before. The log tells the least that was left.
 */
#include <linux/hrtimer.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>
#include <linux/version.h>
#include <asm/processor.h>

#include <lunatik.h>

#define PAINT	0xa5
/* Not painted below who paints: the frames of what it calls meanwhile. */
#define OWN	512

struct mark {
	const char *name;
	size_t size, left;	/* bytes of the stack, and the fewest that were left */
	char worst[40];
	int faults;
};

/* Runs the fault of this number: its name, or nil behind the last. */
static int l_run(lua_State *L, int number, char *name, size_t size)
{
	const char *text;

	lua_getglobal(L, "run");
	lua_pushinteger(L, number);
	lua_call(L, 1, 1);
	text = lua_tostring(L, -1);
	if (!text)
		return 0;
	strscpy(name, text, size);
	return 1;
}

/* One fault, on the stack that this runs on, whose lowest address is `bottom`. False behind the last. */
static noinline bool measure(lunatik_object_t *runtime, struct mark *mark, unsigned char *bottom, int number)
{
	unsigned char *top = (unsigned char *)current_stack_pointer - OWN, *at;
	char name[40];
	int result;

	/* The lowest word tells that a task has left its stack. */
	bottom += sizeof(long);
	memset(bottom, PAINT, top - bottom);
	lunatik_run(runtime, l_run, result, number, name, sizeof(name));
	for (at = bottom; at < top && *at == PAINT; at++)
		;
	if (result == 0)
		return false;
	if (result < 0)
		strscpy(name, "(the call failed)", sizeof(name));
	if (!mark->faults++ || at - bottom < mark->left) {
		mark->left = at - bottom;
		strscpy(mark->worst, name, sizeof(mark->worst));
	}
	return true;
}

/* --- on a task's stack, nearly from its top --- */

struct task_work {
	lunatik_object_t *runtime;
	struct mark mark;
	struct completion done;
};

static int on_task(void *data)
{
	struct task_work *work = data;
	int number = 1;

	while (measure(work->runtime, &work->mark, task_stack_page(current), number))
		number++;
	complete(&work->done);
	return 0;
}

/* --- on the stack of interrupts, in a softirq, as packets are --- */

struct softirq_work {
	lunatik_object_t *runtime;
	struct mark mark;
	struct completion done;
	struct hrtimer timer;
	int number;
	bool elsewhere;
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
static int find_interrupt_stack(void)
{
	return 0;
}

#define INTERRUPT_STACK	this_cpu_read(pcpu_hot.hardirq_stack_ptr)
#else
static void *__percpu *interrupt_stack_pointer;

/* The variable is not for modules, nor is the function that finds it; a probe gives that. */
static int find_interrupt_stack(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);
	int error = register_kprobe(&probe);

	if (error)
		return error;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	interrupt_stack_pointer = (void *__percpu *)lookup("hardirq_stack_ptr");
	return interrupt_stack_pointer ? 0 : -ENOENT;
}

#define INTERRUPT_STACK	(*this_cpu_ptr(interrupt_stack_pointer))
#endif

static unsigned char *interrupt_stack(void)
{
	/* It points to the stack's last word. */
	return (unsigned char *)INTERRUPT_STACK + sizeof(long) - IRQ_STACK_SIZE;
}

static enum hrtimer_restart on_interrupts(struct hrtimer *timer)
{
	struct softirq_work *work = container_of(timer, struct softirq_work, timer);
	unsigned char *bottom = interrupt_stack();

	/* ksoftirqd runs softirqs, too, on its own stack. */
	if ((unsigned char *)current_stack_pointer - bottom < IRQ_STACK_SIZE) {
		if (!measure(work->runtime, &work->mark, bottom, work->number)) {
			complete(&work->done);
			return HRTIMER_NORESTART;
		}
		work->number++;
	}
	hrtimer_forward_now(timer, ms_to_ktime(20));
	return HRTIMER_RESTART;
}

static void report(const struct mark *mark)
{
	pr_info("stackmark: %s: %zu of %zu bytes left, by %s (%d faults)\n", mark->name, mark->left, mark->size, mark->worst,
		mark->faults);
}

static int __init stackmark_init(void)
{
	static struct task_work task = { .mark = { "task", THREAD_SIZE } };
	static struct softirq_work softirq = { .mark = { "interrupts", IRQ_STACK_SIZE }, .number = 1 };
	struct task_struct *thread;
	int error = find_interrupt_stack();

	if (error)
		return error;
	error = lunatik_runtime(&task.runtime, "tests/faults/marked", true);
	if (error)
		return error;
	error = lunatik_runtime(&softirq.runtime, "tests/faults/marked", false);
	if (error)
		goto stop_task;
	init_completion(&task.done);
	thread = kthread_run(on_task, &task, "stackmark");
	error = PTR_ERR_OR_ZERO(thread);
	if (error)
		goto stop;
	wait_for_completion(&task.done);
	report(&task.mark);

	init_completion(&softirq.done);
	hrtimer_init(&softirq.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_SOFT);
	softirq.timer.function = on_interrupts;
	hrtimer_start(&softirq.timer, ms_to_ktime(20), HRTIMER_MODE_REL_PINNED_SOFT);
	wait_for_completion(&softirq.done);
	hrtimer_cancel(&softirq.timer);
	report(&softirq.mark);
stop:
	lunatik_stop(softirq.runtime);
stop_task:
	lunatik_stop(task.runtime);
	return error;
}

static void __exit stackmark_exit(void)
{
}

module_init(stackmark_init);
module_exit(stackmark_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Measures what Lua leaves of the kernel's stacks");
