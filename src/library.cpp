// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The libraries that modules offer, and how require() finds them beside the Lua files.
#include "state.hpp"
#include "library.hpp"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

static lunatik_library *libraries;
static lunatik_writer *writer;

bool libraries_init()
{
	writer = lunatik_writer_new();
	return writer;
}

void libraries_exit()
{
	lunatik_writer_free(writer);
}

static lunatik_library *find(const char *name)
{
	lunatik_library *library = libraries;

	while (library && strcmp(library->name, name))
		library = library->next;
	return library;
}

/* The function that opens a library, whose module the state holds from now on; or null. */
static lua_CFunction acquire(State *state, const char *name)
{
	unsigned long flags = lunatik_writer_lock(writer);
	lunatik_library *library = find(name);
	lua_CFunction open = nullptr;
	struct module *owner = nullptr;

	if (library && lunatik_module_get(library->owner)) {
		open = library->open;
		owner = library->owner;
	}
	lunatik_writer_unlock(writer, flags);
	if (!open)
		return nullptr;
	if (!state_hold_module(state, owner))
		open = nullptr;
	lunatik_module_put(owner);
	return open;
}

/* A library that some loaded module offers. */
static int search_loaded(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	lua_CFunction open;

	if (!may_sleep(L)) {
		lua_pushliteral(L, "no library is opened inside of a callback: require() it when the script starts");
		return 1;
	}
	open = acquire(state_of(L), name);
	if (!open) {
		lua_pushfstring(L, "no binding '%s'", name);
		return 1;
	}
	lua_pushcfunction(L, open);
	lua_pushliteral(L, ":binding:");
	return 2;
}

/* A library whose module is not loaded yet: the name, or the name before its first dot. */
static int search_module(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	/* Names that modprobe would read otherwise. */
	if (!may_sleep(L) || strlen(name) > 40 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != strlen(name)) {
		lua_pushfstring(L, "no module lunatik-lib-%s", name);
		return 1;
	}
	lunatik_module_request(name);
	if (search_loaded(L) == 2)
		return 2;
	lua_pushfstring(L, "no module lunatik-lib-%s", name);
	return 1;
}

/*
 * package as the reference documents it: `path`, no `cpath`, no `loadlib`; and the searchers for
 * preloaded functions, libraries of loaded modules, Lua files, libraries of modules to load.
 */
void open_libraries(lua_State *L)
{
	lua_getglobal(L, "package");
	lua_pushnil(L);
	lua_setfield(L, -2, "cpath");
	lua_pushnil(L);
	lua_setfield(L, -2, "loadlib");
	lua_getfield(L, -1, "searchers");
	lua_rawgeti(L, -1, 2);
	lua_rawseti(L, -2, 3);
	lua_pushcfunction(L, search_loaded);
	lua_rawseti(L, -2, 2);
	lua_pushcfunction(L, search_module);
	lua_rawseti(L, -2, 4);
	lua_pop(L, 2);
}

} // namespace lunatik

int lunatik_library_add(lunatik_library *library)
{
	using namespace lunatik;
	unsigned long flags = lunatik_writer_lock(writer);
	int error = -EEXIST;

	if (!find(library->name)) {
		library->next = libraries;
		libraries = library;
		error = 0;
	}
	lunatik_writer_unlock(writer, flags);
	return error;
}

void lunatik_library_remove(lunatik_library *library)
{
	using namespace lunatik;
	unsigned long flags = lunatik_writer_lock(writer);

	for (lunatik_library **link = &libraries; *link; link = &(*link)->next) {
		if (*link == library) {
			*link = library->next;
			break;
		}
	}
	lunatik_writer_unlock(writer, flags);
}
