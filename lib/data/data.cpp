// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `data`: memory as bytes, integers and strings, within bounds.
#include "lunatik_data.hpp"
#include "kernel.h"

extern "C" {
#include <string.h>
}

namespace lunatik {

/* The memory of a view is somebody else's; views and buffers are classes of their own. */
struct Buffer : Data {
	static const Class type;
};
struct View : Data {
	static const Class type;
};

/* What a kmalloc() of more would be refused anyway. */
static const lua_Integer size_max = 4 << 20;

static inline bool is_data(const Box *box)
{
	return (box->klass == &View::type || box->klass == &Buffer::type) && box->object;
}

/* Argument 1, as a buffer or a view. */
static Data *check_data(lua_State *L)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, 1, sizeof(Box)));

	if (__builtin_expect(!box || !is_data(box), 0))
		type_error(L, 1, box && box->klass == &View::type ? View::type : Buffer::type);
	return static_cast<Data *>(box->object);
}

/* Raises for the offset in argument 2. */
[[gnu::cold]] static void out_of_bounds(lua_State *L, const Data *data)
{
	luaL_argerror(L, 2, data->bytes ? "out of bounds" : "the memory is gone: a packet is there during its callback only");
}

/* Whether `length` bytes at the offset are within the data. */
static inline bool is_within(const Data *data, lua_Integer offset, size_t length)
{
	/* A negative offset is a huge one; neither difference can wrap. */
	return length <= data->size && static_cast<lua_Unsigned>(offset) <= data->size - length;
}

/* The place of `length` bytes at the offset in argument 2. */
static unsigned char *check_bytes(lua_State *L, Data *data, size_t length)
{
	lua_Integer offset = check_integer(L, 2);

	if (__builtin_expect(!is_within(data, offset, length), 0)) {
		out_of_bounds(L, data);
		__builtin_trap();
	}
	return data->bytes + offset;
}

/* The place of a T, for an object and an offset that are most often just that. */
template <class T> static inline unsigned char *check_place(lua_State *L)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, 1, sizeof(Box)));
	lua_Integer offset;

	if (__builtin_expect(box && is_data(box) && luafast_tointeger(L, 2, &offset), 1)) {
		Data *data = static_cast<Data *>(box->object);

		if (__builtin_expect(is_within(data, offset, sizeof(T)), 1))
			return data->bytes + offset;
	}
	return check_bytes(L, check_data(L), sizeof(T));
}

/// Reads or writes an integer in the host's byte order: d:getTYPE(offset), d:setTYPE(offset, value),
/// with TYPE byte, int8, uint8, int16, uint16, int32, uint32, int64 or number (64 bits).
/// @param offset integer bytes from the start, 0 to #d less the size of the type
/// @param value integer cut to the width of the type
/// Errors: out of bounds; the memory of a packet is gone; the data is closed.
/// Context: any.
/// @function data:getbyte(offset), data:setbyte(offset, byte), data:getint8(offset), ...

/* --- integers --------------------------------------------------------------------------- */

/* A T anywhere in memory, in the host's byte order. */
template <class T> struct [[gnu::packed, gnu::may_alias]] Unaligned {
	T value;
};

template <class T> static int get_integer(lua_State *L)
{
	return luafast_return(L, reinterpret_cast<const Unaligned<T> *>(check_place<T>(L))->value);
}

template <class T> static int set_integer(lua_State *L)
{
	unsigned char *place = check_place<T>(L);

	reinterpret_cast<Unaligned<T> *>(place)->value = static_cast<T>(check_integer(L, 3));
	return 0;
}

/* --- strings ---------------------------------------------------------------------------- */

/* The same of a string, which may be empty: then the bounds alone do not tell a hidden view. */
static inline unsigned char *check_string(lua_State *L, Data *data, size_t length)
{
	if (!data->bytes)
		out_of_bounds(L, data);
	return check_bytes(L, data, length);
}

