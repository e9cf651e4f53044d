/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The C API: load and run scripts, and call into them, from any kernel module.
 */
#ifndef LUNATIK_H
#define LUNATIK_H

#ifdef __KERNEL__
#ifndef __cplusplus
#include <linux/errno.h>
#include <linux/types.h>
#endif
#endif

#include "lua.h"
#include "lauxlib.h"
#include "setjmp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An object: a runtime, or any other kernel resource that Lua holds. It counts its references. */
typedef struct lunatik_object lunatik_object_t;

/*
 * lunatik_runtime - make a runtime and run the script /lib/modules/lua/SCRIPT.lua in it.
 * @pruntime: set to the runtime, whose one reference is the caller's
 * @script: the script's path below the script folder, without ".lua"
 * @sleep: true: the runtime is entered in process context and may sleep (mutex, GFP_KERNEL);
 *	   false: it is entered in softirq or process context and may not (spinlock, GFP_ATOMIC)
 *
 * Process context. Returns 0; -ENOMEM; -EPERM when the kernel is locked down; -EINVAL when the script
 * cannot be read, does not compile or raises an error, which then is in the kernel log.
 */
int lunatik_runtime(lunatik_object_t **pruntime, const char *script, bool sleep);

/*
 * lunatik_stop - close the Lua state of a runtime, waiting for an event that is inside, and give
 * up the caller's reference. Process context. Returns 1 when that released the runtime, else 0;
 * called from inside of the runtime it does nothing and returns 0.
 */
int lunatik_stop(lunatik_object_t *runtime);

/* lunatik_getobject - take another reference. Any context. */
void lunatik_getobject(lunatik_object_t *object);

/* lunatik_putobject - give up a reference. Any context. Returns 1 when it was the last, else 0. */
int lunatik_putobject(lunatik_object_t *object);

/* lunatik_toruntime - the runtime that a Lua state belongs to, without a reference. Any context. */
lunatik_object_t *lunatik_toruntime(lua_State *L);

/*
 * lunatik_run - call handler(L, ...) inside of a runtime, alone with its Lua state.
 * @runtime: the runtime; one that may sleep is entered in process context only
 * @handler: a function whose first parameter is the lua_State; what it leaves on the stack is popped
 * @ret: set to what the handler returns; to -ENXIO when the runtime has been stopped, or cannot be
 *	 entered because this very task is inside of it or was killed while it waited; to -ECANCELED
 *	 when the handler let a Lua error pass, which then is in the kernel log
 */
#define lunatik_run(runtime, handler, ret, ...)						\
do {											\
	struct lunatik_entry lunatik_entry_;						\
	lua_State *lunatik_L_ = lunatik_enter((runtime), &lunatik_entry_);		\
											\
	if (!lunatik_L_) {								\
		(ret) = -ENXIO;								\
	} else {									\
		if (!klibc_setjmp(lunatik_entry_.jump))					\
			(ret) = (handler)(lunatik_L_, ##__VA_ARGS__);			\
		else									\
			(ret) = -ECANCELED;						\
		lunatik_leave(&lunatik_entry_);						\
	}										\
} while (0)

/* For lunatik_run() only. */
struct lunatik_entry {
	void *previous;
	klibc_jmp_buf jump;
	void *storage[16];
};
lua_State *lunatik_enter(lunatik_object_t *runtime, struct lunatik_entry *entry);
void lunatik_leave(struct lunatik_entry *entry);

#ifdef __cplusplus
}
#endif

#endif
