// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The guard of time as src/kernel/watch.c has it, on a clock that counts what Lua does.
#include "clock.hpp"
#include "support.hpp"
#include "fast.h"
#include "kernel/watch.h"

#include <algorithm>
#include <vector>

extern "C" {
extern unsigned long fuzz_ticks, fuzz_alarm;
void fuzz_interrupt(void);

void __real_lunatik_watch_task(lunatik_door *door, unsigned int budget);
void __real_lunatik_unwatch_task(lunatik_door *door);
void __real_lunatik_watch_cpu(lunatik_door *door);
void __real_lunatik_unwatch_cpu(lunatik_door *door);
void __real_lunatik_watch_clock(lunatik_door *door);
void __real_lunatik_unwatch_clock(lunatik_door *door);
}

namespace {

/* How often an interrupt comes, beside the ends of visits: more time than it takes to describe one's end. */
const unsigned long period = 3000;
/* What a millisecond of each context is: all contexts have about as much to do by default. */
const unsigned long process_ticks = 4, softirq_ticks = 1000, hardirq_ticks = 10000;
const unsigned long visit_max = 40000;

struct Timed {
	lunatik_door *door;
	unsigned long deadline;
	bool task, asks;		/* it sleeps and lets others run; no interrupt comes */
};
/* The latest last. */
thread_local std::vector<Timed> visits;

void tell(lunatik_door *door)
{
	door->age |= LUNATIK_STOPPING | (door->shared ? 0 : LUNATIK_BREACHED);
	if (door->stack_floor != ~0UL)
		door->former_floor = door->stack_floor;
	if (door->phase != LUNATIK_STOPPED)
		door->stack_floor = ~0UL;
	if (door->running)
		luafast_interrupt(static_cast<lua_State *>(door->running));
}

void begin(lunatik_door *door, unsigned long wanted, bool task, bool asks)
{
	unsigned long left = wanted = std::min(wanted, visit_max);

	if (!visits.empty()) {
		unsigned long end = visits.back().deadline, rest = end > fuzz_ticks ? end - fuzz_ticks : 0;

		left = std::min(left, rest - rest / 16);
	}
	door->shared = left < wanted;
	visits.push_back({ door, fuzz_ticks + left, task, asks });
	fuzz_alarm = std::min(fuzz_alarm, fuzz_ticks + left);
}

void end(lunatik_door *door)
{
	if (visits.empty() || visits.back().door != door)
		fuzz::finding("visits end in another order than they began in");
	visits.pop_back();
}

} // namespace

void fuzz_interrupt(void)
{
	fuzz_alarm = fuzz_ticks + period;
	for (Timed &visit : visits) {
		lunatik_door *door = visit.door;

		if (visit.asks)
			continue;
		if (fuzz_ticks >= visit.deadline) {
			tell(door);
			continue;
		}
		fuzz_alarm = std::min(fuzz_alarm, visit.deadline);
		if (visit.task && door->running && !door->counts) {
			door->age |= LUNATIK_RELAXING;
			luafast_interrupt(static_cast<lua_State *>(door->running));
		}
	}
}

extern "C" {

void __wrap_lunatik_watch_task(lunatik_door *door, unsigned int budget)
{
	__real_lunatik_watch_task(door, budget);
	begin(door, budget == LUNATIK_NO_BUDGET ? visit_max : budget * process_ticks, true, false);
}

void __wrap_lunatik_unwatch_task(lunatik_door *door)
{
	end(door);
	__real_lunatik_unwatch_task(door);
}

void __wrap_lunatik_watch_cpu(lunatik_door *door)
{
	__real_lunatik_watch_cpu(door);
	begin(door, door->budget * softirq_ticks, false, false);
}

void __wrap_lunatik_unwatch_cpu(lunatik_door *door)
{
	end(door);
	__real_lunatik_unwatch_cpu(door);
}

void __wrap_lunatik_watch_clock(lunatik_door *door)
{
	__real_lunatik_watch_clock(door);
	begin(door, door->budget * hardirq_ticks, false, true);
}

void __wrap_lunatik_unwatch_clock(lunatik_door *door)
{
	end(door);
	__real_lunatik_unwatch_clock(door);
}

bool __wrap_lunatik_clock_over(lunatik_door *door)
{
	for (Timed &visit : visits) {
		if (visit.door == door && fuzz_ticks >= visit.deadline) {
			tell(door);
			return true;
		}
	}
	return false;
}

} // extern "C"

unsigned long fuzz::ticks()
{
	return fuzz_ticks;
}

void fuzz::start_clock()
{
	fuzz_ticks = 0;
	fuzz_alarm = period;
}
