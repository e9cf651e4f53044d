// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The C API of include/lunatik.h, for other kernel modules.
#include "state.hpp"
#include "kernel/log.h"
#include "lunatik_core.h"

extern "C" {
#include <errno.h>
#include "lunatik.h"
}

using namespace lunatik;

/* C sees an object as a lunatik_object_t. */
static Object *object_of(lunatik_object_t *object)
{
	return reinterpret_cast<Object *>(object);
}

static Runtime *runtime_of_handle(lunatik_object_t *object)
{
	return static_cast<Handle *>(object_of(object))->runtime;
}

int lunatik_runtime(lunatik_object_t **pruntime, const char *script, bool sleep)
{
	Options options = { true, sleep ? LUNATIK_PROCESS : LUNATIK_SOFTIRQ, false, {} };
	Failure *failure = static_cast<Failure *>(lunatik_memory_new(sizeof(Failure), LUNATIK_MEMORY_SLEEP));
	int error = -ENOMEM;
	Handle *handle;

	if (!failure)
		return error;
	handle = runtime_new(script, options, nullptr, *failure);
	if (handle) {
		*pruntime = reinterpret_cast<lunatik_object_t *>(handle);
		error = 0;
	} else {
		lunatik_log_error(script, failure->text, nullptr);
		error = failure->code == -ENOMEM || failure->code == -EPERM ? failure->code : -EINVAL;
	}
	lunatik_memory_free(failure);
	return error;
}

int lunatik_stop(lunatik_object_t *runtime)
{
	if (runtime_stop(runtime_of_handle(runtime), Wait::Always))
		return 0; /* from inside of it: nothing is closed, and the reference stays */
	return put(object_of(runtime));
}

void lunatik_getobject(lunatik_object_t *object)
{
	get(object_of(object));
}

int lunatik_putobject(lunatik_object_t *object)
{
	return put(object_of(object));
}

lunatik_object_t *lunatik_toruntime(lua_State *L)
{
	return reinterpret_cast<lunatik_object_t *>(runtime_of(L)->handle);
}

void lunatik_spare(lunatik_object_t *runtime)
{
	__atomic_store_n(&runtime_of_handle(runtime)->spared, true, __ATOMIC_RELAXED);
}

/* The parts of a lunatik_entry that its header does not show. */
struct OpenEntry {
	luafast_protection protection;
	Visit visit;
	int top;
};
static_assert(sizeof(OpenEntry) <= sizeof(lunatik_entry));

lua_State *lunatik_enter(lunatik_object_t *runtime, lunatik_entry *entry)
{
	OpenEntry *open = reinterpret_cast<OpenEntry *>(entry);

	enter(open->visit, runtime_of_handle(runtime), Wait::Killable, true);
	if (open->visit.L) {
		open->top = lua_gettop(open->visit.L);
		luafast_protect(open->visit.L, &open->protection);
	}
	return open->visit.L;
}

void lunatik_leave(lunatik_entry *entry)
{
	OpenEntry *open = reinterpret_cast<OpenEntry *>(entry);
	lua_State *L = open->visit.L;

	if (luafast_unprotect(L, &open->protection) != LUA_OK)
		log_error(L, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr);
	lua_settop(L, open->top);
	leave(open->visit);
}
