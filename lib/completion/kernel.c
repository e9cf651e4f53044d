// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Completions of the kernel. */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "kernel/gate.h"
#include "kernel/watch.h"
#include "kernel.h"
#include "lunatik_library.h"

static_assert(sizeof(struct completion) <= sizeof(struct luacompletion));

static struct completion *kernels(struct luacompletion *completion)
{
	return (struct completion *)completion->storage;
}

void luacompletion_init(struct luacompletion *completion)
{
	init_completion(kernels(completion));
}

void luacompletion_complete(struct luacompletion *completion)
{
	complete(kernels(completion));
}

/* How long who urges a runtime may have to wait for it. */
#define LOOK	(HZ / 4)

int luacompletion_wait(struct luacompletion *completion, long long timeout, struct lunatik_gate *gate)
{
	long limit = timeout == LUACOMPLETION_FOREVER ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(timeout);
	long slice, left = 0;

	if (!limit)
		return try_wait_for_completion(kernels(completion));
	for (; limit > 0 && !left; limit -= slice) {
		if (lunatik_gate_is_urged(gate)) {
			left = -EINTR;
			break;
		}
		slice = min_t(long, limit, LOOK);
		left = wait_for_completion_interruptible_timeout(kernels(completion), slice);
	}
	lunatik_woken();
	return left > 0 ? 1 : left < 0 ? -1 : 0;
}

static struct lunatik_library libraries[] = {
	{ .name = "completion", .open = luaopen_completion },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of completions");
MODULE_ALIAS("lunatik-lib-completion");
