// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Kernel probes: registration, and whether an event may enter a runtime. */
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/processor.h>
#include <asm/ptrace.h>

#include "kernel/gate.h"
#include "kernel/module.h"
#include "kernel/watch.h"
#include "kernel.h"
#include "lunatik_library.h"

struct luaprobe {
	struct kprobe entry;		/* PRE and POST */
	struct kretprobe exit;		/* RET */
	unsigned int points;
	bool enabled;
	int cpu;
	bool told;			/* that its handlers take too long */
	unsigned long missed;		/* those that the kernel does not count itself */
	void *owner;
	char symbol[LUAPROBE_NAME_MAX + 1];
};

static bool has(const struct luaprobe *probe, enum luaprobe_point point)
{
	return probe->points & 1U << point;
}

static bool has_entry(const struct luaprobe *probe)
{
	return has(probe, LUAPROBE_PRE) || has(probe, LUAPROBE_POST);
}

/* --- whether an event may call Lua ------------------------------------------------------ */

/*
 * Where the probed code has interrupts off it may hold any of the kernel's locks, those of the allocator, of the
 * scheduler or of the clock included, and a handler that wants one would wait for ever. With interrupts on, it is
 * as safe as an interrupt there. A breakpoint turns them off, and counts as an NMI.
 */
static __always_inline bool is_interruptible(const struct pt_regs *regs)
{
	/* To KASAN an allocation there is a fault, wherever the breakpoint is. */
	if (in_nmi())
		return !IS_ENABLED(CONFIG_KASAN) && regs->flags & X86_EFLAGS_IF;
	return !irqs_disabled();
}

/* Lua needs some of the stack above the floor that is left to others. */
#define STACK_NEEDED	(2048 * LUNATIK_STACK_SCALE)

static __always_inline bool has_stack(void)
{
	return current_stack_pointer >= lunatik_stack_floor() + STACK_NEEDED;
}

/*
 * Handlers that take long get at most this share of a CPU's time: at a function that the kernel calls at every
 * step, each could else be within its limits and all of them bring the machine to a halt. What takes less than
 * this each time only slows it down, and all its events count.
 */
#define WINDOW	(100 * NSEC_PER_MSEC)
#define SHARE	(WINDOW / 5 * 4)
#define SHORT	(50 * NSEC_PER_USEC)

struct load {
	u64 since;
	u64 spent;			/* above SHORT */
};
static DEFINE_PER_CPU(struct load, loads);

static __always_inline bool has_time(struct load *load, u64 now)
{
	if (now - load->since >= WINDOW) {
		load->since = now;
		load->spent = 0;
	}
	return load->spent < SHARE;
}

static void miss(struct luaprobe *probe)
{
	__atomic_fetch_add(&probe->missed, 1, __ATOMIC_RELAXED);
}

/* In a place where it does not wait for anyone. */
static noinline void tell_of_load(struct luaprobe *probe)
{
	if (!xchg(&probe->told, true))
		pr_err("lunatik: handlers of probes take more than 80 %% of CPU %d's time, so some events at %pS call none\n",
		       raw_smp_processor_id(), probe->entry.addr);
}

/* Each event comes here; it stays on its CPU, and no other gets past the kernel's own guard there meanwhile. */
static void handle(struct luaprobe *probe, const struct luaprobe_event *event)
{
	struct load *load;
	u64 began, took;

	if (!READ_ONCE(probe->enabled) || (probe->cpu >= 0 && probe->cpu != raw_smp_processor_id()))
		return;
	if (!is_interruptible(event->registers) || !rcu_is_watching() || !has_stack()) {
		miss(probe);
		return;
	}
	load = this_cpu_ptr(&loads);
	began = ktime_get_mono_fast_ns();
	if (!has_time(load, began)) {
		miss(probe);
		tell_of_load(probe);
		return;
	}
	if (!luaprobe_run(probe->owner, event))
		miss(probe);
	took = ktime_get_mono_fast_ns() - began;
	if (took > SHORT)
		load->spent += took - SHORT;
}
NOKPROBE_SYMBOL(handle);

static int on_entry(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct luaprobe_event event = { .point = LUAPROBE_PRE, .registers = regs };

	handle(container_of(kprobe, struct luaprobe, entry), &event);
	return 0;
}
NOKPROBE_SYMBOL(on_entry);

static void on_entry_done(struct kprobe *kprobe, struct pt_regs *regs, unsigned long flags)
{
	struct luaprobe_event event = { .point = LUAPROBE_POST, .registers = regs };

	handle(container_of(kprobe, struct luaprobe, entry), &event);
}
NOKPROBE_SYMBOL(on_entry_done);

