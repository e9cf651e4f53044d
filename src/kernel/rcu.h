/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Read-copy update, and what is put off until its readers are gone. */
#ifndef LUNATIK_KERNEL_RCU_H
#define LUNATIK_KERNEL_RCU_H

#ifdef __cplusplus
extern "C" {
#endif

void lunatik_rcu_read_lock(void);
void lunatik_rcu_read_unlock(void);

/* lunatik_rcu_synchronize - wait for the readers of now. May sleep. */
void lunatik_rcu_synchronize(void);

/*
 * Something to run later, in a worker that may sleep. Part of the object that it frees;
 * `storage` is the kernel's.
 */
struct lunatik_deferred {
	void *storage[3];
	void (*run)(struct lunatik_deferred *deferred);
};

/* lunatik_defer - run deferred->run(deferred) after the RCU readers of now are gone. Any context. */
void lunatik_defer(struct lunatik_deferred *deferred);

/* lunatik_defer_slow - the same of what may sleep for long: in a worker of its own. */
void lunatik_defer_slow(struct lunatik_deferred *deferred);

/* lunatik_defer_barrier - wait until everything put off before has run. May sleep. */
void lunatik_defer_barrier(void);

/* lunatik_random - 32 random bits. Any context. */
unsigned int lunatik_random(void);

/* A lock for the writers of a structure that RCU readers read; taken in any context. */
struct lunatik_writer;
struct lunatik_writer *lunatik_writer_new(void);	/* process context; NULL when out of memory */
void lunatik_writer_free(struct lunatik_writer *writer);
unsigned long lunatik_writer_lock(struct lunatik_writer *writer);
void lunatik_writer_unlock(struct lunatik_writer *writer, unsigned long flags);

#ifdef __cplusplus
}
#endif

#endif
