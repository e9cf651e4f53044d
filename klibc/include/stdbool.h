/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_STDBOOL_H
#define _KLIBC_STDBOOL_H

/* A C unit that includes Linux headers has the type from there. */
#if !defined(__cplusplus) && !defined(_LINUX_TYPES_H)
#define bool	_Bool
#define true	1
#define false	0
#endif

#endif
