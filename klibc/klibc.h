/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What this C library has beside the standard functions. */
#ifndef KLIBC_H
#define KLIBC_H

/* The folder of the scripts; the same as LUA_ROOT in lua/luaconf.h. */
#define KLIBC_ROOT	"/lib/modules/lua/"
/* A script is at most this long. */
#define KLIBC_FILE_MAX	(1 << 20)

/* Set-up and end, by the module's init and exit. Process context. */
void klibc_init(void);
void klibc_exit(void);

int klibc_errno(void);
unsigned int klibc_seed(void);
const char *strerror(int number);

#endif
