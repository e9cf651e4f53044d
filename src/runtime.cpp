// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Runtimes: made from a script, entered by events, resumed from Lua, stopped.
#include "state.hpp"
#include "lunatik_core.h"
#include "parcel.hpp"
#include "kernel/lockdown.h"
#include "kernel/watch.h"

extern "C" {
#include <errno.h>
#include <stdio.h>
#include <string.h>
}

namespace lunatik {

/* Loading a script needs this much of the stack above the floor, and so does closing a state. */
static const size_t loading_stack = 2048 + 2048 * LUNATIK_STACK_SCALE;

static bool has_stack()
{
	return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) >= lunatik_stack_floor() + loading_stack;
}

/* Its loader and events look at it without the other's lock, and runtime:info() without any. */
static lunatik_phase phase_of(const State *state)
{
	return __atomic_load_n(&state->phase, __ATOMIC_ACQUIRE);
}

static void set_phase(State *state, lunatik_phase phase)
{
	__atomic_store_n(&state->phase, phase, __ATOMIC_RELEASE);
}

static int runtime_stop_method(lua_State *L);
static int runtime_info(lua_State *L);

/* In a worker. One runtime that is busy does not keep the others waiting: its turn comes again. */
static void stop_deferred(lunatik_deferred *deferred)
{
	Runtime *runtime = reinterpret_cast<Runtime *>(deferred);

	if (runtime_stop(runtime, Wait::Momentarily) == -EBUSY)
		lunatik_defer_slow(&runtime->deferred);
	else
		drop(runtime);
}

/*
 * The last reference is gone, maybe from inside of the runtime, or deep on a stack: it then is stopped
 * in a worker.
 */
static void handle_release(Object *object)
{
	Runtime *runtime = static_cast<Handle *>(object)->runtime;

	runtime->handle = nullptr;
	if (!has_stack() || runtime_stop(runtime, Wait::Never)) {
		runtime->deferred.run = stop_deferred;
		lunatik_defer_slow(&runtime->deferred);
	} else {
		drop(runtime);
	}
}

static const luaL_Reg methods[] = {
	{ "stop", runtime_stop_method },
	{ "resume", runtime_resume },
	{ "info", runtime_info },
	{ nullptr, nullptr },
};

const Class Handle::type = {
	.name = "runtime",
	.size = sizeof(Handle),
	.methods = methods,
	.release = handle_release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = true,
	.owner = &__this_module,
};

void hold(Runtime *runtime)
{
	__atomic_fetch_add(&runtime->holds, 1, __ATOMIC_RELAXED);
}

static void runtime_free(lunatik_deferred *deferred)
{
	Runtime *runtime = reinterpret_cast<Runtime *>(deferred);

	for (unsigned int i = 0; i < runtime->count; i++)
		if (runtime->states[i])
			state_free(runtime->states[i]);
	account_put(runtime->maker);
	lunatik_net_forget(runtime->net);
	lunatik_memory_free(runtime->states);
	lunatik_memory_free(runtime);
}

void drop(Runtime *runtime)
{
	if (__atomic_sub_fetch(&runtime->holds, 1, __ATOMIC_ACQ_REL))
		return;
	runtime->deferred.run = runtime_free;
	lunatik_defer_slow(&runtime->deferred);
}

const char *name_of(const Runtime *runtime)
{
	return runtime->name;
}

lunatik_context context_of(const Runtime *runtime)
{
	return runtime->context;
}

const lunatik_net *net_of(lua_State *L)
{
	const Runtime *runtime = runtime_of(L);

	return runtime->spared ? nullptr : runtime->net;
}

int cpu_of(lua_State *L)
{
	const State *state = state_of(L);
	const Runtime *runtime = state->runtime;

	for (unsigned int i = 0; runtime->percpu && i < runtime->count; i++)
		if (runtime->states[i] == state)
			return static_cast<int>(i);
	return -1;
}

/* --- entering --------------------------------------------------------------------------- */

static int enter_gate(lunatik_gate *gate, lunatik_context context, Wait wait)
{
	switch (wait) {
	case Wait::Briefly:
		return lunatik_gate_enter_briefly(gate, context == LUNATIK_PROCESS ? 5000 : 1);
	case Wait::Momentarily:
		return lunatik_gate_enter_briefly(gate, context == LUNATIK_PROCESS ? 50 : 1);
	case Wait::Never:
		return lunatik_gate_enter_briefly(gate, 0);
	default:
		return lunatik_gate_enter(gate, wait == Wait::Killable);
	}
}

