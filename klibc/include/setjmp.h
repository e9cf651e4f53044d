/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A jump over C frames. The code is klibc's, adapted by klibc/patches. */
#ifndef _KLIBC_SETJMP_H
#define _KLIBC_SETJMP_H

/* rbx, rsp, rbp, r12 to r15, return address */
typedef unsigned long klibc_jmp_buf[8];

int klibc_setjmp(klibc_jmp_buf buffer) __attribute__((returns_twice));
void klibc_longjmp(klibc_jmp_buf buffer, int value);

/* klibc_forget - a debug kernel is told that the frames a jump leaves are no longer there. */
#ifdef CONFIG_KASAN_STACK
void __asan_allocas_unpoison(void *top, long bottom);
#define klibc_forget(buffer) do {							\
	void *klibc_here;								\
											\
	__asm__("mov %%rsp, %0" : "=r"(klibc_here));					\
	__asan_allocas_unpoison(klibc_here, (long)(buffer)[1]);			\
} while (0)
#else
#define klibc_forget(buffer)	((void)0)
#endif

#endif
