// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/module.h>

#include "../lunatik_core.h"
#include "klibc.h"
#include "stack.h"
#include "watch.h"

static int __init lunatik_init(void)
{
	int error = lunatik_stack_init();

	if (error)
		return error;
	klibc_init();
	lunatik_watch_init();
	error = lunatik_core_init();
	if (error) {
		lunatik_watch_exit();
		klibc_exit();
		lunatik_stack_exit();
	}
	return error;
}

static void __exit lunatik_exit(void)
{
	lunatik_core_exit();
	lunatik_watch_exit();
	klibc_exit();
	lunatik_stack_exit();
}

module_init(lunatik_init);
module_exit(lunatik_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua 5.4 in the kernel");
