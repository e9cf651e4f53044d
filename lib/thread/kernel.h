/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel threads: started, told to stop, waited for. */
#ifndef LUATHREAD_KERNEL_H
#define LUATHREAD_KERNEL_H

#include <stdbool.h>

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A task, and what is known of it after its end too. References: whoever got it, and the thread itself. */
struct luathread;

/* What a thread runs. It holds a reference to the runtime's object and gives it up at its end. */
struct luathread_work {
	void *runtime, *object;
};

/*
 * luathread_run - start a kernel thread. 0 with *thread set; -ENOMEM; -EINTR when the caller was
 * killed. The name is cut to what the kernel keeps. May sleep.
 */
int luathread_run(struct luathread **thread, const char *name, const struct luathread_work *work);

/* luathread_body - what the thread does; `runs` is false when it was told to stop before it began. */
void luathread_body(const struct luathread_work *work, bool runs);

/* luathread_current - the running task; NULL when out of memory. May sleep. */
struct luathread *luathread_current(void);

bool luathread_is_current(const struct luathread *thread);
bool luathread_is_ours(const struct luathread *thread);	/* made by luathread_run() */
bool luathread_has_ended(const struct luathread *thread);

/* luathread_should_stop - whether the running task is a thread that was told to stop. Any context. */
bool luathread_should_stop(void);

/*
 * luathread_stop - tell a thread of ours, not the running one, to stop and wait for its end.
 * 0, or -EINTR when the caller was killed or told to stop meanwhile. May sleep.
 */
int luathread_stop(struct luathread *thread);

/*
 * luathread_abandon - tell a thread to stop and give it a moment to do so. May sleep.
 * luathread_get - another reference; luathread_put - give up the caller's.
 */
void luathread_abandon(struct luathread *thread);
struct luathread *luathread_get(struct luathread *thread);
void luathread_put(struct luathread *thread);

struct luathread_info {
	int cpu, pid, tgid;
	char command[16];
};
void luathread_inspect(const struct luathread *thread, struct luathread_info *info);

int luaopen_thread(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
