/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_ERRNO_H
#define _KLIBC_ERRNO_H

/* The last error of fopen(), positive. Set before each call of the stdio functions that report it. */
#define errno (*klibc_errno())
int *klibc_errno(void);

#endif
