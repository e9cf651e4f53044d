/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel modules: kept loaded while in use, loaded on demand. */
#ifndef LUNATIK_KERNEL_MODULE_H
#define LUNATIK_KERNEL_MODULE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct module;

/* lunatik_module_get - false when the module is on its way out. Any context. */
bool lunatik_module_get(struct module *module);
void lunatik_module_put(struct module *module);

/*
 * lunatik_module_request - load the module that binds the library `name`, if there is one
 * (modprobe of the alias lunatik-lib-NAME). May sleep. Whether it helped shows in the registry.
 */
void lunatik_module_request(const char *name);

/* lunatik_module_uses_us - whether the module of this name is the core, or uses it. May sleep. */
bool lunatik_module_uses_us(const char *name);

#ifdef __cplusplus
}
#endif

#endif
