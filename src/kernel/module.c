// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/kmod.h>
#include <linux/module.h>

#include "module.h"

bool lunatik_module_get(struct module *module)
{
	return try_module_get(module);
}

void lunatik_module_put(struct module *module)
{
	module_put(module);
}

void lunatik_module_request(const char *name)
{
	request_module("lunatik-lib-%s", name);
}
