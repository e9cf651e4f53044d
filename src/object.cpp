// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Objects: their references, and the userdata that stand for them in Lua.
#include "state.hpp"

namespace lunatik {

static void release(Object *object)
{
	const Class *klass = object->klass;
	struct module *owner = object->owner;
	Account *payer = object->payer;
	size_t charged = object->charged;

	if (klass->release)
		klass->release(object);
	lunatik_memory_free(object);
	account_give(payer, charged);
	lunatik_module_put(owner);
}

static void release_deferred(lunatik_deferred *deferred)
{
	release(reinterpret_cast<Object *>(deferred));
}

/* Gives up a reference. What may sleep is released at once only if the caller has time for it. */
static bool put(Object *object, bool has_time)
{
	if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
		return false;
	if (object->klass->release_later ||
	    ((object->klass->sleeps || object->klass->release_sleeps) && !has_time)) {
		object->deferred.run = release_deferred;
		lunatik_defer_slow(&object->deferred);
	} else {
		release(object);
	}
	return true;
}

bool put(Object *object)
{
	return put(object, lunatik_may_sleep());
}

bool put_later(Object *object)
{
	return put(object, false);
}

Object *allocate(lua_State *L, const Class &klass)
{
	lunatik_memory how = may_sleep(L) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC;
	Object *object;

	if (!lunatik_module_get(klass.owner))
		return nullptr;
	object = static_cast<Object *>(lunatik_memory_new(klass.size, how));
	if (!object) {
		lunatik_module_put(klass.owner);
		return nullptr;
	}
	object->klass = &klass;
	object->owner = klass.owner;
	object->references = 1;
	if (!charge(L, object, klass.size + klass.extra)) {
		/* Nothing is in it that could be released. */
		lunatik_memory_free(object);
		lunatik_module_put(klass.owner);
		return nullptr;
	}
	return object;
}

/* The box at any index, or null. Others may make userdata of its size: the registry knows the classes. */
static Box *to_box(lua_State *L, int index)
{
	Box *box;
	bool known;

	if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(Box))
		return nullptr;
	box = static_cast<Box *>(lua_touserdata(L, index));
	known = lua_rawgetp(L, LUA_REGISTRYINDEX, box->klass) == LUA_TTABLE;
	lua_pop(L, 1);
	return known ? box : nullptr;
}

void collect_box(Box *box)
{
	Object *object = box->object;

	box->object = nullptr;
	if (object)
		put(object);
}

int collect(lua_State *L)
{
	Box *box = to_box(L, 1);
	Object *object = box ? box->object : nullptr;

	if (!object)
		return 0;
	box->object = nullptr;
	/* What the kernel holds a lock for must not wait for that lock. */
	if (state_of(L)->lock)
		put_later(object);
	else
		put(object);
	return 0;
}

/* Adds the methods, or the metamethods, to the table on the stack's top. */
static void set_functions(lua_State *L, const luaL_Reg *functions, bool meta)
{
	for (; functions && functions->name; functions++) {
		if ((functions->name[0] == '_' && functions->name[1] == '_') != meta)
			continue;
		lua_pushcfunction(L, functions->func);
		lua_setfield(L, -2, functions->name);
	}
}

static int count_of(const luaL_Reg *functions)
{
	int count = 0;

	while (functions && functions[count].name)
		count++;
	return count;
}

/*
 * Pushes the metatable of a class, made at its first use in this state. Methods are in a table of
 * their own, with room to spare: every call of one looks up both, and finds it at once.
 */
static void push_metatable(lua_State *L, const Class &klass)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &klass) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	if (!state_hold_module(state_of(L), klass.owner))
		luaL_error(L, "not enough memory");
	lua_createtable(L, 2, 8);
	set_functions(L, klass.methods, true);
	lua_pushstring(L, klass.name);
	lua_setfield(L, -2, "__name");
	/* Without its __gc an object would never be released. */
	lua_pushstring(L, klass.name);
	lua_setfield(L, -2, "__metatable");
	lua_pushcfunction(L, collect);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, collect);
	lua_setfield(L, -2, "__close");
	if (lua_getfield(L, -1, "__index") == LUA_TNIL) {
		lua_createtable(L, 0, 2 * count_of(klass.methods));
		set_functions(L, klass.methods, false);
		lua_setfield(L, -3, "__index");
	}
	lua_pop(L, 1);
	luafast_setmethods(L, klass.getters);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &klass);
}

Box *push_box(lua_State *L, const Class &klass)
{
	Box *box;

	if (klass.sleeps && context_of(runtime_of(L)) != LUNATIK_PROCESS)
		luaL_error(L, "a %s may sleep, and this is a %s runtime: run the script in process context",
			   klass.name, context_name(context_of(runtime_of(L))));
	box = static_cast<Box *>(lua_newuserdatauv(L, sizeof(Box), 0));
	box->klass = &klass;
	box->object = nullptr;
	push_metatable(L, klass);
	lua_setmetatable(L, -2);
	return box;
}

void add_methods(lua_State *L, const Class &klass, const luaL_Reg *methods)
{
	push_metatable(L, klass);
	lua_getfield(L, -1, "__index");
	set_functions(L, methods, false);
	lua_pop(L, 1);
	luafast_setmethods(L, klass.getters);
	lua_pop(L, 1);
}

void push(lua_State *L, Object *object)
{
	Box *box = push_box(L, *object->klass);

	get(object);
	box->object = object;
}

Object *to_object(lua_State *L, int index)
{
	Box *box = to_box(L, index);

	return box ? box->object : nullptr;
}

void type_error(lua_State *L, int arg, const Class &klass)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, arg, sizeof(Box)));

	if (box && box->klass == &klass)
		luaL_argerror(L, arg, lua_pushfstring(L, "%s is closed", klass.name));
	luaL_typeerror(L, arg, klass.name);
}

} // namespace lunatik
