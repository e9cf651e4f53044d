/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * memcpy() for Lua, which copies many short strings: the kernel's is a call, and where the CPU has FSRM moves each
 * byte on its own.
 */
#ifndef LUNATIK_COPY_H
#define LUNATIK_COPY_H

#include <stddef.h>
#include <stdint.h>

#define COPY_WORD(type, to, from)	__builtin_memcpy(to, from, sizeof(type))
/* From here on the CPU's own instruction is the faster. */
#define COPY_LONG	128

static inline void *luai_copy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (n < 16) {
		if (n >= 8) {
			COPY_WORD(uint64_t, t, f);
			COPY_WORD(uint64_t, t + n - 8, f + n - 8);
		} else if (n >= 4) {
			COPY_WORD(uint32_t, t, f);
			COPY_WORD(uint32_t, t + n - 4, f + n - 4);
		} else if (n) {
			t[0] = f[0];
			t[n / 2] = f[n / 2];
			t[n - 1] = f[n - 1];
		}
		return to;
	}
	/* The end overlaps what is copied before it. */
	COPY_WORD(uint64_t, t + n - 16, f + n - 16);
	COPY_WORD(uint64_t, t + n - 8, f + n - 8);
	if (n >= COPY_LONG) {
		size_t words = n / 8;

		asm volatile("rep movsq" : "+D"(t), "+S"(f), "+c"(words) : : "memory");
		return to;
	}
	for (; n > 16; n -= 16, t += 16, f += 16) {
		COPY_WORD(uint64_t, t, f);
		COPY_WORD(uint64_t, t + 8, f + 8);
	}
	return to;
}

#define memcpy(to, from, n) \
	(__builtin_constant_p(n) ? __builtin_memcpy(to, from, n) : luai_copy(to, from, n))

#endif
