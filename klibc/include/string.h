/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The string functions that Lua uses; all are the kernel's own. */
#ifndef _KLIBC_STRING_H
#define _KLIBC_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memchr(const void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
char *strcpy(char *d, const char *s);
size_t strcspn(const char *s, const char *reject);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strncmp(const char *a, const char *b, size_t n);
char *strpbrk(const char *s, const char *accept);
char *strrchr(const char *s, int c);
size_t strspn(const char *s, const char *accept);
char *strstr(const char *s, const char *find);
#define strcoll(a, b)	strcmp(a, b)
/* The message of an errno value; one static string for each, "error N" is not among them. */
const char *strerror(int number);

#ifdef __cplusplus
}
#endif

#endif
