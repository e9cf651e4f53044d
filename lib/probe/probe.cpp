// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `probe`: Lua functions that are called where the kernel is.
#include "lunatik.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

/* The registers of the event that a probe's handler is called for. */
struct Registers : Object {
	static const Class type;
	const luaprobe_event *event;	/* null outside of the handler */
};

struct Probe : Object {
	static const Class type;
	luaprobe *kernel;		/* null until it is registered */
	Runtime *runtime;		/* held from then on */
	Registers *registers;
	bool enabled;
	/* Registry references */
	int handlers[LUAPROBE_POINTS];	/* LUA_NOREF where there is none */
	int target, show, view;
};

/* --- events ----------------------------------------------------------------------------- */

/* Calls the handler. Inside of the runtime. */
static void run(lua_State *L, Probe *probe, const luaprobe_event *event)
{
	int handler = probe->handlers[event->point];

	if (!probe->enabled || handler == LUA_NOREF)
		return;
	lua_rawgeti(L, LUA_REGISTRYINDEX, handler);
	lua_rawgeti(L, LUA_REGISTRYINDEX, probe->target);
	lua_rawgeti(L, LUA_REGISTRYINDEX, probe->show);
	lua_rawgeti(L, LUA_REGISTRYINDEX, probe->view);
	/* It may stop the probe, which is freed later, but not the object of its registers. */
	Registers *registers = probe->registers;

	registers->event = event;
	call(L, 3, 0);
	registers->event = nullptr;
}

/* How often a millisecond is waited for another CPU: a virtual one may be paused while it is inside. */
static const int patience = 100;

} // namespace lunatik

bool luaprobe_run(void *owner, const luaprobe_event *event)
{
	using namespace lunatik;
	Probe *probe = static_cast<Probe *>(owner);

	for (int i = 0; i < patience; i++) {
		Entry entry(probe->runtime, Wait::Briefly);

		if (entry.L)
			run(entry.L, probe, event);
		/* Being loaded or ended, it is to miss nothing. */
		if (entry.error != -EBUSY)
			return !entry.error || entry.error == -ENXIO;
	}
	return false;
}

namespace lunatik {

/* --- registers -------------------------------------------------------------------------- */

static const luaprobe_event *check_event(lua_State *L, int arg)
{
	const luaprobe_event *event = check<Registers>(L, arg)->event;

	if (!event)
		luaL_error(L, "the registers are gone: they are there during the handler only");
	return event;
}

static unsigned int check_number(lua_State *L)
{
	lua_Integer n = check_integer(L, 2);

	luaL_argcheck(L, n >= 1 && n <= LUAPROBE_ARGUMENTS, 2, "number of an argument out of range (1 to 6)");
	return static_cast<unsigned int>(n - 1);
}

/// An argument of the probed function, as it was called: in `pre`, and in `post` if the function's first
/// instruction leaves it alone; in `ret`, where it was kept from the call.
/// @param n integer number of the argument, 1 to 6, of those that are integers or pointers
/// @return integer all 64 bits of its register; of an argument with fewer bits, the rest means nothing
/// Errors: n out of range; called outside of the handler.
/// Context: hardirq. Kernel: regs_get_kernel_argument().
/// @function registers:arg(n)
static int arg(lua_State *L)
{
	const luaprobe_event *event = check_event(L, 1);

	return luafast_return(L, static_cast<lua_Integer>(luaprobe_argument(event, check_number(L))));
}

/// What the probed function returns.
/// @return integer all 64 bits of its register; of a result with fewer bits, the rest means nothing
/// Errors: called in another handler than `ret`, or outside of it.
/// Context: hardirq. Kernel: regs_return_value().
/// @function registers:result()
static int result(lua_State *L)
{
	const luaprobe_event *event = check_event(L, 1);

	if (event->point != LUAPROBE_RET)
		return luaL_error(L, "the function has not returned yet: its result is there in the handler 'ret' only");
	return luafast_return(L, static_cast<lua_Integer>(luaprobe_result(event)));
}

/// An argument of the system call whose function (__x64_sys_NAME, see syscall.address()) is probed: that one
/// has a single argument of its own, the registers that user space called with.
/// @param n integer number of the argument, 1 to 6
/// @return integer
/// Errors: n out of range; the function is none of a 64-bit system call; called outside of the handler.
/// Context: hardirq. Kernel: task_pt_regs().
/// @function registers:syscall(n)
static int syscall_argument(lua_State *L)
{
	const luaprobe_event *event = check_event(L, 1);
	unsigned long value;

	if (!luaprobe_syscall_argument(event, check_number(L), &value))
		return luaL_error(L, "the probed function is none of a 64-bit system call: use arg()");
	return luafast_return(L, static_cast<lua_Integer>(value));
}

static const luaL_Reg registers_methods[] = {
	{ "arg", arg },
	{ "result", result },
	{ "syscall", syscall_argument },
	{ nullptr, nullptr },
};

const Class Registers::type = {
	.name = "probe.registers",
	.size = sizeof(Registers),
	.methods = registers_methods,
	.release = nullptr,
	.sleeps = false,
	.release_sleeps = false,
	.shared = false,
	.owner = &__this_module,
};

/* show(): the closure that handlers get; its upvalue is the object of the registers. */
static int show(lua_State *L)
{
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	luaprobe_show(check_event(L, 1));
	return 0;
}

/* --- the class -------------------------------------------------------------------------- */

static void release(Object *object)
{
	Probe *probe = static_cast<Probe *>(object);

	if (probe->kernel) {
		luaprobe_free(probe->kernel);
		drop(probe->runtime);
	}
	if (probe->registers)
		put(probe->registers);
}

/* Gives up what the state keeps for a probe. */
static void forget(lua_State *L, const Probe *probe)
{
	for (int handler : probe->handlers)
		luaL_unref(L, LUA_REGISTRYINDEX, handler);
	luaL_unref(L, LUA_REGISTRYINDEX, probe->target);
	luaL_unref(L, LUA_REGISTRYINDEX, probe->show);
	luaL_unref(L, LUA_REGISTRYINDEX, probe->view);
}

/// Removes the probe: none of its handlers is called any more, and the object is closed. Stopping it again does
/// nothing. The kernel's part is removed at once while the script is loaded, and soon after by a worker where
/// the code may not sleep, as in a handler.
/// Context: any. Kernel: unregister_kprobe(), unregister_kretprobe().
/// @function probe:stop()
static int stop(lua_State *L)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, 1, sizeof(Box)));
	Probe *probe;

	if (box && box->klass == &Probe::type && !box->object)
		return 0;
	probe = check<Probe>(L, 1);
	probe->enabled = false;
	if (probe->kernel) {
		luaprobe_enable(probe->kernel, false);
		forget(L, probe);
		lua_pushnil(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, probe);
	}
	return collect(L);
}

