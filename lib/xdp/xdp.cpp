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
struct Hook : Object {
	static const Class type;
	lua_State *thread;
	Data *packet, *argument;
};

static void release(Object *object)
{
	Hook *hook = static_cast<Hook *>(object);

	if (hook->packet)
		put(hook->packet);
	if (hook->argument)
		put(hook->argument);
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
	hook = push_new<Hook>(L);
	hook->thread = lua_newthread(L);
	luafast_keep(hook->thread);
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
/// packet's linear part, and what the XDP program handed over. It returns an action of xdp.action;
/// nothing stands for PASS. An error, or anything else, makes bpf_luaxdp_run() return -1.
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
	slots_of(L)[LUNATIK_SLOT_XDP] = hook;
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

/* Whether two keys of the same size are the same; shorter than memcmp() for what keys are. */
static inline bool same(const unsigned char *a, const char *b, size_t size)
{
	typedef uint64_t word __attribute__((may_alias, aligned(1)));

	if (__builtin_expect(size < sizeof(word), 0))
		return !memcmp(a, b, size);
	/* The last word overlaps the one before when the size is no multiple of its own. */
	for (size_t i = 0; i < size - sizeof(word); i += sizeof(word))
		if (*reinterpret_cast<const word *>(a + i) != *reinterpret_cast<const word *>(b + i))
			return false;
	return *reinterpret_cast<const word *>(a + size - sizeof(word)) ==
	       *reinterpret_cast<const word *>(b + size - sizeof(word));
}

/* The door for a key that is not the one in the cache, or null. */
[[gnu::noinline]] static lunatik_door *find(luaxdp_cache *cache, const char *key, size_t size)
{
	unsigned int generation = __atomic_load_n(script_generation, __ATOMIC_ACQUIRE);
	bool fits = size <= sizeof(cache->key);
	lunatik_door *door = nullptr;
	Runtime *runtime;

	cache->size = 0;
	/* From the copy: a map's value may change while it is read. */
	if (fits)
		key = static_cast<char *>(memcpy(cache->key, key, size));
	runtime = find_script(key, strnlen(key, size));
	if (runtime)
		door = door_of(runtime, cache->cpu);
	/* That there is none is worth keeping, too. */
	if (fits) {
		cache->size = size;
		cache->generation = generation;
		cache->door = door;
	}
	return door;
}

/* The action for a result that is none as it stands, or -1. */
[[gnu::noinline]] static int other_action(lua_State *L, int result)
{
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

} // namespace lunatik

lunatik_door *luaxdp_door(luaxdp_cache *cache, const char *key, size_t size)
{
	using namespace lunatik;

	if (__builtin_expect(cache->generation == __atomic_load_n(script_generation, __ATOMIC_ACQUIRE) &&
			     cache->size == size && same(cache->key, key, size), 1))
		return cache->door;
	return find(cache, key, size);
}

int luaxdp_run(lunatik_door *door, const luaxdp_packet *packet, void *argument, size_t size)
{
	using namespace lunatik;
	Hook *hook = static_cast<Hook *>(door->slots[LUNATIK_SLOT_XDP]);
	int result;

	if (__builtin_expect(!hook, 0))
		return -1;
	data_show(hook->packet, packet->data,
		  static_cast<char *>(packet->data_end) - static_cast<char *>(packet->data));
	data_show(hook->argument, argument, argument ? size : 0);
	result = luafast_call(hook->thread);
	data_hide(hook->packet);
	data_hide(hook->argument);
	if (__builtin_expect(static_cast<unsigned int>(result) <= LUAXDP_ACTION_MAX, 1))
		return result;
	return other_action(hook->thread, result);
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
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	luaopen_linux_xdp(L);
	lua_setfield(L, -2, "action");
	return 1;
}
