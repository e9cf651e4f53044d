// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lua's unit with a clock in it: every branch that Lua takes for unlikely is a tick of it, so that the guard
// of time interrupts a script anywhere, and at the same place each time. See clock.cpp.
#define LUA_UNIT
#define LUA_CORE
#define LUA_LIB
#include "luaconf.h"

unsigned long fuzz_ticks, fuzz_alarm = ~0UL;
void fuzz_interrupt(void);

static inline int fuzz_tick(void)
{
	if (__builtin_expect(++fuzz_ticks >= fuzz_alarm, 0))
		fuzz_interrupt();
	return 0;
}

#undef luai_unlikely
#define luai_unlikely(x)	(fuzz_tick(), __builtin_expect(((x) != 0), 0))

#include "../../lua/unit.c"
