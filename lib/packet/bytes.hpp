/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The bytes of a packet as the parsers see them: within bounds, wherever they are. And what they return. */
#ifndef LUAPACKET_BYTES_HPP
#define LUAPACKET_BYTES_HPP

#include "lunatik_data.hpp"

namespace lunatik::packet {

/* All of them at hand: no more than a pointer and a length. */
class Flat {
public:
	explicit Flat(const Data *data) : hand(data->bytes), end(data->size) {}

	/* Where they end. */
	size_t limit() const
	{
		return end;
	}

	/* Ends them earlier. */
	void cut(size_t limit)
	{
		if (limit < end)
			end = limit;
	}

	/* Ends them there, which is not behind their end. */
	void end_at(size_t limit)
	{
		end = limit;
	}

	bool has(size_t offset, size_t length) const
	{
		size_t behind;

		/* Nothing is left of the first question where the offset is known to be small. */
		return !__builtin_add_overflow(offset, length, &behind) && behind <= end;
	}

	/* `length` bytes at the offset, until the next call; null when they are not there. */
	const unsigned char *reach(size_t offset, size_t length)
	{
		if (__builtin_expect(!has(offset, length), 0))
			return nullptr;
		const unsigned char *place = hand + offset;

		/* What has a byte is somewhere: it need not be asked whether it is null. */
		if (!place)
			__builtin_unreachable();
		return place;
	}

protected:
	Flat(const unsigned char *hand, size_t end) : hand(hand), end(end) {}

	const unsigned char *hand;
	size_t end;
};

/* A copy of bytes that are not at hand: some more than asked for, since what follows is asked for next. */
struct Window {
	size_t start, size;
	unsigned char bytes[64];
};

/* Some of them at hand, perhaps. No more than a window's are reached at once. */
class Pieces : public Flat {
public:
	Pieces(const Data *data, Window &window)
		: Flat(data->bytes, data_length(data)), data(data), at_hand(data->size), window(window)
	{
		window.size = 0;
	}

	const unsigned char *reach(size_t offset, size_t length)
	{
		if (!has(offset, length))
			return nullptr;
		if (offset + length <= at_hand)
			return hand + offset;
		return gather(data, window, offset, length, end);
	}

private:
	/* Copies them unless the window has them. They are within the end. */
	static const unsigned char *gather(const Data *data, Window &window, size_t offset, size_t length, size_t end);

	const Data *data;
	size_t at_hand;
	Window &window;
};

/* Only what was copied is read. */
#define LUAPACKET_UNCLEARED	__attribute__((uninitialized))

template <class Parse> [[gnu::noinline]] int parse_pieces(lua_State *L, const Data *data, Parse parse)
{
	LUAPACKET_UNCLEARED Window window;
	Pieces bytes(data, window);

	return parse(L, data, bytes);
}

/* A function of Lua's on the data of argument 1: int parse(lua_State *L, const Data *data, auto &bytes). */
template <class Parse> inline int parse_data(lua_State *L, Parse parse)
{
	const Data *data = data_check(L, 1);

	if (__builtin_expect(data->access != nullptr, 0))
		return parse_pieces(L, data, parse);
	Flat bytes(data);

	return parse(L, data, bytes);
}

/* The data of argument 1, where that is the only one, and all bytes are at hand; else null. */
inline const Data *only_data(lua_State *L)
{
	const luafast_value *arguments = luafast_arguments(L);

	if (!luafast_hasjust(L, arguments, 1) || !luafast_isuserdata(arguments, sizeof(Box)))
		return nullptr;
	const Data *data = data_of(static_cast<Box *>(luafast_block(arguments)));

	return data && !data->access ? data : nullptr;
}

/*
 * An integer in network byte order. Read once: another CPU may write what is checked, and what was checked has
 * to be what is used.
 */
template <class T> inline T load(const unsigned char *from)
{
	struct [[gnu::packed, gnu::may_alias]] Unaligned {
		T value;
	};
	T value = reinterpret_cast<const volatile Unaligned *>(from)->value;

	if constexpr (sizeof(T) == 2)
		return __builtin_bswap16(value);
	else if constexpr (sizeof(T) == 4)
		return __builtin_bswap32(value);
	else if constexpr (sizeof(T) == 8)
		return __builtin_bswap64(value);
	else
		return value;
}

inline unsigned int load8(const unsigned char *from)
{
	return load<uint8_t>(from);
}

inline unsigned int load16(const unsigned char *from)
{
	return load<uint16_t>(from);
}

inline uint32_t load32(const unsigned char *from)
{
	return load<uint32_t>(from);
}

inline uint64_t load48(const unsigned char *from)
{
	return static_cast<uint64_t>(load16(from)) << 32 | load32(from + 2);
}

inline uint64_t load64(const unsigned char *from)
{
	return load<uint64_t>(from);
}

/* --- results ---------------------------------------------------------------------------- */

inline void set(luafast_value *slot, bool boolean)
{
	luafast_setboolean(slot, boolean);
}

template <class T> inline void set(luafast_value *slot, T integer)
{
	luafast_setinteger(slot, static_cast<lua_Integer>(integer));
}

/* Returns these integers and booleans from a C function, at most as many as Lua leaves room for. */
template <class... T> inline int give(lua_State *L, T... values)
{
	static_assert(sizeof...(T) <= 12);
	luafast_value *slot = luafast_push(L, sizeof...(T));

	(set(slot++, values), ...);
	return sizeof...(T);
}

/* Returns nil: the packet is not that. Raises when there is no packet any more. */
[[gnu::cold]] int nothing(lua_State *L, const Data *data);

} // namespace lunatik::packet

#endif
