// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `data`: memory as bytes, integers and strings, within bounds.
#include "lunatik_data.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

/* What a kmalloc() of more would be refused anyway. */
static const lua_Integer size_max = 4 << 20;

/* Raises for the offset in argument 2. */
[[gnu::cold]] static void out_of_bounds(lua_State *L, const Data *data)
{
	luaL_argerror(L, 2, data->bytes ? "out of bounds" : "the memory is gone: a packet is there during its callback only");
}

/* Whether a T is at hand for an object and an offset, which are most often just that, and its place. */
template <class T> static inline bool find_place(lua_State *L, bool writes, unsigned char *&place)
{
	const luafast_value *arguments = luafast_arguments(L);
	const Data *data;
	size_t offset;
	Box *box;

	if (!luafast_has(L, arguments, 2) || arguments[1].type != LUAFAST_TYPE_INTEGER ||
	    !luafast_isuserdata(arguments, sizeof(Box)))
		return false;
	box = static_cast<Box *>(luafast_block(arguments));
	data = data_of(box);
	if (!data)
		return false;
	offset = static_cast<size_t>(arguments[1].integer);
	if (sizeof(T) == 1 ? offset >= data->size : !data_within(data->size, offset, sizeof(T)))
		return false;
	place = data->bytes + offset;
	return !writes || !data->access;
}

/* Copies bytes from the offset in argument 2 of the data in argument 1. Raises. */
[[gnu::noinline]] static void read_bytes(lua_State *L, void *to, size_t length)
{
	Data *data = data_check(L, 1);
	lua_Integer offset = check_integer(L, 2);
	const unsigned char *from = data_reach(data, offset, length, to);

	if (!from)
		out_of_bounds(L, data);
	if (from != to)
		memcpy(to, from, length);
}

/* Copies bytes to it. Raises. */
[[gnu::noinline]] static void write_bytes(lua_State *L, const void *from, size_t length)
{
	Data *data = data_check(L, 1);
	lua_Integer offset = check_integer(L, 2);
	int error;

	if (!data->bytes || !data_within(data_length(data), offset, length))
		out_of_bounds(L, data);
	if (!data->access) {
		memcpy(data->bytes + offset, from, length);
		return;
	}
	error = data->access->write(data, static_cast<size_t>(offset), from, length);
	if (error == -EPERM)
		luaL_error(L, "the length and the options of the IPv4 header stay as they are: the kernel has read them already");
	if (error)
		luaL_error(L, error == -ENOMEM ? "not enough memory" : "the packet is read-only here");
}

/// Reads or writes an integer in the host's byte order: d:getTYPE(offset), d:setTYPE(offset, value),
/// with TYPE byte, int8, uint8, int16, uint16, int32, uint32, int64 or number (64 bits); or in network byte order
/// (big-endian), with TYPE int16be, uint16be, int32be, uint32be or int64be.
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

enum class Order { Host, Network };
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <class T, Order order> static inline T ordered(T value)
{
	if constexpr (order == Order::Host || sizeof(T) == 1)
		return value;
	else if constexpr (sizeof(T) == 2)
		return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
	else if constexpr (sizeof(T) == 4)
		return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
	else
		return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
}

template <class T, Order order> [[gnu::noinline]] static int get_integer_slowly(lua_State *L)
{
	T value;

	read_bytes(L, &value, sizeof(value));
	return luafast_return(L, ordered<T, order>(value));
}

template <class T, Order order = Order::Host> static int get_integer(lua_State *L)
{
	unsigned char *place;

	if (__builtin_expect(find_place<T>(L, false, place), 1))
		return luafast_return(L, ordered<T, order>(reinterpret_cast<const Unaligned<T> *>(place)->value));
	return get_integer_slowly<T, order>(L);
}

template <class T, Order order> [[gnu::noinline]] static int set_integer_slowly(lua_State *L)
{
	T value = ordered<T, order>(static_cast<T>(check_integer(L, 3)));

	write_bytes(L, &value, sizeof(value));
	return 0;
}

template <class T, Order order = Order::Host> static int set_integer(lua_State *L)
{
	unsigned char *place;
	lua_Integer value;

	if (__builtin_expect(luafast_tointeger(L, 3, &value) && find_place<T>(L, true, place), 1)) {
		reinterpret_cast<Unaligned<T> *>(place)->value = ordered<T, order>(static_cast<T>(value));
		return 0;
	}
	return set_integer_slowly<T, order>(L);
}

/* --- strings ---------------------------------------------------------------------------- */

/// Reads bytes as a string.
/// @param offset integer bytes from the start, 0 to #d
/// @param length? integer bytes, not negative; up to the end when omitted
/// @return string
/// Errors: out of bounds; negative length; the memory of a packet is gone; not enough memory.
/// Context: any.
/// @function data:getstring(offset, length)
static int get_string(lua_State *L)
{
	Data *data = data_check(L, 1);
	lua_Integer offset = check_integer(L, 2);
	size_t all = data_length(data), length;
	luaL_Buffer buffer;

	if (!data->bytes || !data_within(all, offset, 0))
		out_of_bounds(L, data);
	if (lua_isnoneornil(L, 3)) {
		length = all - static_cast<size_t>(offset);
	} else {
		lua_Integer asked = check_integer(L, 3);

		luaL_argcheck(L, asked >= 0, 3, "negative length");
		length = static_cast<size_t>(asked);
	}
	if (__builtin_expect(data_within(data->size, offset, length), 1)) {
		lua_pushlstring(L, reinterpret_cast<char *>(data->bytes) + offset, length);
		return 1;
	}
	if (!data_within(all, offset, length))
		out_of_bounds(L, data);
	read_bytes(L, luaL_buffinitsize(L, &buffer, length), length);
	luaL_pushresultsize(&buffer, length);
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
	const char *string = luaL_checklstring(L, 3, &length);

	write_bytes(L, string, length);
	return 0;
}