/// Reads bytes as a string.
/// @param offset integer bytes from the start, 0 to #d
/// @param length? integer bytes, not negative; up to the end when omitted
/// @return string
/// Errors: out of bounds; negative length; the memory of a packet is gone; not enough memory.
/// Context: any.
/// @function data:getstring(offset, length)
static int get_string(lua_State *L)
{
	Data *data = check_data(L);
	size_t length;

	if (lua_isnoneornil(L, 3)) {
		unsigned char *start = check_string(L, data, 0);

		length = data->size - static_cast<size_t>(start - data->bytes);
	} else {
		lua_Integer asked = check_integer(L, 3);

		luaL_argcheck(L, asked >= 0, 3, "negative length");
		length = static_cast<size_t>(asked);
	}
	lua_pushlstring(L, reinterpret_cast<char *>(check_string(L, data, length)), length);
	return 1;
}

/// Writes the bytes of a string.
/// @param offset integer bytes from the start, 0 to #d less the length of the string
/// @param string string
/// Errors: out of bounds; the memory of a packet is gone.
/// Context: any.
/// @function data:setstring(offset, string)
static int set_string(lua_State *L)
{
	size_t length;
	/* First: a number becomes a string, and meanwhile a finalizer may close the data. */
	const char *string = luaL_checklstring(L, 3, &length);
	Data *data = check_data(L);

	memcpy(check_string(L, data, length), string, length);
	return 0;
}

static int length_of(lua_State *L)
{
	lua_pushinteger(L, static_cast<lua_Integer>(check_data(L)->size));
	return 1;
}

/* --- the class -------------------------------------------------------------------------- */

static void release(Object *object)
{
	lunatik_memory_free(static_cast<Data *>(object)->bytes);
}

static const luaL_Reg methods[] = {
	{ "getnumber", get_integer<lua_Integer> },
	{ "setnumber", set_integer<lua_Integer> },
	{ "getbyte", get_integer<uint8_t> },
	{ "setbyte", set_integer<uint8_t> },
	{ "getstring", get_string },
	{ "setstring", set_string },
	{ "getint8", get_integer<int8_t> },
	{ "setint8", set_integer<int8_t> },
	{ "getuint8", get_integer<uint8_t> },
	{ "setuint8", set_integer<uint8_t> },
	{ "getint16", get_integer<int16_t> },
	{ "setint16", set_integer<int16_t> },
	{ "getuint16", get_integer<uint16_t> },
	{ "setuint16", set_integer<uint16_t> },
	{ "getint32", get_integer<int32_t> },
	{ "setint32", set_integer<int32_t> },
	{ "getuint32", get_integer<uint32_t> },
	{ "setuint32", set_integer<uint32_t> },
	{ "getint64", get_integer<int64_t> },
	{ "setint64", set_integer<int64_t> },
	{ "__len", length_of },
	{ nullptr, nullptr },
};

const Class Buffer::type = {
	.name = "data",
	.size = sizeof(Buffer),
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = false,
	.shared = true,
	.owner = &__this_module,
};

const Class View::type = {
	.name = "data",
	.size = sizeof(View),
	.methods = methods,
	.release = nullptr,
	.sleeps = false,
	.release_sleeps = false,
	.shared = false,
	.owner = &__this_module,
};

Data *data_push_view(lua_State *L)
{
	Data *view = push_new<View>(L);

	get(view);
	return view;
}

/// Makes zeroed memory, which may be handed to other runtimes.
/// @param size integer bytes, 1 to 4194304
/// @return data
/// Errors: size out of range; not enough memory.
/// Context: any. Kernel: kzalloc().
/// @function data.new(size)
static int new_data(lua_State *L)
{
	lua_Integer size = check_integer(L, 1);

	luaL_argcheck(L, size > 0 && size <= size_max, 1, "size out of range (1 to 4194304 bytes)");

	Data *data = push_new<Buffer>(L);

	/* A finalizer could close it. */
	get(data);
	if (charge(L, data, static_cast<size_t>(size)))
		data->bytes = static_cast<unsigned char *>(lunatik_memory_new(static_cast<size_t>(size),
			may_sleep(L) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC));
	if (data->bytes)
		data->size = static_cast<size_t>(size);
	if (put(data) || !data->bytes)
		return luaL_error(L, "not enough memory");
	return 1;
}

} // namespace lunatik

int luaopen_data(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", lunatik::new_data },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
