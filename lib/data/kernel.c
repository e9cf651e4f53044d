// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "kernel.h"
#include "lunatik_library.h"

static struct lunatik_library libraries[] = {
	{ .name = "data", .open = luaopen_data },
};
lunatik_libraries(libraries);

/* For bindings that show memory to Lua; C++ in include/lunatik_data.hpp. */
#define KIT(name)	void lunatik_kit_##name(void); EXPORT_SYMBOL(lunatik_kit_##name)
KIT(data_push_view);
KIT(data_push_buffer);
KIT(data_check_kind);
KIT(data_type_error);
extern const char lunatik_kit_data_kinds[];
EXPORT_SYMBOL(lunatik_kit_data_kinds);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of memory");
MODULE_ALIAS("lunatik-lib-data");