/// Enables the handlers, or disables them, which leaves the probe in its place: disabled it costs little.
/// A probe is enabled when it is made.
/// @param enabled boolean
/// Errors: no boolean; the probe is closed.
/// Context: any.
/// @function probe:enable(enabled)
static int enable(lua_State *L)
{
	Probe *probe = check<Probe>(L, 1);

	luaL_checktype(L, 2, LUA_TBOOLEAN);
	probe->enabled = lua_toboolean(L, 2);
	if (probe->kernel)
		luaprobe_enable(probe->kernel, probe->enabled);
	return 0;
}

/// The events for which no handler was called: the probed code had interrupts off, or ran in a handler of
/// any probe; the runtime was busy on another CPU for 100 ms; long handlers had 80 % of the CPU's time already;
/// the kernel's stack was nearly full; more than 256 calls of the function were to return (`ret`); the kernel has
/// KASAN, and the probe is a breakpoint.
/// @return integer since the probe was made
/// Errors: the probe is closed.
/// Context: any.
/// @function probe:missed()
static int missed(lua_State *L)
{
	Probe *probe = check<Probe>(L, 1);

	lua_pushinteger(L, probe->kernel ? static_cast<lua_Integer>(luaprobe_missed(probe->kernel)) : 0);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "stop", stop },
	{ "enable", enable },
	{ "missed", missed },
	{ nullptr, nullptr },
};

