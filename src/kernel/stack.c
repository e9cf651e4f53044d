// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "stack.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/cpuhotplug.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/processor.h>

DEFINE_PER_CPU(unsigned long, lunatik_irq_stack);

/* The interrupt of a task in the kernel starts at the top of the stack, which pages end with. */
static void find(struct irq_work *work)
{
	unsigned long here = current_stack_pointer;

	/* That of a softirq goes on with its stack, that of a task outside of the kernel with the task's. */
	if (softirq_count() || hardirq_count() != HARDIRQ_OFFSET || here - (unsigned long)task_stack_page(current) < THREAD_SIZE)
		return;
	this_cpu_write(lunatik_irq_stack, round_up(here, PAGE_SIZE) - IRQ_STACK_SIZE);
}

/* In the CPU's own kernel thread */
static int ask(unsigned int cpu)
{
	struct irq_work work = IRQ_WORK_INIT_HARD(find);
	int tries;

	for (tries = 0; !this_cpu_read(lunatik_irq_stack); tries++) {
		if (tries == 100) {
			pr_warn("lunatik: CPU %u has no stack of interrupts that is known: scripts have little stack there\n", cpu);
			break;
		}
		irq_work_queue(&work);
		irq_work_sync(&work);
	}
	return 0;
}

static int state;

/* Of all CPUs, also those that come later */
int lunatik_stack_init(void)
{
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "lunatik:stack", ask, NULL);
	return min(state, 0);
}

void lunatik_stack_exit(void)
{
	cpuhp_remove_state(state);
}
#endif
