// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A Lua state in the kernel: its memory, its libraries, the run of its script, its end.
#include "state.hpp"
#include "kernel/log.h"
#include "kernel/watch.h"
#include "lunatik_core.h"

extern "C" {
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lualib.h"
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
}

namespace lunatik {

void Failure::say(int why, const char *format, ...)
{
	va_list arguments;

	code = why;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
}

State *state_of(lua_State *L)
{
	return *static_cast<State **>(lua_getextraspace(L));
}

Runtime *runtime_of(lua_State *L)
{
	return state_of(L)->runtime;
}

lunatik_door *own_door(lua_State *L)
{
	return state_of(L);
}

lunatik_gate *gate_of(lua_State *L)
{
	return state_of(L)->gate;
}

void **slots_of(lua_State *L)
{
	return state_of(L)->slots;
}

static bool may_sleep(const State *state)
{
	return !state->lock && (state->runtime->context == LUNATIK_PROCESS || state->phase != LUNATIK_READY);
}

bool may_sleep(lua_State *L)
{
	return may_sleep(state_of(L));
}

void check_may_wait(lua_State *L, const char *what)
{
	check_may_sleep(L, what);
	/* Whoever closes it has others to close. */
	if (state_of(L)->phase == LUNATIK_STOPPED)
		luaL_error(L, "'%s' may wait for long, which a runtime that ends must not", what);
}

void check_may_sleep(lua_State *L, const char *what)
{
	if (state_of(L)->lock)
		luaL_error(L, "'%s' may sleep, which a callback must not that is called with %s held", what,
			   state_of(L)->lock);
	if (!may_sleep(L))
		luaL_error(L, "'%s' may sleep, which a callback of a %s runtime must not", what,
			   context_name(context_of(runtime_of(L))));
}

lunatik_memory memory_of(const State *state)
{
	if (state->runtime->context == LUNATIK_PROCESS)
		return LUNATIK_MEMORY_LARGE;
	return may_sleep(state) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC;
}

lunatik_memory memory_of(lua_State *L)
{
	return memory_of(state_of(L));
}

/* Lua's allocator. Lua collects garbage and tries again when it fails, then raises an error. */
static void *resize(void *context, void *block, size_t old, size_t size)
{
	return heap_resize(static_cast<State *>(context), block, old, size);
}

/* Lua's warn(): off, as in a fresh lua(1). */
static void warn(void *, const char *, int)
{
}

static const luaL_Reg standard[] = {
	{ LUA_GNAME, luaopen_base },
	{ LUA_LOADLIBNAME, luaopen_package },
	{ LUA_COLIBNAME, luaopen_coroutine },
	{ LUA_TABLIBNAME, luaopen_table },
	{ LUA_STRLIBNAME, luaopen_string },
	{ LUA_MATHLIBNAME, open_math },
	{ LUA_UTF8LIBNAME, luaopen_utf8 },
	{ LUA_DBLIBNAME, luaopen_debug },
	{ "lunatik", luaopen_lunatik },
};

/* Globals that a state has from the start; a table grows to a power of two. */
static constexpr int globals = 34;

static int open_standard(lua_State *L)
{
	/* Nothing of what is made here is garbage, and the table of globals need not grow step by step. */
	lua_gc(L, LUA_GCSTOP);
	lua_createtable(L, 0, globals);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	for (const luaL_Reg &library : standard) {
		luaL_requiref(L, library.name, library.func, 1);
		lua_pop(L, 1);
	}
	/* What bindings keep in the registry must not be taken from under them. */
	lua_getglobal(L, LUA_DBLIBNAME);
	lua_pushnil(L);
	lua_setfield(L, -2, "getregistry");
	lua_pushcfunction(L, print);
	lua_setglobal(L, "print");
	lua_pushliteral(L, LUA_VERSION "-kernel");
	lua_setglobal(L, "_VERSION");
	open_libraries(L);
	/* The first collection comes when memory has doubled, as behind any other. */
	lua_gc(L, LUA_GCRESTART);
	lua_gc(L, LUA_GCSTEP, -lua_gc(L, LUA_GCCOUNT));
	return 0;
}

/* Takes the message on the stack's top as the reason of the failure, which has this status. */
static void fail(lua_State *L, int status, Failure &failure)
{
	const char *text = lua_tostring(L, -1);

	failure.say(status == LUA_ERRMEM ? -ENOMEM : -EINVAL, "%s", text ? text : "(the error is not a string)");
	lua_pop(L, 1);
}

State *state_new(Runtime *runtime, Failure &failure)
{
	State *state = static_cast<State *>(lunatik_memory_new(sizeof(State), LUNATIK_MEMORY_SLEEP));
	int status;

	failure.say(-ENOMEM, "%s: not enough memory for a new runtime", runtime->name);
	if (!state)
		return nullptr;
	state->runtime = runtime;
	state->phase = LUNATIK_LOADING;
	state->budget = runtime->limits.budget;
	state->heap.secret = static_cast<uintptr_t>(lunatik_random()) << 32 | lunatik_random();
	state->gate = lunatik_gate_new(runtime->context);
	state->account = account_new(runtime->limits.quota, runtime->maker);
	if (state->gate && state->account)
		state->L = lua_newstate(resize, state);
	if (!state->L) {
		state_free(state);
		return nullptr;
	}
	*static_cast<State **>(lua_getextraspace(state->L)) = state;
	state->stack_floor = lunatik_stack_floor();
	if (runtime->context == LUNATIK_HARDIRQ) {
		state->counts = true;
		luafast_interrupt(state->L); /* for good */
	}
	lua_setwarnf(state->L, warn, nullptr);
	lua_pushcfunction(state->L, open_standard);
	status = lua_pcall(state->L, 0, 0, 0);
	if (status != LUA_OK) {
		fail(state->L, status, failure);
		state_free(state);
		return nullptr;
	}
	return state;
}

const char task_key = 0;

/* load_script(path): the script as a function. */
static int load_script(lua_State *L)
{
	if (luaL_loadfilex(L, static_cast<const char *>(lua_touserdata(L, 1)), "t") != LUA_OK)
		return lua_error(L);
	return 1;
}

/* run_script(function): runs the script and keeps the function it returns, for runtime:resume(). */
static int run_script(lua_State *L)
{
	lua_call(L, 0, 1);
	if (lua_isfunction(L, -1)) {
		lua_State *task = lua_newthread(L);

		lua_insert(L, -2);
		lua_xmove(L, task, 1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &task_key);
	}
	return 0;
}

/* The guard, for what runs in the state before and after all events: a task, whatever its context. */
static void guard(State *state, unsigned int budget)
{
	state->stack_floor = lunatik_stack_floor();
	state->running = state->L;
	lunatik_watch_task(state, budget);
}

bool state_load(State *state, Failure &failure)
{
	lua_State *L = state->L;
	char path[256];
	int status;

	snprintf(path, sizeof(path), LUA_ROOT "%s.lua", state->runtime->name);
	guard(state, state->runtime->context == LUNATIK_PROCESS ? state->budget : lunatik_usual_budget(LUNATIK_PROCESS));
	lua_pushcfunction(L, traceback);
	lua_pushcfunction(L, run_script);
	lua_pushcfunction(L, load_script);
	lua_pushlightuserdata(L, path);
	/* Only what runs has a traceback that says anything. */
	status = lua_pcall(L, 1, 1, 0);
	if (status == LUA_OK)
		status = lua_pcall(L, 1, 0, 1);
	if (status != LUA_OK)
		fail(L, status, failure);
	lua_settop(L, 0);
	lunatik_unwatch_task(state);
	return status == LUA_OK;
}

void state_close(State *state)
{
	lua_State *L = state->L;

	__atomic_store_n(&state->closer, lunatik_this_task(), __ATOMIC_RELAXED);
	if (L) {
		guard(state, lunatik_usual_budget(LUNATIK_PROCESS));
		lua_close(L);
		lunatik_unwatch_task(state);
		state->L = nullptr;
	}
	heap_close(state);
	/* Only now: a finalizer may have called into any of them. */
	while (HeldModule *held = state->modules) {
		state->modules = held->next;
		lunatik_module_put(held->module);
		lunatik_memory_free(held);
	}
	__atomic_store_n(&state->closer, nullptr, __ATOMIC_RELAXED);
	lunatik_raise(&state->closed);
}

void state_free(State *state)
{
	state_close(state);
	if (state->gate)
		lunatik_gate_free(state->gate);
	if (state->account)
		account_put(state->account);
	lunatik_memory_free(state);
}

bool state_hold_module(State *state, struct module *module)
{
	HeldModule *held;

	for (held = state->modules; held; held = held->next)
		if (held->module == module)
			return true;
	held = static_cast<HeldModule *>(lunatik_memory_new(sizeof(*held), may_sleep(state) ? LUNATIK_MEMORY_SLEEP
											     : LUNATIK_MEMORY_ATOMIC));
	if (!held)
		return false;
	if (!lunatik_module_get(module)) {
		lunatik_memory_free(held);
		return false;
	}
	held->module = module;
	held->next = state->modules;
	state->modules = held;
	return true;
}

void push_traceback(lua_State *L, lua_State *thread, int level)
{
	int error = lua_gettop(L);
	const char *message = lua_tostring(L, error);

	if (!message) {
		if (luaL_callmeta(L, error, "__tostring") && lua_type(L, -1) == LUA_TSTRING)
			return;
		message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, error));
	}
	luaL_traceback(L, thread, message, level);
}

int traceback(lua_State *L)
{
	push_traceback(L, L, 1);
	return 1;
}

void log_error(lua_State *L, const char *text)
{
	Runtime *runtime = runtime_of(L);

	lunatik_log_error(runtime->name, text ? text : "(the error is no string)", &runtime->errors);
}

bool call(lua_State *L, int arguments, int results)
{
	int handler = lua_gettop(L) - arguments, status;

	/* Room for the handler and its message: without it, lua_insert() would not be safe. */
	if (!lua_checkstack(L, 2)) {
		luafast_judge(L, LUA_ERRMEM);
		lua_settop(L, handler - 1);
		log_error(L, "not enough memory");
		return false;
	}
	lua_pushcfunction(L, traceback);
	lua_insert(L, handler);
	status = lua_pcall(L, arguments, results, handler);
	if (status == LUA_OK) {
		lua_remove(L, handler);
		return true;
	}
	luafast_judge(L, status);
	log_error(L, lua_tostring(L, -1));
	lua_settop(L, handler - 1);
	return false;
}

} // namespace lunatik
