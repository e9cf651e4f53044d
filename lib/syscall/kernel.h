/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The 64-bit system calls of the kernel: their names, numbers and functions. */
#ifndef LUASYSCALL_KERNEL_H
#define LUASYSCALL_KERNEL_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* By their names in asm/unistd.h without "__NR_"; ended by a null name. */
struct luasyscall {
	const char *name;
	unsigned int number;
};
extern const struct luasyscall luasyscall_names[];

/* Numbers are below this. */
extern const unsigned int luasyscall_count;

/* luasyscall_address - of the function of the call with this number, which is in range; or null. Any context. */
void *luasyscall_address(unsigned int number);

int luaopen_syscall(lua_State *L);
int luaopen_syscall_table(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
