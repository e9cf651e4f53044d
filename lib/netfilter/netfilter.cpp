// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `netfilter`: callbacks at the kernel's hooks for packets.
#include "lunatik_skb.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
#include <limits.h>
}

namespace lunatik {

/*
 * A callback of one state at a hook, which it shares with the other states of a percpu runtime. It runs in a
 * coroutine of its own, which keeps at the bottom of its stack all that a packet needs.
 */
struct Hook : Object {
	static const Class type;
	lua_State *thread;
	unsigned int takes;		/* arguments */
	Data *view;
	Runtime *runtime;		/* held */
	luanetfilter_hook *hook;	/* null until it is there */
	luanetfilter_slot *slot;
};

static void release(Object *object)
{
	Hook *hook = static_cast<Hook *>(object);

	if (hook->hook) {
		luanetfilter_leave(hook->hook, hook->slot);
		drop(hook->runtime);
	}
	if (hook->view)
		put(hook->view);
}

static int stop(lua_State *L);

static const luaL_Reg methods[] = {
	{ "stop", stop },
	{ "unregister", stop },
	{ nullptr, nullptr },
};

const Class Hook::type = {
	.name = "netfilter.hook",
	.size = sizeof(Hook),
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* --- registering ------------------------------------------------------------------------ */

/* An integer field of the table in argument 1. Raises. */
static lua_Integer field(lua_State *L, const char *name, lua_Integer least, lua_Integer most)
{
	lua_Integer value;
	int is_integer;

	lua_getfield(L, 1, name);
	value = lua_tointegerx(L, -1, &is_integer);
	if (lua_type(L, -1) != LUA_TNUMBER || !is_integer || value < least || value > most)
		luaL_error(L, "'%s' is missing, or no integer of the constants for it", name);
	lua_pop(L, 1);
	return value;
}

/* Reads where the hook is to be. What it points to is on the stack, one value more. Raises. */
static luanetfilter_place check_place(lua_State *L)
{
	luanetfilter_place place = {};
	const char *wrong;

	place.family = static_cast<unsigned char>(field(L, "pf", 0, 255));
	place.number = static_cast<unsigned int>(field(L, "hooknum", 0, 255));
	place.priority = static_cast<int>(field(L, "priority", INT_MIN, INT_MAX));
	if (lua_getfield(L, 1, "device") == LUA_TNIL) {
		lua_pop(L, 1);
		lua_getfield(L, 1, "dev");
	}
	if (!lua_isnil(L, -1)) {
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "'device' is the name of an interface, a string");
		place.device = lua_tostring(L, -1);
	}
	wrong = luanetfilter_check(&place);
	if (wrong)
		luaL_error(L, "%s", wrong);
	return place;
}

/* Keeps a value as long as the state lives, or until it is forgotten. Raises. */
static void keep(lua_State *L, const void *key, int index)
{
	lua_pushvalue(L, index);
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* The hooks of a state. Each has the whole of a visit's time for a packet: so many, and it is not kept for long. */
static const lua_Integer hooks_max = 32;
static const char hooks_key = 0;

static void forget(lua_State *L, Hook *hook)
{
	lua_Debug frame;

	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, hook);
	/* Called by its own callback, the thread runs. */
	if (lua_getstack(hook->thread, 0, &frame))
		return;
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, hook->thread);
}

[[gnu::cold]] static int join_error(lua_State *L, int error, const luanetfilter_place &place)
{
	switch (error) {
	case -ENODEV:
		return luaL_error(L, "there is no interface '%s' in this network namespace", place.device);
	case -ENOMEM:
		return luaL_error(L, "not enough memory");
	case -EINTR:
		return luaL_error(L, "interrupted");
	case -E2BIG:
		return luaL_error(L, "the kernel takes no more hooks there");
	default:
		return luaL_error(L, "the kernel refused the hook (error %d)", -error);
	}
}