/* Keeps the arguments for when the function returns. Not zero: its return is not waited for. */
static int on_call(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct luaprobe *probe = container_of(get_kretprobe(instance), struct luaprobe, exit);
	unsigned long *arguments = (unsigned long *)instance->data;
	unsigned int i;

	if (!READ_ONCE(probe->enabled))
		return 1;
	for (i = 0; i < LUAPROBE_ARGUMENTS; i++)
		arguments[i] = regs_get_kernel_argument(regs, i);
	return 0;
}
NOKPROBE_SYMBOL(on_call);

static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct luaprobe_event event = {
		.point = LUAPROBE_RET,
		.registers = regs,
		.arguments = (unsigned long *)instance->data,
	};

	handle(container_of(get_kretprobe(instance), struct luaprobe, exit), &event);
	return 0;
}
NOKPROBE_SYMBOL(on_return);

/* --- what handlers read ----------------------------------------------------------------- */

unsigned long luaprobe_argument(const struct luaprobe_event *event, unsigned int n)
{
	return event->arguments ? event->arguments[n] : regs_get_kernel_argument(event->registers, n);
}

unsigned long luaprobe_result(const struct luaprobe_event *event)
{
	return regs_return_value(event->registers);
}

bool luaprobe_syscall_argument(const struct luaprobe_event *event, unsigned int n, unsigned long *value)
{
	const struct pt_regs *user = task_pt_regs(current);

	/* Nothing is read but the registers that this very task came into the kernel with. */
	if (luaprobe_argument(event, 0) != (unsigned long)user || current->flags & PF_KTHREAD)
		return false;
	switch (n) {
	case 0: *value = user->di; break;
	case 1: *value = user->si; break;
	case 2: *value = user->dx; break;
	case 3: *value = user->r10; break;
	case 4: *value = user->r8; break;
	default: *value = user->r9; break;
	}
	return true;
}

/* --- registers and calls, for the log --------------------------------------------------- */

#define CALLS_MAX	64

/* Taken in the event, written to the log by a worker: names and consoles take their time. */
struct record {
	int cpu;
	pid_t pid;
	char command[TASK_COMM_LEN];
	struct pt_regs registers;
	unsigned int calls;
	unsigned long call[CALLS_MAX];
};
static struct record records[BITS_PER_LONG / 8];
/* Bits of records: those that an event or the worker has, and those that are to be written. */
static unsigned long taken, filled;
static atomic_t unseen = ATOMIC_INIT(0);

static void write_record(const struct record *record)
{
	const struct pt_regs *regs = &record->registers;
	unsigned int i = 0;

	pr_info("lunatik: probe on CPU %d, task %s (%d), at %pS\n", record->cpu, record->command, record->pid,
		(void *)regs->ip);
	pr_info("  ip %016lx sp %016lx flags %08lx cs %04lx orig_ax %lx\n", regs->ip, regs->sp, regs->flags,
		(unsigned long)regs->cs, regs->orig_ax);
	pr_info("  ax %016lx bx %016lx cx %016lx dx %016lx\n", regs->ax, regs->bx, regs->cx, regs->dx);
	pr_info("  si %016lx di %016lx bp %016lx\n", regs->si, regs->di, regs->bp);
	pr_info("  r8 %016lx r9 %016lx r10 %016lx r11 %016lx\n", regs->r8, regs->r9, regs->r10, regs->r11);
	pr_info("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", regs->r12, regs->r13, regs->r14, regs->r15);
	/* The latest calls are the handler's own, down to the probed instruction. */
	while (i < record->calls && record->call[i] - (regs->ip - 1) > MAX_INSN_SIZE)
		i++;
	if (i == record->calls)
		i = 0;
	for (; i < record->calls; i++)
		pr_info("  %pB\n", (void *)record->call[i]);
}

static void write_records(struct work_struct *work)
{
	int unwritten;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(records); i++) {
		if (!test_and_clear_bit(i, &filled))
			continue;
		write_record(&records[i]);
		clear_bit_unlock(i, &taken);
	}
	unwritten = atomic_xchg(&unseen, 0);
	if (unwritten)
		pr_info("lunatik: probe: %d more were not shown, so soon after others\n", unwritten);
}
static DECLARE_WORK(writing, write_records);

static void start_writing(struct irq_work *work)
{
	schedule_work(&writing);
}
static DEFINE_IRQ_WORK(waking, start_writing);

void luaprobe_show(const struct luaprobe_event *event)
{
	struct record *record;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(records); i++)
		if (!test_and_set_bit_lock(i, &taken))
			break;
	if (i == ARRAY_SIZE(records)) {
		atomic_inc(&unseen);
	} else {
		record = &records[i];
		record->cpu = raw_smp_processor_id();
		record->pid = task_pid_nr(current);
		memcpy(record->command, current->comm, sizeof(record->command));
		record->command[TASK_COMM_LEN - 1] = '\0';
		record->registers = *event->registers;
		record->calls = stack_trace_save(record->call, CALLS_MAX, 0);
		smp_mb__before_atomic();
		set_bit(i, &filled);
	}
	irq_work_queue(&waking);
}

