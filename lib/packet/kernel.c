// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "kernel.h"
#include "lunatik_library.h"

static struct lunatik_library libraries[] = {
	{ .name = "packet", .open = luaopen_packet },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua library that reads packets");
MODULE_ALIAS("lunatik-lib-packet");
