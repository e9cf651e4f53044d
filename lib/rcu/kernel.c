// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "kernel.h"
#include "lunatik_library.h"

static struct lunatik_library libraries[] = {
	{ .name = "rcu", .open = luaopen_rcu },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of read-copy update");
MODULE_ALIAS("lunatik-lib-rcu");
