/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* klibc's setjmp by the host's, which the sanitizers know. */
#ifndef HOST_SETJMP_H
#define HOST_SETJMP_H

#include_next <setjmp.h>

typedef jmp_buf klibc_jmp_buf;
#define klibc_setjmp(buffer)	_setjmp(buffer)

#endif
