// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lua programs made at random from the API (program.cpp), in runtimes of all contexts, with small quotas and
// budgets, on small stacks, out of memory. An input is text: Lua scripts "a", "b" and so on, and in it
//	-- file NAME		what follows is that script
//	-- lunatik: ...		as the first line of a script: its context, memory and budget
//	-- fail N [onwards]	the Nth allocation fails, or all from it on
//	-- stack BYTES		of the machine's stack for all visits
// Scripts a and b are run; then, twice, what they returned is resumed, their function event() called, and a
// packet sent to their XDP callback.
#include "support.hpp"
#include "clock.hpp"
#include "program.hpp"
#include "lunatik_data.hpp"
#include "lunatik_table.hpp"
#include "kernel/watch.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>

using namespace lunatik;

/* --- the library fuzz ---------------------------------------------------------------------- */

/* shown(string, f): calls f(view) with a view of a copy of the string. */
static int fuzz_shown(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	Data *view = data_push_view(L);
	char *bytes = static_cast<char *>(malloc(size));
	int status;

	std::copy(text, text + size, bytes);
	data_show(view, bytes, size);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, -2);
	status = lua_pcall(L, 1, 1, 0);
	data_hide(view);
	put(view);
	free(bytes);
	return status == LUA_OK ? 1 : lua_error(L);
}

/* foreign(size, byte): a full userdata that is none of Lunatik's, of such bytes. */
static int fuzz_foreign(lua_State *L)
{
	size_t size = static_cast<size_t>(luaL_checkinteger(L, 1)) % 40;

	memset(lua_newuserdatauv(L, size, static_cast<int>(size & 1)), static_cast<int>(luaL_checkinteger(L, 2)), size);
	return 1;
}

/* fail(n): the nth allocation from now on fails. */
static int fuzz_fail(lua_State *L)
{
	kernel::fail_allocation(static_cast<unsigned long>(luaL_checkinteger(L, 1)), kernel::Then::Works);
	return 0;
}

static int luaopen_fuzz(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "shown", fuzz_shown },
		{ "foreign", fuzz_foreign },
		{ "fail", fuzz_fail },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}

static lunatik_library library = { "fuzz", luaopen_fuzz, &__this_module, nullptr };

/* --- a run --------------------------------------------------------------------------------- */

namespace {

/* In each script, behind its first comment. */
const char prelude[] = "data, rcu, lunatik, xdp, fuzz = require('data'), require('rcu'), require('lunatik'), require('xdp'), "
		       "require('fuzz') ";

struct Plan {
	unsigned long failing = 0;
	kernel::Then then = kernel::Then::Works;
	size_t stack = 16 << 10;
};

/* Takes an input apart. */
Plan parse(const std::string &input)
{
	std::istringstream lines(input);
	std::string line, name = "a", words;
	bool comment = true;
	Plan plan;

	while (std::getline(lines, line)) {
		std::istringstream parts(line);

		if (line.compare(0, 8, "-- file ") == 0) {
			name = line.substr(8, 1);
			comment = true;
			continue;
		}
		if (line.compare(0, 8, "-- fail ") == 0) {
			parts.ignore(8) >> plan.failing >> words;
			plan.then = words == "onwards" ? kernel::Then::Fails : kernel::Then::Works;
		} else if (line.compare(0, 9, "-- stack ") == 0) {
			parts.ignore(9) >> plan.stack;
			plan.stack = std::clamp<size_t>(plan.stack, 6000, 64 << 10);
		}
		std::string &script = fuzz::files[name + ".lua"];

		if (comment && line.compare(0, 2, "--")) {
			script += prelude;
			comment = false;
		}
		script += line + "\n";
	}
	return plan;
}

/* As bpf_luaxdp_run() does. */
void send_packet(const std::string &name, unsigned int cpu)
{
	std::unique_ptr<unsigned char[]> argument(new unsigned char[4]());
	fuzz::Frame frame(100, cpu);
	luaxdp_cache cache = {};
	kernel::Softirq softirq;
	kernel::Reader reader;
	lunatik_door *door;

	cache.cpu = cpu;
	door = luaxdp_door(&cache, name.c_str(), name.size() + 1);
	if (!door || lunatik_gate_inside(door->gate))
		return;
	lunatik_gate_enter(door->gate, false);
	if (door->phase == LUNATIK_READY) {
		door->stack_floor = lunatik_stack_floor();
		lunatik_watch_cpu(door);
		(cpu ? luaxdp_run_in_pieces : luaxdp_run)(door, &frame, argument.get(), 4);
		lunatik_unwatch_cpu(door);
		if (door->record)
			lunatik_settle(door);
	}
	lunatik_gate_leave(door->gate);
}

/* event(1, "event"), inside of the runtime */
int call_event(lua_State *L)
{
	if (lua_getglobal(L, "event") != LUA_TFUNCTION)
		return 0;
	lua_pushinteger(L, 1);
	lua_pushliteral(L, "event");
	lua_call(L, 2, 0);
	return 0;
}

void send_event(Handle *handle)
{
	Entry entry(handle->runtime);

	if (!entry.L)
		return;
	lua_pushcfunction(entry.L, call_event);
	call(entry.L, 0, 0);
}

void resume(Handle *handle)
{
	if (!handle->runtime->percpu)
		run_task(handle->runtime);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const std::string names[] = { "a", "b" };
	std::vector<Handle *> handles;
	fuzz::Core core;

	core.offer(library);
	Plan plan = parse(std::string(reinterpret_cast<const char *>(bytes), size));
	/* What is said nowhere else ends what grows. */
	kernel::set_memory(8 << 20);
	kernel::StackLimit limit(plan.stack);

	kernel::fail_allocation(plan.failing, plan.then);
	for (const std::string &name : names) {
		Handle *handle = core.make(name);

		if (handle) {
			table_set_object(fuzz::scripts(), name.data(), name.size(), handle);
			handles.push_back(handle);
		}
		fuzz::settle();
		fuzz::check_reports();
	}
	for (unsigned int round = 0; round < 2; round++) {
		kernel::run_on(round);
		for (Handle *handle : handles) {
			send_event(handle);
			fuzz::settle();
			resume(handle);
			fuzz::settle();
			send_packet(name_of(handle->runtime), round);
			fuzz::settle();
			fuzz::check_reports();
		}
	}
	for (Handle *handle : handles) {
		/* From where it may not sleep, too */
		std::unique_ptr<kernel::Softirq> softirq(handle == handles[0] ? new kernel::Softirq : nullptr);

		put(handle);
	}
	return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);

static size_t give(const std::string &program, uint8_t *bytes, size_t most)
{
	size_t size = std::min(program.size(), most);

	std::copy_n(program.begin(), size, bytes);
	return size;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned int seed)
{
	fuzz::Chance chance(seed);

	/* Now and then any bytes, for the compiler */
	if (chance() % 20 == 0)
		return LLVMFuzzerMutate(bytes, size, most);
	return give(fuzz::mutate(std::string(reinterpret_cast<char *>(bytes), size), chance), bytes, most);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
					    uint8_t *bytes, size_t most, unsigned int seed)
{
	fuzz::Chance chance(seed);

	return give(fuzz::cross(std::string(reinterpret_cast<const char *>(one), one_size),
				std::string(reinterpret_cast<const char *>(other), other_size), chance), bytes, most);
}
