// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `notifier`: callbacks in the kernel's notifier chains.
#include "lunatik.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
}

namespace lunatik {

struct Notifier : Object {
	static const Class type;
	luanotifier kernel;
	bool added;
};

/* While RTNL is held, every change of a network device waits. */
static const unsigned int rtnl_budget = 100; /* milliseconds */

/* The notifiers of a state. Each has the whole of a visit's time for an event, while others wait for it. */
static const lua_Integer notifiers_max = 8;
static const char notifiers_key = 0;

/* --- events ----------------------------------------------------------------------------- */

/* One event on its way to the callback, and what comes of it. */
struct Telling {
	const luanotifier *notifier;
	const luanotifier_event *event;
	int answer;
};

/* Pushes the callback's arguments. Raises. */
static int push_arguments(lua_State *L, luanotifier_chain chain, const luanotifier_event *event)
{
	lua_pushinteger(L, static_cast<lua_Integer>(event->event));
	switch (chain) {
	case LUANOTIFIER_KEYBOARD:
		lua_pushboolean(L, event->down);
		lua_pushboolean(L, event->shift);
		lua_pushinteger(L, event->value);
		return 4;
	case LUANOTIFIER_NETDEVICE:
		lua_pushstring(L, event->name);
		return 2;
	case LUANOTIFIER_VTERM:
		lua_pushinteger(L, event->value);
		lua_pushinteger(L, event->terminal);
		return 3;
	}
	return 1;
}

/* Whether the value on the stack's top is an answer to the kernel; nil is the one that does not care. */
static bool to_answer(lua_State *L, int *answer)
{
	lua_Integer value = luanotifier_done;

	if (!lua_isnil(L, -1)) {
		if (lua_type(L, -1) != LUA_TNUMBER)
			return false;
		value = lua_tointeger(L, -1);
	}
	for (const Constant *known = luanotifier_notify; known->name; known++) {
		if (known->value == value) {
			*answer = static_cast<int>(value);
			return true;
		}
	}
	return false;
}

static int call_callback(lua_State *L)
{
	Telling *telling = static_cast<Telling *>(lua_touserdata(L, 1));

	lua_rawgeti(L, LUA_REGISTRYINDEX, telling->notifier->callback);
	lua_call(L, push_arguments(L, telling->notifier->chain, telling->event), 1);
	if (!to_answer(L, &telling->answer))
		log_error(L, "a notifier's callback returned no value of notifier.notify");
	return 0;
}

/* Inside of the runtime. */
static int tell(lua_State *L, const luanotifier *notifier, const luanotifier_event *event)
{
	Telling telling = { notifier, event, luanotifier_done };

	if (notifier->deleted)
		return luanotifier_done;
	lua_pushcfunction(L, call_callback);
	lua_pushlightuserdata(L, &telling);
	call(L, 1, 0);
	return telling.answer;
}

static int tell_with_rtnl(lua_State *L, const luanotifier *notifier, const luanotifier_event *event)
{
	Hurry hurry(L, rtnl_budget, "RTNL, the lock of all network devices,");

	return tell(L, notifier, event);
}

/* --- the class -------------------------------------------------------------------------- */

/* In a worker: whoever gives up the last reference may hold RTNL. */
static void release(Object *object)
{
	Notifier *notifier = static_cast<Notifier *>(object);

	if (notifier->added)
		luanotifier_remove(&notifier->kernel);
	if (notifier->kernel.runtime)
		drop(static_cast<Runtime *>(notifier->kernel.runtime));
}

/* What keeps the notifier and its callback goes. Does not raise. */
static void forget(lua_State *L, Notifier *notifier)
{
	notifier->kernel.deleted = true;
	tally(L, &notifiers_key, -1);
	luaL_unref(L, LUA_REGISTRYINDEX, notifier->kernel.callback);
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, notifier);
}

/// Takes the callback out of the system: it is not called any more, not even for the event that has called
/// delete().
/// Errors: it was deleted before.
/// Context: any. Kernel: unregister_keyboard_notifier(), unregister_netdevice_notifier(),
/// unregister_vt_notifier(), in a worker.
/// @function notfr:delete()
static int notifier_delete(lua_State *L)
{
	forget(L, check<Notifier>(L, 1));
	return collect(L);
}

static const luaL_Reg methods[] = {
	{ "delete", notifier_delete },
	{ nullptr, nullptr },
};

const Class Notifier::type = {
	.name = "notifier",
	.size = sizeof(Notifier),
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = true,
	.release_later = true,
	.shared = false,
	.owner = &__this_module,
};

/* Puts the callback of argument 1 into a chain; pushes the notifier. Raises. */
static int new_notifier(lua_State *L, luanotifier_chain chain)
{
	Notifier *notifier;
	int error;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (tally(L, &notifiers_key, 0) == notifiers_max)
		return luaL_error(L, "too many notifiers: a script has 8 at most at a time");
	notifier = push_new<Notifier>(L);
	/* The callback may be called from here on, and find the object on this stack. */
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, notifier);
	lua_pushvalue(L, 1);
	notifier->kernel.chain = chain;
	notifier->kernel.callback = luaL_ref(L, LUA_REGISTRYINDEX);
	notifier->kernel.runtime = runtime_of(L);
	hold(runtime_of(L));
	tally(L, &notifiers_key, 1);

	get(notifier);
	notifier->kernel.adding = L;
	error = luanotifier_add(&notifier->kernel, net_of(L));
	notifier->kernel.adding = nullptr;
	notifier->added = !error;
	if (error && !notifier->kernel.deleted)
		forget(L, notifier);
	put(notifier);
	if (error == -ENOMEM)
		return luaL_error(L, "not enough memory");
	if (error == -ENXIO)
		return luaL_error(L, "the network namespace has ended");
	if (error)
		return luaL_error(L, "the notifier was not added, for its callback refused what is there already (error %d)",
				  -error);
	return 1;
}

