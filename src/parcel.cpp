// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Packing the values that runtimes hand to each other.
#include "parcel.hpp"

extern "C" {
#include <string.h>
}

namespace lunatik {

bool is_shareable(lua_State *L, int index)
{
	Object *object;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
	case LUA_TBOOLEAN:
	case LUA_TNUMBER:
	case LUA_TSTRING:
		return true;
	case LUA_TUSERDATA:
		object = to_object(L, index);
		return object && object->klass->shared;
	default:
		return false;
	}
}

static char *strings_of(Parcel *parcel)
{
	return reinterpret_cast<char *>(parcel->items + parcel->count);
}

Parcel *parcel_pack(lua_State *from, int first, int count)
{
	size_t size = sizeof(Parcel) + static_cast<size_t>(count) * sizeof(Parcel::Item);
	Parcel *parcel;
	char *text;

	if (!lua_checkstack(from, 1))
		return nullptr;
	for (int i = 0; i < count; i++)
		if (lua_type(from, first + i) == LUA_TSTRING)
			size += lua_rawlen(from, first + i);
	parcel = static_cast<Parcel *>(lunatik_memory_new(size, may_sleep(from) ? LUNATIK_MEMORY_SLEEP
										: LUNATIK_MEMORY_ATOMIC));
	if (!parcel)
		return nullptr;
	parcel->count = count;
	text = strings_of(parcel);
	for (int i = 0; i < count; i++) {
		Parcel::Item &item = parcel->items[i];
		const char *string;

		item.type = is_shareable(from, first + i) ? lua_type(from, first + i) : LUA_TNIL;
		switch (item.type) {
		case LUA_TBOOLEAN:
			item.integer = lua_toboolean(from, first + i);
			break;
		case LUA_TNUMBER:
			item.integer = lua_tointeger(from, first + i);
			break;
		case LUA_TSTRING:
			string = lua_tolstring(from, first + i, &item.length);
			memcpy(text, string, item.length);
			text += item.length;
			break;
		case LUA_TUSERDATA:
			item.object = to_object(from, first + i);
			get(item.object);
			break;
		}
	}
	return parcel;
}

void parcel_free(Parcel *parcel)
{
	if (!parcel)
		return;
	for (int i = 0; i < parcel->count; i++)
		if (parcel->items[i].type == LUA_TUSERDATA)
			put(parcel->items[i].object);
	lunatik_memory_free(parcel);
}

int parcel_unpack(lua_State *to)
{
	Parcel *parcel = static_cast<Parcel *>(lua_touserdata(to, 1));
	const char *text = strings_of(parcel);

	luaL_checkstack(to, parcel->count, "too many values");
	for (int i = 0; i < parcel->count; i++) {
		const Parcel::Item &item = parcel->items[i];

		switch (item.type) {
		case LUA_TBOOLEAN:
			lua_pushboolean(to, item.integer != 0);
			break;
		case LUA_TNUMBER:
			lua_pushinteger(to, item.integer);
			break;
		case LUA_TSTRING:
			lua_pushlstring(to, text, item.length);
			text += item.length;
			break;
		case LUA_TUSERDATA:
			push(to, item.object);
			break;
		default:
			lua_pushnil(to);
		}
	}
	return parcel->count;
}

} // namespace lunatik
