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

#ifdef MODULE
/* The module's init and exit, for modules that offer libraries and do nothing else. */
#define lunatik_libraries(table)						\
	static void lunatik_libraries_remove(unsigned int count)		\
	{									\
		while (count--)							\
			lunatik_library_remove(&(table)[count]);		\
	}									\
	static int __init lunatik_libraries_init(void)				\
	{									\
		unsigned int i;							\
		int error;							\
										\
		for (i = 0; i < ARRAY_SIZE(table); i++) {			\
			(table)[i].owner = THIS_MODULE;				\
			error = lunatik_library_add(&(table)[i]);		\
			if (error) {						\
				lunatik_libraries_remove(i);			\
				return error;					\
			}							\
		}								\
		return 0;							\
	}									\
	static void __exit lunatik_libraries_exit(void)				\
	{									\
		lunatik_libraries_remove(ARRAY_SIZE(table));			\
	}									\
	module_init(lunatik_libraries_init);					\
	module_exit(lunatik_libraries_exit)
#endif

#endif