/// Has packets at a hook of netfilter go through a function, from now on until the runtime stops, or hook:stop().
/// It is called with the packet (skb), which is there only until it returns, and returns an action of
/// netfilter.action; nothing stands for ACCEPT. After an error, or anything else, the packet is accepted, and the log
/// says so. The hook is in the network namespace of whoever had the script run, and ends with it.
/// @param ops table: pf (integer of netfilter.family), hooknum (integer of the family's table of hooks), priority
/// (integer of netfilter.ip_priority or netfilter.bridge_priority, or near one), hook (the function), device (string,
/// for the family NETDEV: name of the interface; the hook ends with it)
/// @return netfilter.hook, which need not be kept
/// Errors: a field is missing, or no such constant; there is no such interface; the runtime is not of softirq context;
/// called in a callback; the script has 32 hooks already; not enough memory.
/// Context: when a script of softirq context starts. Kernel: nf_register_net_hook().
/// @function netfilter.register(ops)
static int register_hook(lua_State *L)
{
	luanetfilter_place place;
	struct net *net;
	Hook *hook;
	int error;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (context_of(runtime_of(L)) != LUNATIK_SOFTIRQ)
		return luaL_error(L, "packets come in softirq context, and this runtime is of another: "
				  "run the script with 'softirq', or say so in its first comment");
	check_may_wait(L, "netfilter.register");
	lua_settop(L, 1);
	place = check_place(L);
	if (lua_getfield(L, 1, "hook") != LUA_TFUNCTION)
		return luaL_error(L, "'hook' is no function");
	if (tally(L, &hooks_key, 0) == hooks_max)
		return luaL_error(L, "too many hooks: a script has 32 at most at a time");
	hook = push_new<Hook>(L);
	if (!charge(L, hook, luanetfilter_size()))
		return luaL_error(L, "not enough memory");
	hook->thread = lua_newthread(L);
	luafast_keep(L, hook->thread);
	lua_pushcfunction(hook->thread, traceback);
	lua_pushvalue(L, 3);
	lua_xmove(L, hook->thread, 1);
	hook->view = skb_push_view(L, !luanetfilter_is_link(place.family));
	lua_xmove(L, hook->thread, 1);
	lua_pushnil(hook->thread);
	hook->takes = luafast_takes(hook->thread, 2);
	keep(L, hook->thread, 5);
	keep(L, hook, 4);

	net = lunatik_net_get(net_of(L));
	error = -ENXIO;
	if (net) {
		hook->runtime = runtime_of(L);
		hold(hook->runtime);
		hook->hook = luanetfilter_join(net, hook->runtime, &place, own_door(L), cpu_of(L), hook, &hook->slot,
					       &error);
		lunatik_net_put(net);
		if (!hook->hook)
			drop(hook->runtime);
	}
	if (!hook->hook) {
		forget(L, hook);
		if (!net)
			return luaL_error(L, "the network namespace has ended");
		return join_error(L, error, place);
	}
	tally(L, &hooks_key, 1);
	lua_settop(L, 4);
	return 1;
}

/// Takes the hook away: no packet that comes later sees the callback.
/// Errors: it has been stopped.
/// Context: any; in the callback itself, too.
/// @function hook:stop(), hook:unregister(), netfilter.unregister(hook)
static int stop(lua_State *L)
{
	Hook *hook = check<Hook>(L, 1);

	__atomic_store_n(&hook->slot->callback, nullptr, __ATOMIC_RELAXED);
	tally(L, &hooks_key, -1);
	forget(L, hook);
	lua_settop(L, 1);
	return collect(L);
}

/* --- packets ---------------------------------------------------------------------------- */

static inline int call_once(Hook *hook, lunatik_skb *packet)
{
	int result;

	if (!hook->takes)
		return luafast_call(hook->thread, 0);
	skb_show(hook->view, packet);
	result = luafast_call(hook->thread, hook->takes);
	data_hide(hook->view);
	return result;
}

/* The verdict for a result that is none as it stands, and the safe one, ACCEPT, for what is none at all. */
[[gnu::noinline]] static int other_verdict(Hook *hook, lunatik_skb *packet, int result)
{
	lua_State *L = hook->thread;

	for (int repeats = 0; result == LUANETFILTER_REPEAT; repeats++) {
		/* The kernel would call the hook again for ever. */
		if (repeats == LUANETFILTER_REPEATS) {
			log_error(L, "the callback of netfilter.register() asked again and again to REPEAT");
			return LUANETFILTER_ACCEPT;
		}
		result = call_once(hook, packet);
	}
	switch (result) {
	case LUANETFILTER_DROP:
	case LUANETFILTER_ACCEPT:
	case LUANETFILTER_STOLEN:
		return result;
	case LUANETFILTER_STOP:
	case LUAFAST_NIL:
		return LUANETFILTER_ACCEPT;
	case LUAFAST_ERROR:
		log_error(L, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr);
		lua_pop(L, 1);
		return LUANETFILTER_ACCEPT;
	case LUAFAST_STOPPED:
		log_error(L, "the script ran for too long");
		return LUANETFILTER_ACCEPT;
	}
	/* Above the queue's number nothing is left of an integer that luafast_call() returns. */
	if (result < 0 || (result & 0xffff & ~LUANETFILTER_FLAGS) != LUANETFILTER_QUEUE)
		log_error(L, "the callback of netfilter.register() returned no verdict");
	else if (!luanetfilter_queues(packet->family))
		log_error(L, "the callback of netfilter.register() returned QUEUE, which there is for IP and bridges only");
	else
		return result;
	return LUANETFILTER_ACCEPT;
}