const Class Probe::type = {
	.name = "probe",
	.size = sizeof(Probe),
	.extra = LUAPROBE_SIZE,
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* --- the library ------------------------------------------------------------------------ */

static const char *const points[LUAPROBE_POINTS] = { "pre", "post", "ret" };

/* The mask of the handlers in the table, argument 2. */
static unsigned int check_handlers(lua_State *L)
{
	unsigned int mask = 0;

	luaL_checktype(L, 2, LUA_TTABLE);
	for (int i = 0; i < LUAPROBE_POINTS; i++) {
		int type = lua_getfield(L, 2, points[i]);

		if (type != LUA_TFUNCTION && type != LUA_TNIL)
			luaL_argerror(L, 2, lua_pushfstring(L, "handlers.%s is no function", points[i]));
		if (type == LUA_TFUNCTION)
			mask |= 1U << i;
		lua_pop(L, 1);
	}
	luaL_argcheck(L, mask, 2, "handlers has no function: give it one as 'pre', 'post' or 'ret'");
	return mask;
}

static int new_reference(lua_State *L, int index)
{
	lua_pushvalue(L, index);
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Raises what the kernel said. */
static int refuse(lua_State *L, int error)
{
	const char *target = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "this address";

	switch (-error) {
	case ENOMEM:
		return luaL_error(L, "not enough memory");
	case ENOENT:
		return luaL_error(L, "cannot probe %s (error %d): the kernel has no such symbol, see /proc/kallsyms",
				  target, -error);
	case EPERM:
		return luaL_error(L, "cannot probe the return of %s (error %d): an error in a script may leave a "
				  "function of Lunatik without one", target, -error);
	case EINVAL:
		return luaL_error(L, "cannot probe %s (error %d): the kernel allows no probe there; it is no function's "
				  "start, or in /sys/kernel/debug/kprobes/blacklist", target, -error);
	default:
		return luaL_error(L, "cannot probe %s (error %d)", target, -error);
	}
}

/// Calls functions whenever the kernel comes to a place in its code, until the probe is stopped or the
/// script's runtime ends, whether the script keeps the object or not. Whatever a handler returns, the kernel
/// goes on as without it.
/// @param target string symbol of a function ("vfs_read", "module:function"), or light userdata address
/// @param handlers table
/// @field pre? function (target, show, registers) called before the instruction there: at a function's start,
/// before the function
/// @field post? function (target, show, registers) called after that one instruction
/// @field ret? function (target, show, registers) called when the function returns
/// show() writes the CPU's registers and the calls on the stack to the kernel log; registers:arg(n),
/// registers:result() and registers:syscall(n) read them. Both are of use during the handler only.
/// A handler is not called where the probed code runs with interrupts off: see probe:missed(). In a percpu
/// runtime each state's handlers see what happens on their own CPU.
/// @return probe
/// Errors: wrong arguments; the runtime is not of hardirq context; called when the script has been loaded
/// already; no such symbol, or no place for a probe; `ret` of a function that is Lunatik's, or uses it; not
/// enough memory. Nothing is left behind then.
/// Context: when the script starts. Kernel: register_kprobe(), register_kretprobe().
/// @function probe.new(target, handlers)
static int new_probe(lua_State *L)
{
	const char *symbol = nullptr;
	void *address = nullptr;
	unsigned int mask;
	luaprobe *kernel;
	size_t length;
	Probe *probe;
	int error;

	if (lua_type(L, 1) == LUA_TSTRING) {
		symbol = lua_tolstring(L, 1, &length);
		luaL_argcheck(L, length && length <= LUAPROBE_NAME_MAX && strlen(symbol) == length, 1,
			      "no name of a symbol");
	} else if (lua_type(L, 1) == LUA_TLIGHTUSERDATA) {
		address = lua_touserdata(L, 1);
		luaL_argcheck(L, address, 1, "the address is null");
	} else {
		luaL_typeerror(L, 1, "string or light userdata");
	}
	mask = check_handlers(L);
	if (context_of(runtime_of(L)) != LUNATIK_HARDIRQ)
		return luaL_error(L, "the handlers of probes run in hardirq context, and this runtime is of another: "
				  "run the script with 'hardirq', or say so in its first comment");
	check_may_wait(L, "probe.new");
	lua_settop(L, 2);

	/* 3 the probe, 4 its registers, 5 the closure */
	probe = push_new<Probe>(L);
	probe->registers = push_new<Registers>(L);
	get(probe->registers);
	lua_pushvalue(L, 4);
	lua_pushcclosure(L, show, 1);
	if (mask & 1U << LUAPROBE_RET && !charge(L, probe, LUAPROBE_RETURNS_SIZE))
		return luaL_error(L, "not enough memory");
	for (int &handler : probe->handlers)
		handler = LUA_NOREF;
	probe->target = new_reference(L, 1);
	probe->show = new_reference(L, 5);
	probe->view = new_reference(L, 4);
	for (int i = 0; i < LUAPROBE_POINTS; i++) {
		if (!(mask & 1U << i))
			continue;
		lua_getfield(L, 2, points[i]);
		probe->handlers[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	/* A probe stays until it is stopped, whether the script keeps the object or not. */
	lua_pushvalue(L, 3);
	lua_rawsetp(L, LUA_REGISTRYINDEX, probe);
	probe->enabled = true;
	probe->runtime = runtime_of(L);

	error = luaprobe_new(&kernel, probe, symbol, address, mask, cpu_of(L));
	if (error) {
		forget(L, probe);
		lua_pushnil(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, probe);
		return refuse(L, error);
	}
	hold(probe->runtime);
	probe->kernel = kernel;
	lua_settop(L, 3);
	return 1;
}

} // namespace lunatik

int luaopen_probe(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", lunatik::new_probe },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
