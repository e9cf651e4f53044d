/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reading files for Lua, over the kernel's file-reading path (klibc/stdio.c). */
#ifndef _KLIBC_STDIO_H
#define _KLIBC_STDIO_H

#include <stddef.h>

typedef struct klibc_file FILE;

#define EOF	(-1)
#define BUFSIZ	256
/* There are no standard streams: a NULL name reads as a missing file. */
#define stdin	((FILE *)NULL)

/*
 * fopen - read the file at path whole. Only reading, only below LUA_ROOT, at most KLIBC_FILE_MAX
 * bytes. NULL and errno on failure. May sleep: in a context that must not, errno is EWOULDBLOCK.
 */
FILE *fopen(const char *path, const char *mode);
FILE *freopen(const char *path, const char *mode, FILE *f);
int fclose(FILE *f);
int getc(FILE *f);
size_t fread(void *buffer, size_t size, size_t count, FILE *f);
int feof(FILE *f);
int ferror(FILE *f);

int snprintf(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
