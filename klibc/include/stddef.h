/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_STDDEF_H
#define _KLIBC_STDDEF_H

#ifndef NULL
#ifdef __cplusplus
#define NULL	nullptr
#else
#define NULL	((void *)0)
#endif
#endif
#ifndef offsetof
#define offsetof(type, member)	__builtin_offsetof(type, member)
#endif
/* A C unit that includes Linux headers has these types from there. */
#ifndef _LINUX_TYPES_H
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
#endif

#endif
