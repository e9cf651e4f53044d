/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Values between runtimes. */
#ifndef LUNATIK_PARCEL_HPP
#define LUNATIK_PARCEL_HPP

#include "lunatik.hpp"

namespace lunatik {

/*
 * Values on their way from one state to another. They are packed while the one may be entered, and
 * unpacked where the other may: no memory of a process runtime is asked for while pinned.
 */
struct Parcel {
	int count;
	struct Item {
		int type;
		union {
			lua_Integer integer;
			Object *object;		/* with a reference */
			size_t length;		/* of the next string behind the items */
		};
	} items[];
};

/* Packs `count` shareable values from the index `first` on. Null when out of memory. Does not raise. */
Parcel *parcel_pack(lua_State *from, int first, int count);

void parcel_free(Parcel *parcel);

/* As a function of Lua's: takes a parcel, which stays the caller's, and returns its values. */
int parcel_unpack(lua_State *to);

} // namespace lunatik

#endif
