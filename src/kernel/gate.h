/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The gate of a state: what keeps everyone else out while one event is inside. It also brings the
 * CPU into the context in which the state may be entered.
 */
#ifndef LUNATIK_KERNEL_GATE_H
#define LUNATIK_KERNEL_GATE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lunatik_context {
	LUNATIK_PROCESS,	/* may sleep: mutex */
	LUNATIK_SOFTIRQ,	/* packets: spinlock, bottom halves off */
	LUNATIK_HARDIRQ,	/* probes, keyboard: spinlock, interrupts off */
};

struct lunatik_gate;

/* What an event needs of a state. */
enum lunatik_phase {
	LUNATIK_LOADING,	/* only its loader is inside */
	LUNATIK_READY,		/* events may enter */
	LUNATIK_CONDEMNED,	/* none may: it is about to be stopped for its breaches */
	LUNATIK_STOPPED,	/* for ever */
};
/* In the age of a visit, above the ticks that it has lasted. */
#define LUNATIK_STOPPING	0x80000000U	/* it is to end */
#define LUNATIK_RELAXING	0x40000000U	/* other tasks are to run, if it may sleep */
#define LUNATIK_BREACHED	0x20000000U	/* it went over a limit, and ends for that */
#define LUNATIK_DEEP		0x10000000U	/* it has nested calls too deep */
#define LUNATIK_FULL		0x08000000U	/* it was refused memory beyond its quota */
#define LUNATIK_COLLECTED	0x04000000U	/* it has collected all garbage for that once */
#define LUNATIK_TICKS		0x03ffffffU
enum lunatik_slot { LUNATIK_SLOT_XDP, LUNATIK_SLOT_COUNT };
/* What slow visits have taken of the second that began at `since`, in nanoseconds. */
struct lunatik_share {
	uint64_t since, taken;
};
struct lunatik_door {
	/* Lua knows these four by their place (lua/luaconf.h). */
	uintptr_t stack_floor;		/* the lowest stack address for this visit */
	void *running;			/* the thread of Lua's that runs, a lua_State */
	union {
		struct {
			uint32_t age;	/* of the visit */
			uint32_t streak;/* grows with each visit that breached a limit, shrinks with others */
		};
		uint64_t record;	/* both: zero where there is nothing to settle */
	};
	uintptr_t former_floor;		/* while it is to end, and stack_floor forbids all calls of C */
	struct lunatik_gate *gate;
	enum lunatik_phase phase;
	/* Of src/kernel/watch.c */
	struct lunatik_door *outer;
	void *links[2];
	void *task;
	uint64_t deadline;
	unsigned int budget;		/* milliseconds for a visit in its own context */
	bool describing;		/* why it stops, once */
	bool shared;			/* the visit has what its caller's has left, not its own budget */
	bool crowding;			/* it stops since slow visits have taken too much of a second, not this one */
	bool counts;			/* no interrupt comes: the script looks at the clock itself */
	unsigned int looks;
	/* Pointers that bindings keep, for one look per event. */
	void *slots[LUNATIK_SLOT_COUNT];
	struct lunatik_share share;	/* of SOFTIRQ; of watch.c */
};

/*
 * lunatik_settle - count the breach of the visit that ends, if it was one. The gate is held, and `record`
 * is not zero. Any context.
 */
void lunatik_settle(struct lunatik_door *door);

/* What lunatik_pin() changed and lunatik_unpin() puts back. */
struct lunatik_pin {
	unsigned long flags;
	bool pinned;
};

/* lunatik_gate_new - process context. NULL when out of memory. */
struct lunatik_gate *lunatik_gate_new(enum lunatik_context context);
void lunatik_gate_free(struct lunatik_gate *gate);

/*
 * lunatik_pin - stay on this CPU, with bottom halves (SOFTIRQ) or interrupts (HARDIRQ) off, until
 * lunatik_unpin(). Returns this CPU's number; 0 in PROCESS, where nothing is pinned.
 */
unsigned int lunatik_pin(enum lunatik_context context, struct lunatik_pin *pin);
void lunatik_unpin(enum lunatik_context context, const struct lunatik_pin *pin);

/*
 * lunatik_gate_enter - take the gate; PROCESS may sleep. The caller is pinned.
 * 0; -EDEADLK when this very task is inside already; -EINTR when `killable` and killed while waiting.
 */
int lunatik_gate_enter(struct lunatik_gate *gate, bool killable);

/*
 * lunatik_gate_enter_briefly - the same for who is inside of another gate, whose owner may want that
 * one: gives up with -EBUSY after so many milliseconds, at once if 0. PROCESS may sleep.
 */
int lunatik_gate_enter_briefly(struct lunatik_gate *gate, unsigned int milliseconds);

void lunatik_gate_leave(struct lunatik_gate *gate);

/*
 * lunatik_gate_urge - somebody is to shut the state: whoever is inside of a PROCESS one, and waits for others,
 * gives up, until as many lunatik_gate_calm(). Any context.
 * lunatik_gate_is_urged - whether it is so; wakes those in lunatik_gate_urges() when it becomes so.
 */
void lunatik_gate_urge(struct lunatik_gate *gate);
void lunatik_gate_calm(struct lunatik_gate *gate);
bool lunatik_gate_is_urged(const struct lunatik_gate *gate);
struct wait_queue_head *lunatik_gate_urges(struct lunatik_gate *gate);

/* lunatik_gate_inside - whether the running task is inside. */
bool lunatik_gate_inside(const struct lunatik_gate *gate);

/*
 * lunatik_stack_floor - the lowest address that Lua may use of the stack the CPU is on now,
 * which leaves LUNATIK_STACK_RESERVE bytes for what the kernel needs below, and more where it may sleep.
 */
uintptr_t lunatik_stack_floor(void);
#define LUNATIK_STACK_RESERVE	(4096 * LUNATIK_STACK_SCALE)
/* On the stack of interrupts these come on top: 2.1 KiB were seen. */
#define LUNATIK_INTERRUPTS_RESERVE	(LUNATIK_STACK_RESERVE + 1024 * LUNATIK_STACK_SCALE)
/* A debug kernel has stacks of twice the size, and larger frames on them. */
#if defined(__SANITIZE_ADDRESS__) && (defined(__KERNEL__) || !__STDC_HOSTED__)
#define LUNATIK_STACK_SCALE	3
#else
#define LUNATIK_STACK_SCALE	1
#endif

/* lunatik_this_task - who runs, to be compared only. */
void *lunatik_this_task(void);

/*
 * lunatik_wait_until - sleep until lunatik_raise() has set the flag, for five seconds at most, or the waiter is
 * killed. Process context.
 */
void lunatik_wait_until(const bool *flag);
void lunatik_raise(bool *flag);

unsigned int lunatik_cpu_count(void);		/* CPU numbers are below this */
bool lunatik_cpu_possible(unsigned int cpu);

/* lunatik_relax - let other tasks run, if the context allows it. */
void lunatik_relax(void);

/* lunatik_may_sleep - whether the running context may sleep (a task, nothing disabled). */
bool lunatik_may_sleep(void);

#ifdef __cplusplus
}
#endif

#endif
