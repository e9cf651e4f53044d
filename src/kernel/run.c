// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The module lunatik_run: /dev/lunatik for as long as it is loaded, by the script driver.lua. */
#include <linux/module.h>

#include "../lunatik_core.h"
#include "lunatik.h"

static lunatik_object_t *driver;

static int __init lunatik_run_init(void)
{
	int error = lunatik_runtime(&driver, "driver", true);

	if (!error)
		lunatik_spare(driver);
	return error;
}

static void __exit lunatik_run_exit(void)
{
	lunatik_stop(driver);
	lunatik_sweep();
}

module_init(lunatik_run_init);
module_exit(lunatik_run_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("The driver of /dev/lunatik, in Lua");
MODULE_SOFTDEP("pre: luadevice luarcu luathread lualinux");
