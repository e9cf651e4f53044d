/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_SIGNAL_H
#define _KLIBC_SIGNAL_H
/* Empty: nothing of it is used in the kernel. */
#endif
