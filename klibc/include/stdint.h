/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_STDINT_H
#define _KLIBC_STDINT_H

/* A C unit that includes Linux headers has the other types from there. */
#ifndef _LINUX_TYPES_H
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef unsigned long uintptr_t;
#endif
typedef long intptr_t;
#define INTPTR_MAX	LONG_MAX

#endif
