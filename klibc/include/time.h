/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_TIME_H
#define _KLIBC_TIME_H
/* Empty: nothing of it is used in the kernel. */
#endif