/* --- the libraries ---------------------------------------------------------------------- */

/* Names of the modules of constants, and what they are in the library. */
static const struct {
	const char *module, *name;
	lua_CFunction open;
} tables[LUANETFILTER_TABLES] = {
	{ "linux.nf.proto", "family", luaopen_linux_nf_proto },
	{ "linux.nf.action", "action", luaopen_linux_nf_action },
	{ "linux.nf.inet", "inet_hooks", luaopen_linux_nf_inet },
	{ "linux.nf.bridge", "bridge_hooks", luaopen_linux_nf_bridge },
	{ "linux.nf.arp", "arp_hooks", luaopen_linux_nf_arp },
	{ "linux.nf.netdev", "netdev_hooks", luaopen_linux_nf_netdev },
	{ "linux.nf.ip.pri", "ip_priority", luaopen_linux_nf_ip_pri },
	{ "linux.nf.br.pri", "bridge_priority", luaopen_linux_nf_br_pri },
};

static int push_constants(lua_State *L, int table)
{
	lua_newtable(L);
	set_constants(L, luanetfilter_tables[table]);
	return 1;
}

/* Adds a table of constants to the one on the stack's top: the same for whoever asks for it. */
static void add_table(lua_State *L, int table, const char *name)
{
	luaL_requiref(L, tables[table].module, tables[table].open, 0);
	lua_setfield(L, -2, name);
}

} // namespace lunatik

int luanetfilter_run(void *callback, lunatik_skb *packet)
{
	using namespace lunatik;
	Hook *hook = static_cast<Hook *>(callback);
	int result = call_once(hook, packet);

	if (__builtin_expect(static_cast<unsigned int>(result) <= LUANETFILTER_ACCEPT, 1))
		return result;
	return other_verdict(hook, packet, result);
}

/// The constants of netfilter, in tables: family, action, inet_hooks, bridge_hooks, arp_hooks, netdev_hooks,
/// ip_priority, bridge_priority, each by the names in the kernel's headers without their beginning. They are also
/// modules: linux.nf.proto (the families), .action, .inet, .bridge, .arp, .netdev, .ip.pri and .br.pri, and
/// fields of the module linux.nf by the same names.
/// @field netfilter.family, netfilter.action, ... table<string, integer>
int luaopen_netfilter(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "register", lunatik::register_hook },
		{ "unregister", lunatik::stop },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	for (int table = 0; table < LUANETFILTER_TABLES; table++)
		lunatik::add_table(L, table, lunatik::tables[table].name);
	return 1;
}

int luaopen_linux_nf(lua_State *L)
{
	using namespace lunatik;

	lua_newtable(L);
	add_table(L, LUANETFILTER_FAMILY, "proto");
	add_table(L, LUANETFILTER_FAMILY, "family");
	add_table(L, LUANETFILTER_ACTION, "action");
	add_table(L, LUANETFILTER_INET, "inet");
	add_table(L, LUANETFILTER_BRIDGE, "bridge");
	add_table(L, LUANETFILTER_ARP, "arp");
	add_table(L, LUANETFILTER_NETDEV, "netdev");
	luaL_requiref(L, "linux.nf.ip", luaopen_linux_nf_ip, 0);
	lua_setfield(L, -2, "ip");
	luaL_requiref(L, "linux.nf.br", luaopen_linux_nf_br, 0);
	lua_setfield(L, -2, "br");
	return 1;
}

int luaopen_linux_nf_ip(lua_State *L)
{
	lua_newtable(L);
	lunatik::add_table(L, LUANETFILTER_IP_PRIORITY, "pri");
	return 1;
}

int luaopen_linux_nf_br(lua_State *L)
{
	lua_newtable(L);
	lunatik::add_table(L, LUANETFILTER_BRIDGE_PRIORITY, "pri");
	return 1;
}

int luaopen_linux_nf_proto(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_FAMILY); }
int luaopen_linux_nf_action(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_ACTION); }
int luaopen_linux_nf_inet(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_INET); }
int luaopen_linux_nf_bridge(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_BRIDGE); }
int luaopen_linux_nf_arp(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_ARP); }
int luaopen_linux_nf_netdev(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_NETDEV); }
int luaopen_linux_nf_ip_pri(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_IP_PRIORITY); }
int luaopen_linux_nf_br_pri(lua_State *L) { return lunatik::push_constants(L, LUANETFILTER_BRIDGE_PRIORITY); }
