/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_STDLIB_H
#define _KLIBC_STDLIB_H

#include <stddef.h>

/* Nothing in the kernel reads an environment: LUA_PATH and LUA_CPATH are not set. */
static inline char *getenv(const char *name)
{
	(void)name;
	return NULL;
}
/* Reached only by a Lua error outside every protected call, which the entry never allows. */
#define abort()		__builtin_trap()
#define abs(n)		__builtin_abs(n)

unsigned int klibc_seed(void);

#endif
