/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where the stack of interrupts is, on which packets arrive. Before Linux 6.2 that is in a variable that no module can
 * read, so each CPU has to be interrupted to tell.
 */
#ifndef LUNATIK_KERNEL_STACK_H
#define LUNATIK_KERNEL_STACK_H

#include <linux/percpu.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* Its lowest address; 0 where it is not known. */
DECLARE_PER_CPU(unsigned long, lunatik_irq_stack);
int lunatik_stack_init(void);
void lunatik_stack_exit(void);
#else
static inline int lunatik_stack_init(void)
{
	return 0;
}

static inline void lunatik_stack_exit(void)
{
}
#endif

#endif
