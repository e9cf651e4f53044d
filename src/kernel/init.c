// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "../lunatik_core.h"

static int __init lunatik_init(void)
{
	return lunatik_core_init();
}

static void __exit lunatik_exit(void)
{
	lunatik_core_exit();
}

module_init(lunatik_init);
module_exit(lunatik_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua 5.4 in the kernel");