static int length_of(lua_State *L)
{
	return luafast_return(L, static_cast<lua_Integer>(data_length(data_check(L, 1))));
}

/* --- what the interpreter reads itself -------------------------------------------------- */

template <class T, Order order = Order::Host> static constexpr luafast_getter getter(const char *name)
{
	const int width = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;

	return { name, get_integer<T, order>,
		 static_cast<unsigned char>(LUAFAST_GETTER | width | (T(-1) < 0 ? LUAFAST_SIGNED : 0) |
					    (order == Order::Network ? LUAFAST_NETWORK : 0)) };
}

static const luafast_getter getters[] = {
	getter<lua_Integer>("getnumber"),
	getter<uint8_t>("getbyte"),
	getter<int8_t>("getint8"),
	getter<uint8_t>("getuint8"),
	getter<int16_t>("getint16"),
	getter<uint16_t>("getuint16"),
	getter<int32_t>("getint32"),
	getter<uint32_t>("getuint32"),
	getter<int64_t>("getint64"),
	getter<int16_t, Order::Network>("getint16be"),
	getter<uint16_t, Order::Network>("getuint16be"),
	getter<int32_t, Order::Network>("getint32be"),
	getter<uint32_t, Order::Network>("getuint32be"),
	getter<int64_t, Order::Network>("getint64be"),
	{},
};

/* --- the classes ------------------------------------------------------------------------ */

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
	{ "getint16be", get_integer<int16_t, Order::Network> },
	{ "setint16be", set_integer<int16_t, Order::Network> },
	{ "getuint16be", get_integer<uint16_t, Order::Network> },
	{ "setuint16be", set_integer<uint16_t, Order::Network> },
	{ "getint32be", get_integer<int32_t, Order::Network> },
	{ "setint32be", set_integer<int32_t, Order::Network> },
	{ "getuint32be", get_integer<uint32_t, Order::Network> },
	{ "setuint32be", set_integer<uint32_t, Order::Network> },
	{ "getint64be", get_integer<int64_t, Order::Network> },
	{ "setint64be", set_integer<int64_t, Order::Network> },
	{ "__len", length_of },
	{ nullptr, nullptr },
};

/* A view's memory is somebody else's. */
#define VIEW(kind_name) {		\
	.name = kind_name,		\
	.size = sizeof(Data),		\
	.methods = methods,		\
	.release = nullptr,		\
	.sleeps = false,		\
	.release_sleeps = false,	\
	.shared = false,		\
	.owner = &__this_module,	\
	.getters = getters,		\
}

const Class data_kinds[DATA_KINDS] = {
	{
		.name = "data",
		.size = sizeof(Data),
		.methods = methods,
		.release = release,
		.sleeps = false,
		.release_sleeps = false,
		.shared = true,
		.owner = &__this_module,
		.getters = getters,
	},
	VIEW("data"),
	VIEW("xdp packet"),
	VIEW("skb"),
};

void data_type_error(lua_State *L, int arg)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, arg, sizeof(Box)));

	for (const Class &kind : data_kinds)
		if (box && box->klass == &kind)
			type_error(L, arg, kind);
	type_error(L, arg, data_kinds[DATA_BUFFER]);
}

Data *data_check_kind(lua_State *L, int arg, DataKind kind)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, arg, sizeof(Box)));

	if (!box || box->klass != &data_kinds[kind] || !box->object)
		type_error(L, arg, data_kinds[kind]);
	Data *data = static_cast<Data *>(box->object);
	if (!data->bytes)
		luaL_argerror(L, arg, "the packet is gone: it is there during its callback only");
	return data;
}

static Data *push_data(lua_State *L, DataKind kind)
{
	Box *box = push_box(L, data_kinds[kind]);

	box->object = allocate(L, data_kinds[kind]);
	if (!box->object)
		luaL_error(L, "not enough memory");
	return static_cast<Data *>(box->object);
}

Data *data_push_view(lua_State *L, DataKind kind)
{
	Data *view = push_data(L, kind);

	get(view);
	return view;
}

Data *data_push_buffer(lua_State *L, size_t size)
{
	Data *data = push_data(L, DATA_BUFFER);

	/* A finalizer could close it. */
	get(data);
	if (charge(L, data, size))
		data->bytes = static_cast<unsigned char *>(lunatik_memory_new(size,
			may_sleep(L) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC));
	if (data->bytes)
		data->size = size;
	if (put(data) || !data->bytes)
		luaL_error(L, "not enough memory");
	return data;
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
	data_push_buffer(L, static_cast<size_t>(size));
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
