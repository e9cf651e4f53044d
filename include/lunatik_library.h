/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * How a module offers libraries to require(). Used by each binding's kernel.c:
 *
 *	static struct lunatik_library libraries[] = {
 *		{ .name = "device", .open = luaopen_device },
 *	};
 *	lunatik_libraries(libraries);
 *	MODULE_ALIAS("lunatik-lib-device");
 */
#ifndef LUNATIK_LIBRARY_H
#define LUNATIK_LIBRARY_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lunatik_library {
	const char *name;
	lua_CFunction open;		/* as luaopen_NAME: returns the library on the stack */
	struct module *owner;
	struct lunatik_library *next;
};

/* A constant of the kernel by the name that Lua gives it. */
struct lunatik_constant {
	const char *name;
	lua_Integer value;
};

/*
 * lunatik_library_add - offer a library. 0, or -EEXIST when one has that name already.
 * lunatik_library_remove - withdraw it. No runtime uses it then: each holds the module.
 * Process context.
 */
int lunatik_library_add(struct lunatik_library *library);
void lunatik_library_remove(struct lunatik_library *library);

#ifdef __cplusplus
}
#endif

#if defined(MODULE) && !defined(__cplusplus)
#include <linux/module.h>

/* What a module offers, all or nothing: for modules whose init does more, else lunatik_libraries(). */
static inline void lunatik_libraries_remove(struct lunatik_library *libraries, unsigned int count)
{
	while (count--)
		lunatik_library_remove(&libraries[count]);
}

static inline int lunatik_libraries_add(struct lunatik_library *libraries, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		int error;

		libraries[i].owner = THIS_MODULE;
		error = lunatik_library_add(&libraries[i]);
		if (error) {
			lunatik_libraries_remove(libraries, i);
			return error;
		}
	}
	return 0;
}

/* The module's init and exit, for modules that offer libraries and do nothing else. */
#define lunatik_libraries(table)						\
	static int __init lunatik_libraries_init(void)				\
	{									\
		return lunatik_libraries_add(table, ARRAY_SIZE(table));		\
	}									\
	static void __exit lunatik_libraries_exit(void)				\
	{									\
		lunatik_libraries_remove(table, ARRAY_SIZE(table));		\
	}									\
	module_init(lunatik_libraries_init);					\
	module_exit(lunatik_libraries_exit)
#endif

#endif