/* The guard of time, for a visit in the state's own context. */
static void watch(State *state, lunatik_context context, bool limited)
{
	state->running = state->L;
	switch (context) {
	case LUNATIK_PROCESS:
		lunatik_watch_task(state, limited ? state->budget : LUNATIK_NO_BUDGET);
		break;
	case LUNATIK_SOFTIRQ:
		lunatik_watch_cpu(state);
		break;
	case LUNATIK_HARDIRQ:
		lunatik_watch_clock(state);
		break;
	}
}

static void unwatch(State *state, lunatik_context context)
{
	switch (context) {
	case LUNATIK_PROCESS:
		lunatik_unwatch_task(state);
		break;
	case LUNATIK_SOFTIRQ:
		lunatik_unwatch_cpu(state);
		break;
	case LUNATIK_HARDIRQ:
		lunatik_unwatch_clock(state);
		break;
	}
	if (state->record)
		lunatik_settle(state);
}

void enter(Visit &visit, Runtime *runtime, Wait wait, bool limited)
{
	unsigned int cpu = lunatik_pin(runtime->context, &visit.pin);
	State *state = __atomic_load_n(&runtime->states[runtime->percpu ? cpu : 0], __ATOMIC_ACQUIRE);

	visit.L = nullptr;
	visit.state = state;
	visit.context = runtime->context;
	visit.error = state ? enter_gate(state->gate, runtime->context, wait) : -ENXIO;
	if (!visit.error) {
		if (__builtin_expect(phase_of(state) == LUNATIK_READY, 1)) {
			state->stack_floor = lunatik_stack_floor();
			visit.L = state->L;
			watch(state, visit.context, limited);
			return;
		}
		lunatik_gate_leave(state->gate);
		visit.error = -ENXIO;
	}
	lunatik_unpin(visit.context, &visit.pin);
}

void leave(Visit &visit)
{
	if (!visit.L)
		return;
	unwatch(visit.state, visit.context);
	lunatik_gate_leave(visit.state->gate);
	lunatik_unpin(visit.context, &visit.pin);
}

uint64_t hurry(lua_State *L, unsigned int milliseconds, const char *lock)
{
	State *state = state_of(L);

	state->lock = lock;
	return lunatik_watch_hurry(state, milliseconds);
}

void unhurry(lua_State *L, uint64_t deadline)
{
	State *state = state_of(L);

	lunatik_watch_unhurry(state, deadline);
	state->lock = nullptr;
}

lunatik_door *door_of(Runtime *runtime, unsigned int cpu)
{
	if (runtime->context != LUNATIK_SOFTIRQ)
		return nullptr;
	return __atomic_load_n(&runtime->states[runtime->percpu ? cpu : 0], __ATOMIC_ACQUIRE);
}

/* --- stopping --------------------------------------------------------------------------- */

/* Waits, for some seconds at most, until the Lua state that another has shut is closed. */
static int wait_closed(const State *state, Wait wait)
{
	if (__atomic_load_n(&state->closer, __ATOMIC_RELAXED) == lunatik_this_task())
		return -EDEADLK;
	if (wait == Wait::Never)
		return 0;
	lunatik_wait_until(&state->closed);
	return 0;
}

/* Shuts one state to events, waiting for the one that is inside: 0; 1 when another has; -EINTR. */
static int shut(Runtime *runtime, State *state, Wait wait)
{
	struct lunatik_pin pin;
	int error;

	lunatik_gate_urge(state->gate);
	lunatik_pin(runtime->context, &pin);
	error = enter_gate(state->gate, runtime->context, wait);
	if (!error) {
		error = phase_of(state) == LUNATIK_STOPPED || phase_of(state) == LUNATIK_LOADING;
		set_phase(state, LUNATIK_STOPPED);
		lunatik_gate_leave(state->gate);
	}
	lunatik_unpin(runtime->context, &pin);
	lunatik_gate_calm(state->gate);
	return error;
}

static bool is_inside(Runtime *runtime)
{
	for (unsigned int i = 0; i < runtime->count; i++)
		if (runtime->states[i] && lunatik_gate_inside(runtime->states[i]->gate))
			return true;
	return false;
}

