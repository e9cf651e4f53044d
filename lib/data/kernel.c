// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "kernel.h"
#include "lunatik_library.h"

static struct lunatik_library libraries[] = {
	{ .name = "data", .open = luaopen_data },
};
lunatik_libraries(libraries);

/* For bindings that show memory to Lua; C++ in include/lunatik_data.hpp. */
void lunatik_kit_data_push_view(void);
EXPORT_SYMBOL(lunatik_kit_data_push_view);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of memory");
MODULE_ALIAS("lunatik-lib-data");
