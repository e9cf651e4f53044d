// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `lunatik` of Lua, and the tables that all runtimes share.
#include "state.hpp"
#include "lunatik_table.hpp"
#include "library.hpp"
#include "lunatik_core.h"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

/* lunatik._ENV, and in it the scripts that run, name to runtime, and the threads of those that were spawned. */
static Table *environment;
static Table *runtimes;
static Table *threads;

static const unsigned int environment_buckets = 64, runtimes_buckets = 256;

Runtime *find_script(const char *name, size_t length)
{
	Object *object = table_find_object(runtimes, name, length);

	return object && object->klass == &Handle::type ? static_cast<Handle *>(object)->runtime : nullptr;
}

const unsigned int *script_generation;

/* What a runtime counts in the quota of the one that makes it beside its memory: bytes, about. */
static const size_t runtime_cost = 4 << 10;

/* Whose script makes what is made now: nobody's when operators ask the driver for it. */
static const State *maker_of(lua_State *L)
{
	State *state = state_of(L);

	return state->runtime->spared ? nullptr : state;
}

/* The second argument of lunatik.runtime(): nothing or true, false, or words as in a script's header. */
static Options check_options(lua_State *L, int arg)
{
	Options options = {};

	switch (lua_type(L, arg)) {
	case LUA_TNONE:
	case LUA_TNIL:
		break;
	case LUA_TBOOLEAN:
		options.has_context = true;
		options.context = lua_toboolean(L, arg) ? LUNATIK_PROCESS : LUNATIK_SOFTIRQ;
		break;
	default: {
		size_t length, wrong_length = 0;
		const char *wrong = nullptr;
		const char *words = luaL_checklstring(L, arg, &length);

		if (!parse_header(words, length, options, wrong, wrong_length)) {
			lua_pushlstring(L, wrong, wrong_length);
			luaL_argerror(L, arg, lua_pushfstring(L, "unknown context '%s' (%s)", lua_tostring(L, -1),
							      header_words));
		}
	}
	}
	return options;
}

/// Makes a runtime, an isolated Lua state, and runs a script in it. It ends with the runtime that called this, whoever
/// else has it by then, or as soon as nobody has it. One that is in lunatik._ENV.runtimes by the name of its script, where
/// require("lunatik.runner").run() puts it, goes on: `lunatik list` shows it, and `lunatik stop` stops it.
/// @param script string the path below the script folder, with or without ".lua"
/// @param context? true (process), false (softirq), or words as in a script's first comment: process,
/// softirq, hardirq, percpu; budget=N milliseconds for one visit (1 to 3600000 in process context, 500 in
/// softirq, 100 in hardirq; also Nms, Ns), memory=N bytes for each state (65536 to 1073741824, 67108864 in
/// softirq and hardirq; also NK, NM, NG). A runtime that a script makes counts in that script's memory, too. What is not told is as the script says there, else process, with 5000 ms and 16M, or 10 ms (softirq),
/// 1 ms (hardirq) and 4M
/// @return runtime
/// Errors: no such script; it does not compile; it raises an error; no such context; not enough
/// memory; called where the code may not sleep.
/// Context: process, or while a script starts.
/// @function lunatik.runtime(script, context)
static int new_runtime(lua_State *L)
{
	size_t length;
	const char *script = luaL_checklstring(L, 1, &length);
	Options options = check_options(L, 2);
	Failure *failure;
	Keeper *keeper;
	Handle *handle;
	bool fits;
	Box *box;

	luaL_argcheck(L, strlen(script) == length, 1, "zero byte in the name of a script");
	check_may_wait(L, "lunatik.runtime");
	failure = static_cast<Failure *>(lua_newuserdatauv(L, sizeof(Failure), 0));
	keeper = new_keeper(L);
	box = push_box(L, Handle::type);
	handle = runtime_new(script, options, maker_of(L), *failure);
	if (!handle)
		return luaL_error(L, "%s", failure->text);
	box->object = handle;
	keep(keeper, handle->runtime);
	/* A finalizer could close it. */
	get(handle);
	fits = charge(L, handle, runtime_cost);
	if (!fits)
		collect_box(box);
	if (put(handle) || !fits)
		return luaL_error(L, "%s: not enough memory for a new runtime", script);
	return 1;
}

/* lunatik._ENV: made known when it is asked for, since its class then needs a metatable here. */
static int library_index(lua_State *L)
{
	const char *name = luaL_checkstring(L, 2);

	if (strcmp(name, "_ENV"))
		return 0;
	push(L, environment);
	lua_pushvalue(L, -1);
	lua_setfield(L, 1, "_ENV");
	return 1;
}

} // namespace lunatik

int luaopen_lunatik(lua_State *L)
{
	using namespace lunatik;
	static const luaL_Reg functions[] = {
		{ "runtime", new_runtime },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, library_index);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	return 1;
}

int lunatik_core_init(void)
{
	using namespace lunatik;

	if (!libraries_init())
		return -ENOMEM;
	environment = table_new(environment_buckets);
	runtimes = table_new(runtimes_buckets);
	threads = table_new(environment_buckets);
	if (!environment || !runtimes || !threads || table_set_object(environment, "runtimes", 8, runtimes) ||
	    table_set_object(environment, "threads", 7, threads)) {
		lunatik_core_exit();
		return -ENOMEM;
	}
	script_generation = &runtimes->generation;
	return 0;
}

void lunatik_core_exit(void)
{
	using namespace lunatik;

	if (environment)
		put(environment);
	if (runtimes)
		put(runtimes);
	if (threads)
		put(threads);
	environment = runtimes = threads = nullptr;
	lunatik_sweep();
	lunatik_defer_barrier();
	libraries_exit();
}
