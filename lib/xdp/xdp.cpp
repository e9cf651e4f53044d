// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `xdp`: a callback per state, and the way of a packet to it.
#include "lunatik_data.hpp"
#include "kernel.h"

extern "C" {
#include <string.h>
}

namespace lunatik {

/*
 * What a state needs for its callback. The callback runs in a coroutine of its own, which keeps
 * at the bottom of its stack everything that a packet needs: nothing is made or looked up then.
 */
struct Hook : Object, luaxdp_hook {
	static const Class type;
};

static void release(Object *object)
{
	Hook *hook = static_cast<Hook *>(object);

	if (hook->packet)
		put(static_cast<Data *>(hook->packet));
	if (hook->argument)
		put(static_cast<Data *>(hook->argument));
}

const Class Hook::type = {
	.name = "xdp.hook",
	.size = sizeof(Hook),
	.methods = nullptr,
	.release = release,
	.sleeps = false,
	.release_sleeps = false,
	.shared = false,
	.owner = &__this_module,
};

/* In a state's registry: the hook, made at the first attach(). */
static const char hook_key = 0;
static const char thread_key = 0;

/* --- the packet ------------------------------------------------------------------------- */

static luaxdp_packet *packet_of(const Data *data)
{
	return static_cast<luaxdp_packet *>(data->packet);
}

static size_t length(const Data *data)
{
	return luaxdp_length(packet_of(data));
}

static bool read(const Data *data, size_t offset, void *to, size_t length)
{
	luaxdp_read(packet_of(data), offset, to, length);
	return true;
}

static int write(Data *data, size_t offset, const void *from, size_t length)
{
	luaxdp_write(packet_of(data), offset, from, length);
	return 0;
}

static const DataAccess pieces = {
	.length = length,
	.read = read,
	.write = write,
	.network = false,
};

static inline void show(Data *data, luaxdp_packet *packet)
{
	data_show(data, packet->data, static_cast<char *>(packet->data_end) - static_cast<char *>(packet->data));
}

/// Moves the packet's end: what is cut off is gone, what is added is zeroed. Headers that hold lengths or
/// checksums are the script's to mend.
/// @param length integer bytes that the packet is to have: 14 to what its frame has room for, which the
/// driver decides (some hundred bytes more than there are, mostly; nothing more for most packets in pieces)
/// Errors: length out of range; the packet is gone.
/// Context: the callback. Kernel: as bpf_xdp_adjust_tail().
/// @function packet:resize(length)
static int resize(lua_State *L)
{
	Data *data = data_check_kind(L, 1, DATA_XDP);
	lua_Integer length = check_integer(L, 2);
	luaxdp_packet *packet = packet_of(data);

	if (length < 0 || !luaxdp_resize(packet, static_cast<size_t>(length)))
		return luaL_argerror(L, 2, lua_pushfstring(L, "length out of range: this packet may have %d to %I bytes",
			LUAXDP_LENGTH_MIN, static_cast<LUAI_UACINT>(luaxdp_length_max(packet))));
	show(data, packet);
	if (data->access && !luaxdp_in_pieces(packet))
		data->access = nullptr;
	return 0;
}

/// Says where the packet is to go: out of another interface, as it then is. The callback returns the action:
/// `return packet:redirect("eth1")`. The kernel drops a packet that the interface cannot send.
/// @param interface string its name, or integer its index, in the network namespace of the interface that
/// the packet came by
/// @return integer action.REDIRECT
/// Errors: no such interface; the packet is gone.
/// Context: the callback. Kernel: as bpf_redirect().
/// @function packet:redirect(interface)
static int redirect(lua_State *L)
{
	Data *data = data_check_kind(L, 1, DATA_XDP);
	const char *name = nullptr;
	lua_Integer index = 0;

	if (lua_type(L, 2) == LUA_TSTRING)
		name = lua_tostring(L, 2);
	else
		index = check_integer(L, 2);
	if (!luaxdp_redirect(packet_of(data), index, name))
		return luaL_argerror(L, 2, "no such interface in the network namespace of the packet's");
	lua_pushinteger(L, LUAXDP_REDIRECT);
	return 1;
}

/// The interface that the packet came by.
/// @return integer its index
/// Errors: the packet is gone.
/// Context: the callback.
/// @function packet:interface()
static int interface(lua_State *L)
{
	lua_pushinteger(L, luaxdp_interface(packet_of(data_check_kind(L, 1, DATA_XDP))));
	return 1;
}

static const luaL_Reg packet_methods[] = {
	{ "interface", interface },
	{ "resize", resize },
	{ "redirect", redirect },
	{ nullptr, nullptr },
};

/* --- the callback ----------------------------------------------------------------------- */

/* The hook of this state. Raises. */
static Hook *make_hook(lua_State *L)
{
	Hook *hook;

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &hook_key) == LUA_TUSERDATA) {
		hook = static_cast<Hook *>(to_object(L, -1));
		if (!hook)
			luaL_error(L, "the runtime is ending");
		lua_pop(L, 1);
		return hook;
	}
	add_methods(L, data_kinds[DATA_XDP], packet_methods);
	hook = push_new<Hook>(L);
	hook->thread = lua_newthread(L);
	luafast_keep(L, hook->thread);
	lua_pushcfunction(hook->thread, traceback);
	lua_pushnil(hook->thread);
	hook->packet = data_push_view(L, DATA_XDP);
	lua_xmove(L, hook->thread, 1);
	hook->argument = data_push_view(L);
	lua_xmove(L, hook->thread, 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &thread_key);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &hook_key);
	return hook;
}