/* Raises unless the runtime's callbacks run with interrupts off. */
static void check_hardirq(lua_State *L, const char *what)
{
	if (context_of(runtime_of(L)) != LUNATIK_HARDIRQ)
		luaL_error(L, "%s events come with interrupts off, and this runtime is of another context: run the "
			   "script with 'hardirq', or say so in its first comment", what);
}

/// Calls the callback for each event of a console keyboard, until delete() or the script's end.
/// @param callback function (event, down, shift, key) -> answer?: an event of notifier.kbd; whether the key is
/// pressed (or repeats) or released; whether Shift is held; the key: for KEYCODE and UNBOUND_KEYCODE its code, for
/// UNICODE a character, for KEYSYM and POST_KEYSYM a keysym. It returns a value of notifier.notify: STOP to
/// KEYCODE, UNICODE or KEYSYM makes the kernel ignore the key; nothing stands for DONE. An error, or anything
/// else, is DONE, and in the kernel log.
/// @return notifier
/// Errors: not enough memory; the script has 8 notifiers already; the runtime is not of hardirq context.
/// Context: hardirq. Kernel: register_keyboard_notifier().
/// @function notifier.keyboard(callback)
static int keyboard(lua_State *L)
{
	check_hardirq(L, "keyboard");
	return new_notifier(L, LUANOTIFIER_KEYBOARD);
}

/// Calls the callback for each event of a virtual terminal. What the kernel's log writes there is not told.
/// @param callback function (event, character, terminal) -> answer?: an event of notifier.vt; for WRITE and
/// PREWRITE the character (Unicode), else 0; the number of the terminal from 0 (tty1). It returns a value of
/// notifier.notify: STOP to PREWRITE keeps the character from the terminal; nothing stands for DONE. An error, or
/// anything else, is DONE, and in the kernel log.
/// @return notifier
/// Errors: not enough memory; the script has 8 notifiers already; the runtime is not of hardirq context.
/// Context: hardirq. Kernel: register_vt_notifier().
/// @function notifier.vterm(callback)
static int vterm(lua_State *L)
{
	check_hardirq(L, "terminal");
	return new_notifier(L, LUANOTIFIER_VTERM);
}

/// Calls the callback for each event of a network device in the network namespace of whoever runs the script; before
/// it returns, REGISTER (and UP) of each that is there.
/// The kernel holds RTNL then, and with it all that would change a network device: the callback has 100 ms and may
/// not sleep, whatever the runtime may; an event that comes while the runtime is busy waits for 50 ms, and then is
/// not told, which the kernel log says.
/// @param callback function (event, name) -> answer?: an event of notifier.netdev; the device's name. It returns a
/// value of notifier.notify: BAD refuses what can be refused, as PRE_UP and REGISTER; of what cannot, everyone else is
/// told, too, whatever it returns: BAD and STOP are OK then. Nothing stands for DONE.
/// An error, or anything else, is DONE, and in the kernel log.
/// @return notifier
/// Errors: the callback refused a device that is there; the script has 8 notifiers already; not enough memory; the runtime is not of process context;
/// called by such a callback.
/// Context: process. Kernel: register_netdevice_notifier().
/// @function notifier.netdevice(callback)
static int netdevice(lua_State *L)
{
	if (context_of(runtime_of(L)) != LUNATIK_PROCESS)
		return luaL_error(L, "events of network devices come in process context, and this runtime is of another: "
				  "run the script with 'process', or say so in its first comment");
	check_may_wait(L, "notifier.netdevice");
	return new_notifier(L, LUANOTIFIER_NETDEVICE);
}

static void add_table(lua_State *L, const char *name, const Constant *constants)
{
	lua_newtable(L);
	set_constants(L, constants);
	lua_setfield(L, -2, name);
}

} // namespace lunatik

int luanotifier_tell(luanotifier *notifier, const luanotifier_event *event)
{
	using namespace lunatik;
	Runtime *runtime = static_cast<Runtime *>(notifier->runtime);
	bool netdevice = notifier->chain == LUANOTIFIER_NETDEVICE;
	/* Who is inside of a process runtime may be waiting for RTNL; nobody is for long inside of another. */
	Entry entry(runtime, netdevice ? Wait::Momentarily : Wait::Always);

	if (!entry.error)
		return netdevice ? tell_with_rtnl(entry.L, notifier, event) : tell(entry.L, notifier, event);
	/* The devices that were there before it, told by the task that adds it. */
	if (entry.error == -EDEADLK && notifier->adding)
		return tell_with_rtnl(static_cast<lua_State *>(notifier->adding), notifier, event);
	if (entry.error != -ENXIO)
		luanotifier_missed(name_of(runtime), event);
	return luanotifier_done;
}

int luaopen_notifier(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "keyboard", lunatik::keyboard },
		{ "netdevice", lunatik::netdevice },
		{ "vterm", lunatik::vterm },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	lunatik::add_table(L, "notify", luanotifier_notify);
	lunatik::add_table(L, "kbd", luanotifier_kbd);
	lunatik::add_table(L, "netdev", luanotifier_netdev);
	lunatik::add_table(L, "vt", luanotifier_vt);
	return 1;
}
