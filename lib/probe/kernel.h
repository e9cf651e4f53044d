/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel probes: their registration, and when one of them may call Lua. */
#ifndef LUAPROBE_KERNEL_H
#define LUAPROBE_KERNEL_H

#include <stdbool.h>

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What of a function is probed. */
enum luaprobe_point { LUAPROBE_PRE, LUAPROBE_POST, LUAPROBE_RET, LUAPROBE_POINTS };

#define LUAPROBE_ARGUMENTS	6	/* of a function, in registers */

struct pt_regs;

/* What a handler sees of one event: there only as long as the event. */
struct luaprobe_event {
	enum luaprobe_point point;
	struct pt_regs *registers;
	const unsigned long *arguments;	/* at the function's entry, for RET; else null */
};

struct luaprobe;

/* At most so many calls of a function are waited for to return; others are missed. */
#define LUAPROBE_RETURNS	256
/* About what the kernel holds for one, and more for RET. */
#define LUAPROBE_SIZE		1024
#define LUAPROBE_RETURNS_SIZE	(LUAPROBE_RETURNS * 128)

#define LUAPROBE_NAME_MAX	127	/* bytes of a symbol */

/*
 * luaprobe_new - probe the function of this name, or else what is at this address, at the points in the
 * mask `points` (1 << LUAPROBE_PRE, ...). `cpu` is the only one whose events count, or -1.
 * 0; -ENOENT no such symbol; -EINVAL and others where the kernel allows no probe; -EPERM where no
 * return may be probed; -ENOMEM. From then on, luaprobe_run() is called with `owner`. May sleep.
 */
int luaprobe_new(struct luaprobe **made, void *owner, const char *symbol, void *address, unsigned int points, int cpu);

/* luaprobe_free - unregister it, and wait for events that are inside. May sleep. */
void luaprobe_free(struct luaprobe *probe);

/* luaprobe_enable - whether events call luaprobe_run() from now on. Any context. */
void luaprobe_enable(struct luaprobe *probe, bool enabled);

/* luaprobe_missed - the events for which luaprobe_run() could not be called, or did not run. Any context. */
unsigned long luaprobe_missed(const struct luaprobe *probe);

/*
 * luaprobe_run - call the handler, if the runtime can be entered. False when somebody else has been inside of it
 * for too long. The caller cannot be moved to another CPU, and holds no lock that an interrupt could want.
 */
bool luaprobe_run(void *owner, const struct luaprobe_event *event);

/* luaprobe_argument - argument n, from 0, of the function. */
unsigned long luaprobe_argument(const struct luaprobe_event *event, unsigned int n);

/* luaprobe_result - what the function returns, for RET. */
unsigned long luaprobe_result(const struct luaprobe_event *event);

/*
 * luaprobe_syscall_argument - argument n, from 0, of the system call whose function is probed. False when the
 * function is none of a 64-bit system call.
 */
bool luaprobe_syscall_argument(const struct luaprobe_event *event, unsigned int n, unsigned long *value);

/* luaprobe_show - have a worker write the registers and the calls on the stack to the log. */
void luaprobe_show(const struct luaprobe_event *event);

int luaopen_probe(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