/* --- registration ----------------------------------------------------------------------- */

/*
 * A Lua error leaves functions of Lunatik, and of modules that use it, without their return, and the kernel would
 * take the return of another for theirs: those are not probed.
 */
static bool returns_surely(const void *address)
{
	char text[KSYM_SYMBOL_LEN], *name, *end;

	sprint_symbol(text, (unsigned long)address);
	name = strrchr(text, '[');
	end = strrchr(text, ']');
	if (!name || !end || end < name)
		return true;
	*end = '\0';
	name[1 + strcspn(name + 1, " ")] = '\0'; /* its build ID */
	return !lunatik_module_uses_us(name + 1);
}

static void set_target(struct kprobe *kprobe, struct luaprobe *probe, void *address)
{
	if (address)
		kprobe->addr = address;
	else
		kprobe->symbol_name = probe->symbol;
	kprobe->flags = KPROBE_FLAG_DISABLED;
}

static int register_entry(struct luaprobe *probe, void *address)
{
	int error;

	set_target(&probe->entry, probe, address);
	if (has(probe, LUAPROBE_PRE))
		probe->entry.pre_handler = on_entry;
	if (has(probe, LUAPROBE_POST))
		probe->entry.post_handler = on_entry_done;
	error = register_kprobe(&probe->entry);
	/* In the middle of an instruction. */
	return error == -EILSEQ ? -EINVAL : error;
}

static int register_exit(struct luaprobe *probe, void *address)
{
	int error;

	if (!has(probe, LUAPROBE_RET))
		return 0;
	if (!returns_surely(probe->entry.addr))
		return -EPERM;
	set_target(&probe->exit.kp, probe, address);
	probe->exit.entry_handler = on_call;
	probe->exit.handler = on_return;
	probe->exit.data_size = LUAPROBE_ARGUMENTS * sizeof(unsigned long);
	probe->exit.maxactive = LUAPROBE_RETURNS;
	error = register_kretprobe(&probe->exit);
	if (error)
		return error;
	error = enable_kretprobe(&probe->exit);
	if (error)
		unregister_kretprobe(&probe->exit);
	return error;
}

int luaprobe_new(struct luaprobe **made, void *owner, const char *symbol, void *address, unsigned int points, int cpu)
{
	struct luaprobe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	int error;

	if (!probe)
		return -ENOMEM;
	probe->points = points;
	probe->cpu = cpu;
	probe->owner = owner;
	probe->enabled = true;
	if (!address)
		strscpy(probe->symbol, symbol, sizeof(probe->symbol));
	/* Also where only returns are probed: this finds the address. */
	error = register_entry(probe, address);
	if (error)
		goto no_entry;
	error = register_exit(probe, address);
	if (error)
		goto no_exit;
	if (has_entry(probe)) {
		error = enable_kprobe(&probe->entry);
		if (error)
			goto not_enabled;
	}
	lunatik_woken();
	*made = probe;
	return 0;

not_enabled:
	if (has(probe, LUAPROBE_RET))
		unregister_kretprobe(&probe->exit);
no_exit:
	unregister_kprobe(&probe->entry);
no_entry:
	kfree(probe);
	lunatik_woken();
	return error;
}

void luaprobe_free(struct luaprobe *probe)
{
	luaprobe_enable(probe, false);
	if (has(probe, LUAPROBE_RET))
		unregister_kretprobe(&probe->exit);
	unregister_kprobe(&probe->entry);
	kfree(probe);
}

void luaprobe_enable(struct luaprobe *probe, bool enabled)
{
	WRITE_ONCE(probe->enabled, enabled);
}

unsigned long luaprobe_missed(const struct luaprobe *probe)
{
	unsigned long missed = __atomic_load_n(&probe->missed, __ATOMIC_RELAXED);

	if (has_entry(probe))
		missed += READ_ONCE(probe->entry.nmissed);
	if (has(probe, LUAPROBE_RET))
		missed += READ_ONCE(probe->exit.kp.nmissed) + READ_ONCE(probe->exit.nmissed);
	return missed;
}

/* --- the module ------------------------------------------------------------------------- */

static struct lunatik_library library = { .name = "probe", .open = luaopen_probe, .owner = THIS_MODULE };

static int __init luaprobe_init(void)
{
	return lunatik_library_add(&library);
}

static void __exit luaprobe_exit(void)
{
	lunatik_library_remove(&library);
	/* No probe is left that could ask for more. */
	irq_work_sync(&waking);
	flush_work(&writing);
}

module_init(luaprobe_init);
module_exit(luaprobe_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of kernel probes");
MODULE_ALIAS("lunatik-lib-probe");
