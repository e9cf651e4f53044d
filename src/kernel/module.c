// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/kernfs.h>
#include <linux/kmod.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/string.h>

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

bool lunatik_module_uses_us(const char *name)
{
	struct kernfs_node *link;

	if (!strcmp(name, THIS_MODULE->name))
		return true;
	/* /sys/module/lunatik/holders */
	link = kernfs_find_and_get(THIS_MODULE->holders_dir->sd, name);
	kernfs_put(link);
	return link;
}
