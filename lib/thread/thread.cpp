// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `thread`: kernel threads that run the function which a runtime's script returned.
#include "lunatik.hpp"
#include "kernel.h"

namespace lunatik {

struct Thread : Object {
	static const Class type;
	luathread *kernel;
	bool keeps;			/* its release stops the thread: thread.run() made it */
};

static void release(Object *object)
{
	Thread *thread = static_cast<Thread *>(object);

	if (!thread->kernel)
		return;
	if (thread->keeps)
		luathread_abandon(thread->kernel);
	luathread_put(thread->kernel);
}

/// Tells the thread to stop, so that thread.shouldstop() is true there, wakes it, ends its
/// interruptible and killable waits now and from then on, and waits until its function has returned
/// and it has exited. A function that has not returned after half a second is ended by an error.
/// A thread that has ended, by itself or not, is stopped already. A thread that was itself told to
/// stop waits at most a second here for one that others told before it did.
/// Errors: the thread is the running one; it was not made by thread.run(); the caller was killed or
/// told to stop while it waited, which leaves the thread told, and stop() can be called again;
/// called where the code may not sleep.
/// Context: process. Kernel: send_sig(), kthread_stop().
/// @function thread:stop()
static int stop(lua_State *L)
{
	luathread *thread = check<Thread>(L, 1)->kernel;

	check_may_sleep(L, "thread:stop");
	if (!luathread_is_ours(thread))
		return luaL_error(L, "the thread was not made by thread.run(), so it cannot be stopped");
	if (luathread_is_current(thread))
		return luaL_error(L, "a thread cannot stop itself: return from its function");
	if (luathread_stop(thread))
		return luaL_error(L, "the wait for the thread's end was interrupted");
	return 0;
}

/// What the kernel knows of the thread, which may have ended meanwhile.
/// @return table with the integers cpu, pid and tgid, and the string command: the name
/// Context: process. Kernel: struct task_struct.
/// @function thread:task()
static int task(lua_State *L)
{
	luathread_info info;

	luathread_inspect(check<Thread>(L, 1)->kernel, &info);
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, info.cpu);
	lua_setfield(L, -2, "cpu");
	lua_pushstring(L, info.command);
	lua_setfield(L, -2, "command");
	lua_pushinteger(L, info.pid);
	lua_setfield(L, -2, "pid");
	lua_pushinteger(L, info.tgid);
	lua_setfield(L, -2, "tgid");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "stop", stop },
	{ "task", task },
	{ nullptr, nullptr },
};

const Class Thread::type = {
	.name = "thread",
	.size = sizeof(Thread),
	.extra = 20 << 10, /* its stack, mostly */
	.methods = methods,
	.release = release,
	.sleeps = true,
	.release_sleeps = true,
	.shared = true,
	.owner = &__this_module,
};

/* --- the threads of a state ------------------------------------------------------------- */

/* Ends a thread with the state that made it, whoever else has it by then. */
struct Keeper : Object {
	static const Class type;
	luathread *kernel;
	Runtime *runtime;		/* that it runs; held */
};

static void release_keeper(Object *object)
{
	Keeper *keeper = static_cast<Keeper *>(object);

	if (!keeper->kernel)
		return;
	if (!luathread_has_ended(keeper->kernel) && !is_listed(keeper->runtime))
		luathread_abandon(keeper->kernel);
	luathread_put(keeper->kernel);
	drop(keeper->runtime);
}

const Class Keeper::type = {
	.name = "keeper of a thread",
	.size = sizeof(Keeper),
	.release = release_keeper,
	.sleeps = true,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* In a state's registry: the threads it made, by their keepers, so that they run as long as it does. */
static const char threads_key = 0;

/* Pushes them, without those that have ended. Raises. */
static void push_threads(lua_State *L)
{
	push_set<Keeper>(L, &threads_key, [](const Keeper *keeper) {
		return !keeper || !keeper->kernel || luathread_has_ended(keeper->kernel);
	});
}

/* --- the library ------------------------------------------------------------------------ */

/* Raises unless a thread can run in the runtime of argument `arg`. */
static void check_runnable(lua_State *L, int arg)
{
	Runtime *runtime = check_runtime(L, arg);

	luaL_argcheck(L, context_of(runtime) == LUNATIK_PROCESS, arg, "a thread needs a process runtime");
	lua_getfield(L, arg, "info");
	lua_pushvalue(L, arg);
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "running");
	luaL_argcheck(L, lua_toboolean(L, -1), arg, "the runtime is stopped");
	lua_pop(L, 2);
}

/// Starts a kernel thread that runs the function which the runtime's script returned, until it
/// returns or yields; its error is logged. The thread keeps the runtime, and runs even if the object
/// returned here is not kept. It is told to stop when the runtime that called run() has ended, unless
/// its runtime is a script that `lunatik list` shows, or when the object is closed (<close>) and no
/// other runtime has it; that waits for it a second at most.
/// Stop the thread before its runtime: runtime:stop() does not tell it, and waits for it.
/// @param runtime runtime of process context, running
/// @param name string as ps(1) shows it; cut after 15 bytes
/// @return thread
/// Errors: the runtime is stopped or of another context; called in a runtime of another context;
/// not enough memory.
/// Context: process. Kernel: kthread_create().
/// @function thread.run(runtime, name)
static int run(lua_State *L)
{
	luathread_work work;
	const char *name;
	Thread *thread;
	Keeper *keeper;
	int error;

	check_runnable(L, 1);
	name = luaL_checkstring(L, 2);
	lua_settop(L, 2);
	thread = push_new<Thread>(L);
	push_threads(L);
	keeper = push_new<Keeper>(L);
	/* From here on no finalizer runs, which could close the runtime's object. */
	work.runtime = check_runtime(L, 1);
	work.object = to_object(L, 1);
	lua_pushvalue(L, 5);
	lua_pushvalue(L, 3);
	lua_rawset(L, 4);
	get(static_cast<Object *>(work.object));
	error = luathread_run(&thread->kernel, name, &work);
	if (error) {
		put(static_cast<Object *>(work.object));
		return luaL_error(L, "cannot make the thread '%s' (error %d)", name, -error);
	}
	thread->keeps = true;
	keeper->kernel = luathread_get(thread->kernel);
	keeper->runtime = static_cast<Runtime *>(work.runtime);
	hold(keeper->runtime);
	lua_settop(L, 3);
	return 1;
}

/// Whether the running thread was told to stop; false where that is no thread of thread.run().
/// @return boolean
/// Context: any.
/// @function thread.shouldstop()
static int shouldstop(lua_State *L)
{
	lua_pushboolean(L, luathread_should_stop());
	return 1;
}

/// The running task, which need not be a thread of thread.run(). This object does not keep it running.
/// @return thread
/// Errors: called in a runtime that is not of process context; not enough memory.
/// Context: process. Kernel: current.
/// @function thread.current()
static int current(lua_State *L)
{
	Thread *thread = push_new<Thread>(L);

	thread->kernel = luathread_current();
	if (!thread->kernel)
		return luaL_error(L, "not enough memory");
	return 1;
}

} // namespace lunatik

void luathread_body(const luathread_work *work, bool runs)
{
	if (runs)
		lunatik::run_task(static_cast<lunatik::Runtime *>(work->runtime));
	lunatik::put(static_cast<lunatik::Object *>(work->object));
}

int luaopen_thread(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "run", lunatik::run },
		{ "shouldstop", lunatik::shouldstop },
		{ "current", lunatik::current },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
