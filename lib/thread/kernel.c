// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Kernel threads: their start, the word to stop, their end. */
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "kernel.h"
#include "kernel/watch.h"
#include "lunatik_library.h"

/* A thread that heeds the word to stop is gone sooner; one that does not is then made to end. */
#define PATIENCE	(HZ / 2)
/* One that waits for what does not end must not hang others. */
#define MOMENT	(1 * HZ)

enum { TOLD, REAPED };

struct luathread {
	refcount_t references;
	bool ours;
	unsigned long flags;
	struct task_struct *task;
	struct completion ended;	/* it runs no Lua any more, and holds no runtime */
	struct luathread_work work;
};

static int thread_main(void *data)
{
	struct luathread *thread = data;

	/* Before the look at TOLD: whoever sets it then sends the signal. */
	allow_kernel_signal(SIGKILL);
	luathread_body(&thread->work, !test_bit(TOLD, &thread->flags));
	complete_all(&thread->ended);
	luathread_put(thread);
	module_put_and_kthread_exit(0);
}

static struct luathread *allocate(bool ours)
{
	struct luathread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);

	if (!thread)
		return NULL;
	refcount_set(&thread->references, 1);
	thread->ours = ours;
	init_completion(&thread->ended);
	return thread;
}

struct luathread *luathread_get(struct luathread *thread)
{
	refcount_inc(&thread->references);
	return thread;
}

void luathread_put(struct luathread *thread)
{
	if (!refcount_dec_and_test(&thread->references))
		return;
	put_task_struct(thread->task);
	kfree(thread);
}

int luathread_run(struct luathread **made, const char *name, const struct luathread_work *work)
{
	struct luathread *thread = allocate(true);
	struct task_struct *task;

	if (!thread)
		return -ENOMEM;
	thread->work = *work;
	task = kthread_create(thread_main, thread, "%.*s", TASK_COMM_LEN - 1, name);
	if (IS_ERR(task)) {
		kfree(thread);
		return PTR_ERR(task);
	}
	thread->task = get_task_struct(task);
	refcount_inc(&thread->references);
	__module_get(THIS_MODULE);
	*made = thread;
	wake_up_process(task);
	return 0;
}

/* The thread of ours that is running, or NULL. */
static struct luathread *running(void)
{
	return in_task() && kthread_func(current) == thread_main ? kthread_data(current) : NULL;
}

struct luathread *luathread_current(void)
{
	struct luathread *thread = running();

	if (thread) {
		refcount_inc(&thread->references);
		return thread;
	}
	thread = allocate(false);
	if (thread)
		thread->task = get_task_struct(current);
	return thread;
}

bool luathread_is_current(const struct luathread *thread)
{
	return thread->task == current;
}

bool luathread_is_ours(const struct luathread *thread)
{
	return thread->ours;
}

bool luathread_has_ended(const struct luathread *thread)
{
	return completion_done((struct completion *)&thread->ended);
}

bool luathread_should_stop(void)
{
	struct luathread *thread = running();

	return thread && test_bit(TOLD, &thread->flags);
}

/*
 * SIGKILL, of which only the kernel can send one here: it also ends waits that are killable, as for
 * the lock of a runtime whose script is waiting for this very thread. True for who told it first.
 */
static bool tell(struct luathread *thread)
{
	bool first = !test_and_set_bit(TOLD, &thread->flags);

	if (first)
		send_sig(SIGKILL, thread->task, 1);
	wake_up_process(thread->task);
	return first;
}

/* One that sleeps looks only when it wakes. */
static void expire(struct luathread *thread)
{
	lunatik_expire(thread->task);
	wake_up_process(thread->task);
}

/* Waits until a thread that ended has left this module, which then may be unloaded. */
static void reap(struct luathread *thread)
{
	if (!test_and_set_bit(REAPED, &thread->flags))
		kthread_stop(thread->task);
}

int luathread_stop(struct luathread *thread)
{
	bool told = luathread_should_stop();
	bool first = tell(thread);

	/*
	 * A thread that was told to stop still waits for those that it tells. It does not for those
	 * that others told before: they may be waiting for it.
	 */
	if (!told || first) {
		long left;

		/* When it does not look whether it is to stop, it is made to. */
		while (!(left = told ? wait_for_completion_timeout(&thread->ended, PATIENCE) :
				       wait_for_completion_killable_timeout(&thread->ended, PATIENCE)))
			expire(thread);
		if (left < 0)
			return -EINTR;
	} else if (!wait_for_completion_timeout(&thread->ended, MOMENT)) {
		return 0;
	}
	reap(thread);
	return 0;
}

void luathread_abandon(struct luathread *thread)
{
	tell(thread);
	if (thread->task == current)
		return;
	if (!wait_for_completion_timeout(&thread->ended, PATIENCE))
		expire(thread);
	if (wait_for_completion_timeout(&thread->ended, MOMENT))
		reap(thread);
}

void luathread_inspect(const struct luathread *thread, struct luathread_info *info)
{
	static_assert(sizeof(info->command) == TASK_COMM_LEN);

	info->cpu = task_cpu(thread->task);
	info->pid = task_pid_nr(thread->task);
	info->tgid = task_tgid_nr(thread->task);
	get_task_comm(info->command, thread->task);
}

static struct lunatik_library libraries[] = {
	{ .name = "thread", .open = luaopen_thread },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of kernel threads");
MODULE_ALIAS("lunatik-lib-thread");