/// Gives the running script its callback: bpf_luaxdp_run() with the script's name calls it from then
/// on, instead of one attached before.
/// @param callback function (packet, argument): two data objects, there only until it returns: the
/// packet, and what the XDP program handed over. It returns an action of xdp.action; nothing stands for PASS.
/// An error, or anything else, makes bpf_luaxdp_run() return -1; what was written by then stays written.
/// Errors: the runtime is not of softirq context; called by the callback itself.
/// Context: when the script starts, or later. Kernel: the kfunc bpf_luaxdp_run().
/// @function xdp.attach(callback)
static int attach(lua_State *L)
{
	lua_Debug frame;
	Hook *hook;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (context_of(runtime_of(L)) != LUNATIK_SOFTIRQ)
		return luaL_error(L, "packets come in softirq context, and this runtime is of another: "
				  "run the script with 'softirq', or say so in its first comment");
	hook = make_hook(L);
	if (lua_getstack(hook->thread, 0, &frame))
		return luaL_error(L, "attach() inside of the callback");
	lua_pushvalue(L, 1);
	lua_xmove(L, hook->thread, 1);
	lua_replace(hook->thread, LUAFAST_FUNCTION);
	hook->takes = luafast_takes(hook->thread, 2);
	slots_of(L)[LUNATIK_SLOT_XDP] = static_cast<luaxdp_hook *>(hook);
	return 0;
}

/// Takes the callback away: bpf_luaxdp_run() returns -1 from then on.
/// Context: any.
/// @function xdp.detach()
static int detach(lua_State *L)
{
	slots_of(L)[LUNATIK_SLOT_XDP] = nullptr;
	return 0;
}

/* The script of this name, or null: that may end in ".lua", as in `lunatik run`. An RCU reader. */
static Runtime *find_named(const char *name, size_t length)
{
	static const char suffix[] = ".lua";
	const size_t end = sizeof(suffix) - 1;
	Runtime *runtime = find_script(name, length);

	if (!runtime && length > end && !memcmp(name + length - end, suffix, end))
		runtime = find_script(name, length - end);
	return runtime;
}

/// Whether a script runs and has a callback. Of a percpu script, the state of one CPU tells.
/// @param script string its name
/// @return boolean
/// Context: any.
/// @function xdp.attached(script)
static int attached(lua_State *L)
{
	size_t length;
	const char *name = luaL_checklstring(L, 1, &length);
	bool has_callback = false;

	lunatik_rcu_read_lock();
	if (Runtime *runtime = find_named(name, length))
		if (const lunatik_door *door = door_of(runtime, 0))
			has_callback = __atomic_load_n(&door->slots[LUNATIK_SLOT_XDP], __ATOMIC_RELAXED);
	lunatik_rcu_read_unlock();
	lua_pushboolean(L, has_callback);
	return 1;
}

/* --- the way of a packet ---------------------------------------------------------------- */

} // namespace lunatik

lunatik_door *luaxdp_find(luaxdp_cache *cache, const char *key, size_t size)
{
	using namespace lunatik;
	unsigned int generation = __atomic_load_n(script_generation, __ATOMIC_ACQUIRE);
	bool fits = size <= sizeof(cache->key), is_short = size < sizeof(uint64_t);
	lunatik_door *door = nullptr;
	Runtime *runtime;

	if (size && cache->other_size == size && cache->generation == generation && !memcmp(cache->key, key, size))
		return cache->door;
	cache->size = LUAXDP_NO_KEY;
	cache->other_size = 0;
	cache->door = nullptr;
	/* From the copy: a map's value may change while it is read. */
	if (fits)
		key = static_cast<char *>(memcpy(cache->key, key, size));
	runtime = find_named(key, strnlen(key, size));
	if (runtime)
		door = door_of(runtime, cache->cpu);
	/* That there is none is worth keeping, too. */
	if (fits) {
		(is_short || !door ? cache->other_size : cache->size) = size;
		cache->generation = generation;
		cache->door = door;
	}
	return door;
}

int luaxdp_other(lua_State *L, int result)
{
	using namespace lunatik;

	switch (result) {
	case LUAFAST_NIL:
		return LUAXDP_PASS;
	case LUAFAST_ERROR:
		log_error(L, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr);
		lua_pop(L, 1);
		return -1;
	case LUAFAST_STOPPED:
		log_error(L, "the script ran for too long");
		return -1;
	default:
		log_error(L, "the callback of xdp.attach() returned no XDP action");
		return -1;
	}
}

int luaxdp_run_in_pieces(lunatik_door *door, luaxdp_packet *packet, void *argument, size_t size)
{
	luaxdp_hook *hook = static_cast<luaxdp_hook *>(door->slots[LUNATIK_SLOT_XDP]);
	int result;

	if (!hook)
		return -1;
	hook->packet->access = &lunatik::pieces;
	result = luaxdp_run(door, packet, argument, size);
	hook->packet->access = nullptr;
	return result;
}

int luaopen_linux_xdp(lua_State *L)
{
	lua_newtable(L);
	lunatik::set_constants(L, luaxdp_actions);
	return 1;
}

int luaopen_xdp(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "attach", lunatik::attach },
		{ "detach", lunatik::detach },
		{ "attached", lunatik::attached },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	luaopen_linux_xdp(L);
	lua_setfield(L, -2, "action");
	return 1;
}
