/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_LOCALE_H
#define _KLIBC_LOCALE_H
/* Empty: nothing of it is used in the kernel. */
#endif
