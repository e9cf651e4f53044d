/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The `data` object, for bindings that show memory to Lua: a packet, an argument. */
#ifndef LUNATIK_DATA_HPP
#define LUNATIK_DATA_HPP

#include "lunatik.hpp"
#include "lunatik_view.h"

namespace lunatik {
struct Data;
}

/* How Lua reaches what is not simply there in memory: packets in pieces, packets that others hold too. */
struct lunatik_access {
	using Data = lunatik::Data;

	/* All bytes, those at hand among them. */
	size_t (*length)(const Data *data);
	/* Copies bytes that are within the length. False when they cannot be read. */
	bool (*read)(const Data *data, size_t offset, void *to, size_t length);
	/*
	 * Writes bytes that are within the length; may show the data anew. 0; -ENOMEM; -EACCES: read only;
	 * -EPERM: these bytes of a packet are the kernel's.
	 */
	int (*write)(Data *data, size_t offset, const void *from, size_t length);
	bool network;			/* the first byte is the network header's, not the link header's */
};

namespace lunatik {

using DataAccess = lunatik_access;

/*
 * Bytes that Lua reads and writes within bounds. Either the object owns them, or it is a view of
 * memory that is there only during an event: then it is shown just before the callback and hidden
 * right after, and a script that kept it reads an error.
 */
struct Data : Object, lunatik_view {
};
/* Data are windows (lua/fast.h). */
static_assert(sizeof(Object) == LUAFAST_WINDOW && sizeof(Data) == sizeof(Object) + sizeof(lunatik_view) &&
	      offsetof(lunatik_view, bytes) + LUAFAST_WINDOW == offsetof(luafast_window, bytes) &&
	      offsetof(lunatik_view, size) + LUAFAST_WINDOW == offsetof(luafast_window, size) &&
	      offsetof(lunatik_view, access) + LUAFAST_WINDOW == offsetof(luafast_window, access) &&
	      sizeof(Box) == 2 * sizeof(void *) && offsetof(Box, object) == sizeof(void *));

/* The classes of data. Each has data's methods; a binding adds its own to the kind that it shows. */
enum DataKind { DATA_BUFFER, DATA_VIEW, DATA_XDP, DATA_SKB, DATA_KINDS };
extern const Class data_kinds[DATA_KINDS] LUNATIK_KIT(data_kinds);

/* Pushes a hidden view, of which the caller keeps a reference: put() it. Raises. */
Data *data_push_view(lua_State *L, DataKind kind = DATA_VIEW) LUNATIK_KIT(data_push_view);

/* Pushes zeroed memory of its own, of 1 to 4194304 bytes. Raises. */
Data *data_push_buffer(lua_State *L, size_t size) LUNATIK_KIT(data_push_buffer);

inline void data_show(Data *view, void *bytes, size_t size)
{
	lunatik_view_show(view, bytes, size);
}

inline void data_hide(Data *view)
{
	lunatik_view_hide(view);
}

/* What is inside of the userdata, if it is data of any kind that is not closed; else null. */
inline Data *data_of(const Box *box)
{
	uintptr_t place = reinterpret_cast<uintptr_t>(box->klass) - reinterpret_cast<uintptr_t>(data_kinds);

	return place < sizeof(data_kinds) ? static_cast<Data *>(box->object) : nullptr;
}

/* Raises the type error of argument `arg`, which is no data, or closed. */
[[gnu::cold]] void data_type_error(lua_State *L, int arg) LUNATIK_KIT(data_type_error);

/* Argument `arg` as data of any kind. Raises. */
inline Data *data_check(lua_State *L, int arg)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, arg, sizeof(Box)));
	Data *data = box ? data_of(box) : nullptr;

	if (__builtin_expect(!data, 0)) {
		data_type_error(L, arg);
		__builtin_trap();
	}
	return data;
}

/* Argument `arg` as data of this kind, which is shown. Raises. */
Data *data_check_kind(lua_State *L, int arg, DataKind kind) LUNATIK_KIT(data_check_kind);

/* All bytes that there are. */
inline size_t data_length(const Data *data)
{
	return data->access && data->bytes ? data->access->length(data) : data->size;
}

/* Whether `length` bytes at the offset are within a size. */
inline bool data_within(size_t size, lua_Integer offset, size_t length)
{
	/* A negative offset is a huge one; neither difference can wrap. */
	return length <= size && static_cast<lua_Unsigned>(offset) <= size - length;
}

/* The bytes at the offset: where they are, or copied to `scratch`; null when they are not there. */
inline const unsigned char *data_reach(const Data *data, lua_Integer offset, size_t length, void *scratch)
{
	if (__builtin_expect(data_within(data->size, offset, length), 1))
		return data->bytes + offset;
	if (!data->access || !data_within(data_length(data), offset, length) ||
	    !data->access->read(data, static_cast<size_t>(offset), scratch, length))
		return nullptr;
	return static_cast<const unsigned char *>(scratch);
}

} // namespace lunatik

#endif