int runtime_stop(Runtime *runtime, Wait wait)
{
	if (is_inside(runtime))
		return -EDEADLK;
	for (unsigned int i = 0; i < runtime->count; i++) {
		State *state = runtime->states[i];
		int error = state ? shut(runtime, state, wait) : 1;

		/* The Lua state is closed by whoever shut it; the rest waits for the last hold. */
		if (!error)
			state_close(state);
		else if (error > 0 && state)
			error = wait_closed(state, wait);
		if (error < 0)
			return error;
	}
	return 0;
}

/* Nobody else need know of a thread that is inside. */
static void evict(Runtime *runtime)
{
	for (unsigned int i = 0; runtime->context == LUNATIK_PROCESS && i < runtime->count; i++)
		if (runtime->states[i])
			lunatik_watch_evict(runtime->states[i]);
}

static void end(lunatik_deferred *deferred)
{
	Runtime *runtime = reinterpret_cast<Runtime *>(reinterpret_cast<char *>(deferred) - offsetof(Runtime, end));

	if (runtime_stop(runtime, Wait::Momentarily) == -EBUSY) {
		evict(runtime);
		lunatik_defer_slow(&runtime->end);
	} else {
		drop(runtime);
	}
}

/* In a worker, once. */
static void end_later(Runtime *runtime)
{
	if (__atomic_exchange_n(&runtime->ends, true, __ATOMIC_RELAXED))
		return;
	hold(runtime);
	runtime->end.run = end;
	lunatik_defer_slow(&runtime->end);
}

/* Nothing enters the state from here on; the rest is a worker's. */
static void condemn(State *state)
{
	Runtime *runtime = state->runtime;

	set_phase(state, LUNATIK_CONDEMNED);
	if (__atomic_exchange_n(&runtime->condemned, true, __ATOMIC_RELAXED))
		return;
	lunatik_log_error(runtime->name, "stopped: it went over its limits again and again", nullptr);
	end_later(runtime);
}

/* --- ending with its maker -------------------------------------------------------------- */

