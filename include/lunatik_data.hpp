/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The `data` object, for bindings that show memory to Lua: a packet, an argument. */
#ifndef LUNATIK_DATA_HPP
#define LUNATIK_DATA_HPP

#include "lunatik.hpp"

namespace lunatik {

/*
 * Bytes that Lua reads and writes within bounds. Either the object owns them, or it is a view of
 * memory that is there only during an event: then it is shown just before the callback and hidden
 * right after, and a script that kept it reads an error.
 */
struct Data : Object {
	unsigned char *bytes;		/* null while hidden */
	size_t size;			/* 0 while hidden */
};

/* Pushes a hidden view, of which the caller keeps a reference: put() it. Raises. */
Data *data_push_view(lua_State *L) LUNATIK_KIT(data_push_view);

inline void data_show(Data *view, void *bytes, size_t size)
{
	view->bytes = static_cast<unsigned char *>(bytes);
	view->size = size;
}

inline void data_hide(Data *view)
{
	view->bytes = nullptr;
	view->size = 0;
}

} // namespace lunatik

#endif
