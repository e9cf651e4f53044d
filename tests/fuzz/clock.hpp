/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Time for the guard of time: ticks of Lua's own (lua.c), so that one input takes as long each time. */
#ifndef FUZZ_CLOCK_HPP
#define FUZZ_CLOCK_HPP

namespace fuzz {

/* Ticks since the last start. */
unsigned long ticks();
void start_clock();

} // namespace fuzz

#endif
