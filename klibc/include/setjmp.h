/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A jump over C frames. The code is klibc's, adapted by klibc/patches. */
#ifndef _KLIBC_SETJMP_H
#define _KLIBC_SETJMP_H

/* rbx, rsp, rbp, r12 to r15, return address */
typedef unsigned long klibc_jmp_buf[8];

int klibc_setjmp(klibc_jmp_buf buffer) __attribute__((returns_twice));
void klibc_longjmp(klibc_jmp_buf buffer, int value);

#endif