static bool has_ended(const Runtime *runtime)
{
	for (unsigned int i = 0; i < runtime->count; i++)
		if (runtime->states[i] && !__atomic_load_n(&runtime->states[i]->closed, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

bool is_listed(const Runtime *runtime)
{
	bool listed;

	lunatik_rcu_read_lock();
	listed = find_script(runtime->name, strlen(runtime->name)) == runtime;
	lunatik_rcu_read_unlock();
	return listed;
}

/* Those that outlived their maker since they are listed, each with a hold; a list that anybody may take whole. */
static Runtime *adopted;

static void adopt(Runtime *runtime)
{
	runtime->next_adopted = __atomic_load_n(&adopted, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&adopted, &runtime->next_adopted, runtime, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* Ends a runtime, and gives up the hold, unless it is listed. */
static void end_unlisted(Runtime *runtime)
{
	if (has_ended(runtime)) {
		drop(runtime);
	} else if (is_listed(runtime)) {
		adopt(runtime);
	} else {
		if (!has_stack() || runtime_stop(runtime, Wait::Never))
			end_later(runtime);
		drop(runtime);
	}
}

static void keeper_release(Object *object)
{
	Runtime *runtime = static_cast<Keeper *>(object)->runtime;

	if (!runtime)
		return;
	end_unlisted(runtime);
	/* For the others that have ended since */
	lunatik_sweep();
}

const Class Keeper::type = {
	.name = "keeper of a runtime",
	.size = sizeof(Keeper),
	.release = keeper_release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* In a state's registry: the set of its keepers. */
static const char keepers_key = 0;

/* Pushes the set, without those whose runtime has ended. Raises. */
static void push_keepers(lua_State *L)
{
	push_set<Keeper>(L, &keepers_key, [L](const Keeper *keeper) {
		if (keeper && keeper->runtime && !has_ended(keeper->runtime))
			return false;
		collect_box(static_cast<Box *>(lua_touserdata(L, -1)));
		return true;
	});
}

Keeper *new_keeper(lua_State *L)
{
	Keeper *keeper;

	push_keepers(L);
	keeper = push_new<Keeper>(L);
	lua_pushboolean(L, true);
	lua_rawset(L, -3);
	lua_pop(L, 1);
	return keeper;
}

void keep(Keeper *keeper, Runtime *runtime)
{
	hold(runtime);
	keeper->runtime = runtime;
}

/* --- making ----------------------------------------------------------------------------- */

/* Script names are paths below the script folder, without ".lua". */
static bool is_script_name(const char *name, size_t length)
{
	if (!length || length > 200 || name[0] == '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (static_cast<unsigned char>(name[i]) <= ' ')
			return false;
		if (name[i] == '.' && name[i + 1] == '.')
			return false;
	}
	return true;
}

static Runtime *runtime_allocate(const char *script, size_t length, const Options &options, const State *maker)
{
	unsigned int count = options.percpu ? lunatik_cpu_count() : 1;
	Runtime *runtime = static_cast<Runtime *>(lunatik_memory_new(sizeof(Runtime) + length + 1,
								     LUNATIK_MEMORY_SLEEP));

	if (!runtime)
		return nullptr;
	runtime->states = static_cast<State **>(lunatik_memory_new(count * sizeof(State *), LUNATIK_MEMORY_SLEEP));
	if (!runtime->states) {
		lunatik_memory_free(runtime);
		return nullptr;
	}
	runtime->net = maker ? lunatik_net_share(maker->runtime->net) : lunatik_net_current();
	if (!runtime->net) {
		lunatik_memory_free(runtime->states);
		lunatik_memory_free(runtime);
		return nullptr;
	}
	runtime->holds = 1;
	runtime->context = options.context;
	runtime->percpu = options.percpu;
	runtime->count = count;
	runtime->limits = options.limits;
	if (maker) {
		runtime->maker = maker->account;
		account_get(maker->account);
	}
	lunatik_log_limit_init(&runtime->errors);
	memcpy(runtime->name, script, length);
	return runtime;
}

/* Makes one state and runs the script in it. Events that come meanwhile wait, or find no runtime. */
static bool load_one(Runtime *runtime, unsigned int index, Failure &failure)
{
	State *state = state_new(runtime, failure);
	bool waits = runtime->context == LUNATIK_PROCESS;
	bool loaded;

	if (!state)
		return false;
	/* Nobody knows of it yet. */
	if (waits)
		lunatik_gate_enter_briefly(state->gate, 0);
	__atomic_store_n(&runtime->states[index], state, __ATOMIC_RELEASE);
	loaded = state_load(state, failure);
	set_phase(state, loaded ? LUNATIK_READY : LUNATIK_STOPPED);
	if (waits)
		lunatik_gate_leave(state->gate);
	if (!loaded)
		state_close(state);
	return loaded;
}

Handle *runtime_new(const char *script, const Options &given, const State *maker, Failure &failure)
{
	size_t length = strlen(script);
	Options options = given;
	Runtime *runtime;
	Handle *handle;
	char path[256];

	if (length > 4 && !strcmp(script + length - 4, ".lua"))
		length -= 4;
	if (!is_script_name(script, length)) {
		failure.say(-EINVAL, "'%.200s' is not a script name: give its path below " LUA_ROOT
			    " without '..'", script);
		return nullptr;
	}
	if (lunatik_locked_down()) {
		failure.say(-EPERM, "%s: the kernel is locked down, and so loads no scripts; see kernel_lockdown(7)", script);
		return nullptr;
	}
	if (!has_stack()) {
		failure.say(-ENOMEM, "%s: too many runtimes are being made inside of each other", script);
		return nullptr;
	}
	snprintf(path, sizeof(path), LUA_ROOT "%.*s.lua", static_cast<int>(length), script);
	if (!given.has_context || !given.limits.budget || !given.limits.quota) {
		if (!read_header(path, options, failure))
			return nullptr;
		override_options(options, given);
	}
	if (!complete_options(options, script, failure))
		return nullptr;

	failure.say(-ENOMEM, "%s: not enough memory for a new runtime", script);
	runtime = runtime_allocate(script, length, options, maker);
	if (!runtime)
		return nullptr;
	handle = static_cast<Handle *>(lunatik_memory_new(sizeof(Handle), LUNATIK_MEMORY_SLEEP));
	if (!handle || !lunatik_module_get(Handle::type.owner)) {
		lunatik_memory_free(handle);
		drop(runtime);
		return nullptr;
	}
	handle->klass = &Handle::type;
	handle->owner = Handle::type.owner;
	handle->references = 1;
	handle->runtime = runtime;
	runtime->handle = handle;
	for (unsigned int i = 0; i < runtime->count; i++) {
		if (runtime->percpu && !lunatik_cpu_possible(i))
			continue;
		if (!load_one(runtime, i, failure)) {
			put(handle);
			return nullptr;
		}
	}
	return handle;
}

/* --- resuming --------------------------------------------------------------------------- */

/* resume_task(parcel): resumes the task with the values, returns what it returns. */
static int resume_task(lua_State *L)
{
	lua_State *task;
	int count, results, status;

	switch (lua_rawgetp(L, LUA_REGISTRYINDEX, &task_key)) {
	case LUA_TTHREAD:
		break;
	case LUA_TBOOLEAN:
		return luaL_error(L, "cannot resume dead coroutine: the function of %s has ended", name_of(runtime_of(L)));
	default:
		return luaL_error(L, "%s returned no function to resume", name_of(runtime_of(L)));
	}
	task = lua_tothread(L, -1);
	count = parcel_unpack(L);
	if (!lua_checkstack(task, count))
		return luaL_error(L, "too many values");
	lua_xmove(L, task, count);
	status = lua_resume(task, L, count, &results);
	if (status != LUA_YIELD) {
		lua_pushboolean(L, false);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &task_key);
	}
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(task, L, 1);
		push_traceback(L, task, 0);
		lua_resetthread(task);
		return lua_error(L);
	}
	luaL_checkstack(L, results, "too many results");
	lua_xmove(task, L, results);
	return results;
}

Runtime *check_runtime(lua_State *L, int arg)
{
	return check<Handle>(L, arg)->runtime;
}

/* Resumes the task inside of the runtime. What it returned, or the message, is in `back`. */
static int resume_inside(Runtime *runtime, Wait wait, Parcel *there, Parcel *&back)
{
	Entry entry(runtime, wait);
	int base, status;

	if (entry.error)
		return entry.error;
	base = lua_gettop(entry.L);
	lua_pushcfunction(entry.L, resume_task);
	lua_pushlightuserdata(entry.L, there);
	status = lua_pcall(entry.L, 1, LUA_MULTRET, 0);
	luafast_judge(entry.L, status);
	back = parcel_pack(entry.L, base + 1, lua_gettop(entry.L) - base);
	lua_settop(entry.L, base);
	return status;
}

/* What is the matter when a runtime cannot be entered. */
static const char *entry_error(int error)
{
	return error == -EDEADLK ? "is running already" : error == -EINTR ? "is busy (interrupted)" :
	       error == -EBUSY ? "is busy" : "is stopped";
}

/// Calls the function that the script returned, or goes on behind its yield.
/// @param ... nil, booleans, integers, strings and shared objects
/// @return ... what it returned or yielded; what cannot be shared is nil
/// Errors: those of the function; it has ended; the script returned none; the runtime is stopped,
/// percpu, or running this very call; a value cannot be shared; not enough memory.
/// Context: process for a process runtime, else any.
/// @function runtime:resume(...)
int runtime_resume(lua_State *L)
{
	Runtime *runtime = check_runtime(L, 1);
	int count = lua_gettop(L) - 1, status, unpacked;
	/* Two that wait for each other would for ever; a process never waits for what holds a spinlock. */
	Wait wait = may_sleep(L) && runtime->context != LUNATIK_PROCESS ? Wait::Killable : Wait::Briefly;
	Parcel *there, *back = nullptr;

	if (runtime->context == LUNATIK_PROCESS)
		check_may_wait(L, "resume");
	if (!may_sleep(L) && runtime->context < context_of(runtime_of(L)))
		luaL_error(L, "a callback of a hardirq runtime cannot enter a softirq runtime");
	if (runtime->percpu)
		luaL_error(L, "%s runs on each CPU: a percpu runtime cannot be resumed", runtime->name);
	for (int i = 2; i <= count + 1; i++)
		luaL_argcheck(L, is_shareable(L, i), i,
			      "nil, boolean, integer, string or shared object expected");
	luaL_checkstack(L, 4, "too many values");

	there = parcel_pack(L, 2, count);
	status = there ? resume_inside(runtime, wait, there, back) : LUA_ERRMEM;
	parcel_free(there);
	if (status < 0)
		return luaL_error(L, "%s %s", runtime->name, entry_error(status));
	if (!back)
		return luaL_error(L, "not enough memory");
	lua_settop(L, 1);
	lua_pushcfunction(L, parcel_unpack);
	lua_pushlightuserdata(L, back);
	unpacked = lua_pcall(L, 1, LUA_MULTRET, 0);
	parcel_free(back);
	if (unpacked == LUA_OK && status != LUA_OK && !lua_isstring(L, -1))
		return luaL_error(L, "%s: the error is no string", runtime->name);
	if (status != LUA_OK || unpacked != LUA_OK)
		return lua_error(L);
	return lua_gettop(L) - 1;
}

void run_task(Runtime *runtime)
{
	Parcel nothing = {};
	Entry entry(runtime, Wait::Killable, false);

	if (!entry.L)
		return;
	lua_pushcfunction(entry.L, resume_task);
	lua_pushlightuserdata(entry.L, &nothing);
	call(entry.L, 1, 0);
}

/// Closes the Lua state, after the event that is inside, and with it all that the script made.
/// Errors: called inside of it; called where the code may not sleep.
/// Context: process.
/// @function runtime:stop()
static int runtime_stop_method(lua_State *L)
{
	Runtime *runtime = check_runtime(L, 1);
	int error;

	check_may_sleep(L, "stop");
	if (!has_stack())
		return luaL_error(L, "stack overflow");
	/* A packet's callback never waits for this one; a process runtime may be resuming it. */
	error = runtime_stop(runtime, runtime->context == LUNATIK_PROCESS ? Wait::Briefly : Wait::Always);
	if (error == -EDEADLK)
		return luaL_error(L, "%s cannot stop itself while it runs", runtime->name);
	if (error)
		return luaL_error(L, "%s %s", runtime->name, entry_error(error));
	return collect(L);
}

/// What is known of a runtime.
/// @return table: script (string), context (string), percpu (boolean), running (boolean), memory and
/// quota (integer bytes in use and at most, the latter for each state), budget (integer milliseconds for
/// one visit), breaches (integer visits that ended for going over a limit), condemned (boolean: it was
/// stopped for its breaches), netns (integer number of the network namespace it acts in, as
/// /proc/PID/ns/net shows it; nil when that has ended)
/// Context: any.
/// @function runtime:info()
static int runtime_info(lua_State *L)
{
	lua_Integer used = 0, breaches = 0;
	unsigned int netns;
	bool running = false;
	const char *context;
	Runtime *runtime;

	check_runtime(L, 1);
	lua_createtable(L, 0, 10);
	/* Only now, and its name last: the collector may run a finalizer that gives it up. */
	runtime = check_runtime(L, 1);
	for (unsigned int i = 0; i < runtime->count; i++) {
		const State *state = runtime->states[i];

		if (state)
			breaches += __atomic_load_n(&state->breaches, __ATOMIC_RELAXED);
		if (state && phase_of(state) == LUNATIK_READY) {
			running = true;
			used += static_cast<lua_Integer>(account_used(state->account));
		}
	}
	netns = lunatik_net_number(runtime->net);
	lua_pushinteger(L, used);
	lua_setfield(L, -2, "memory");
	lua_pushinteger(L, static_cast<lua_Integer>(runtime->limits.quota));
	lua_setfield(L, -2, "quota");
	lua_pushinteger(L, runtime->limits.budget);
	lua_setfield(L, -2, "budget");
	lua_pushinteger(L, breaches);
	lua_setfield(L, -2, "breaches");
	lua_pushboolean(L, __atomic_load_n(&runtime->condemned, __ATOMIC_RELAXED));
	lua_setfield(L, -2, "condemned");
	lua_pushboolean(L, running);
	lua_setfield(L, -2, "running");
	lua_pushboolean(L, runtime->percpu);
	lua_setfield(L, -2, "percpu");
	if (netns) {
		lua_pushinteger(L, netns);
		lua_setfield(L, -2, "netns");
	}
	context = context_name(runtime->context);
	lua_pushstring(L, runtime->name);
	lua_setfield(L, -2, "script");
	lua_pushstring(L, context);
	lua_setfield(L, -2, "context");
	return 1;
}

} // namespace lunatik

void lunatik_sweep(void)
{
	using namespace lunatik;
	Runtime *runtime = __atomic_exchange_n(&adopted, nullptr, __ATOMIC_ACQUIRE);

	while (runtime) {
		Runtime *next = runtime->next_adopted;

		end_unlisted(runtime);
		runtime = next;
	}
}

void lunatik_settle(lunatik_door *door)
{
	using namespace lunatik;
	State *state = static_cast<State *>(door);

	if (!(state->age & LUNATIK_BREACHED)) {
		if (state->streak)
			state->streak--;
		return;
	}
	/* Only this CPU writes it; runtime:info() reads it from others. */
	__atomic_store_n(&state->breaches, state->breaches + 1, __ATOMIC_RELAXED);
	state->streak += breach_weight;
	if (state->streak >= breaches_max * breach_weight && !state->runtime->spared && phase_of(state) == LUNATIK_READY)
		condemn(state);
}
