// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `packet`: addresses as text, and back.
#include "layers.hpp"

namespace lunatik::packet {

/* --- writing ---------------------------------------------------------------------------- */

static char *write_hex(char *to, unsigned int value, unsigned int digits)
{
	while (digits--)
		*to++ = "0123456789abcdef"[value >> digits * 4 & 15];
	return to;
}

static char *write_ipv4(char *to, uint32_t address)
{
	for (unsigned int shift = 32; shift;) {
		unsigned int byte = address >> (shift -= 8) & 255;

		if (byte >= 100)
			*to++ = static_cast<char>('0' + byte / 100);
		if (byte >= 10)
			*to++ = static_cast<char>('0' + byte / 10 % 10);
		*to++ = static_cast<char>('0' + byte % 10);
		if (shift)
			*to++ = '.';
	}
	return to;
}

/* As RFC 5952 has it: the longest run of zeros is left out, the first one of several. */
static char *write_ipv6(char *to, uint64_t high, uint64_t low)
{
	unsigned int groups[8], count = 8, zeros = 8, most = 1;

	for (unsigned int i = 0; i < 4; i++) {
		groups[i] = high >> (48 - i * 16) & 0xffff;
		groups[i + 4] = low >> (48 - i * 16) & 0xffff;
	}
	/* An IPv4 address that is mapped into IPv6 is shown as one. */
	if (!high && low >> 32 == 0xffff)
		count = 6;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int run = 0;

		while (i + run < count && !groups[i + run])
			run++;
		if (run > most)
			most = run, zeros = i;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (i == zeros) {
			*to++ = ':';
			i += most - 1;
			if (i == count - 1)
				*to++ = ':';
			continue;
		}
		if (i)
			*to++ = ':';
		to = write_hex(to, groups[i], groups[i] > 0xfff ? 4 : groups[i] > 0xff ? 3 : groups[i] > 0xf ? 2 : 1);
	}
	if (count == 8)
		return to;
	*to++ = ':';
	return write_ipv4(to, static_cast<uint32_t>(low));
}

/* --- reading ---------------------------------------------------------------------------- */

struct Text {
	const char *at, *end;

	bool empty() const
	{
		return at == end;
	}
	bool take(char c)
	{
		return !empty() && *at == c ? at++, true : false;
	}
};

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* One to `most` digits of this base. */
static bool read_number(Text &text, int base, unsigned int most, unsigned int &number)
{
	unsigned int digits = 0;

	for (number = 0; digits < most && !text.empty(); digits++) {
		int digit = digit_of(*text.at);

		if (digit < 0 || digit >= base)
			break;
		number = number * static_cast<unsigned int>(base) + static_cast<unsigned int>(digit);
		text.at++;
	}
	return digits;
}

/* The whole text. No number begins with a zero that others could take for octal. */
static bool read_ipv4(Text text, uint32_t &address)
{
	address = 0;
	for (unsigned int i = 0; i < 4; i++) {
		const char *from;
		unsigned int byte;

		if (i && !text.take('.'))
			return false;
		from = text.at;
		if (!read_number(text, 10, 3, byte) || byte > 255 || (*from == '0' && text.at - from > 1))
			return false;
		address = address << 8 | byte;
	}
	return text.empty();
}

/* The whole text, with at most one gap, and perhaps an IPv4 address at its end. */
static bool read_ipv6(Text text, uint64_t &high, uint64_t &low)
{
	unsigned int groups[8] = {}, count = 0, gap = 9;
	bool more = true;

	if (text.take(':')) {
		if (!text.take(':'))
			return false;
		gap = 0;
		more = !text.empty();
	}
	while (more) {
		Text group = text;
		uint32_t address;

		if (count <= 6 && read_ipv4(text, address)) {
			groups[count++] = address >> 16;
			groups[count++] = address & 0xffff;
			break;
		}
		if (count == 8 || !read_number(group, 16, 4, groups[count++]))
			return false;
		text = group;
		more = !text.empty();
		if (!more)
			break;
		if (!text.take(':'))
			return false;
		if (text.take(':')) {
			if (gap <= 8)
				return false;
			gap = count;
			more = !text.empty();
		}
	}
	if (gap > 8 ? count != 8 : count > 7)
		return false;
	/* What is behind the gap moves to the end. */
	if (gap <= 8)
		for (unsigned int moved = 0; moved < count - gap; moved++) {
			groups[7 - moved] = groups[count - 1 - moved];
			if (7 - moved != count - 1 - moved)
				groups[count - 1 - moved] = 0;
		}
	high = low = 0;
	for (unsigned int i = 0; i < 4; i++) {
		high = high << 16 | groups[i];
		low = low << 16 | groups[i + 4];
	}
	return true;
}

/* --- for Lua ---------------------------------------------------------------------------- */

static bool is_text(lua_State *L)
{
	return lua_type(L, 1) == LUA_TSTRING;
}

static Text check_text(lua_State *L)
{
	size_t length;
	const char *text = lua_tolstring(L, 1, &length);

	return { text, text + length };
}

/// An IP address as text, or the address that a text is.
/// @param address integer|string an IPv4 address; the upper half of an IPv6 address; or either as text
/// @param low? integer the lower half of the IPv6 address
/// @return string|integer|nil text for integers, IPv6 as RFC 5952 has it; for a text the integer that an IPv4
/// address is, or the upper half of an IPv6 address; nil when it is neither
/// @return integer? the lower half of an IPv6 address that was text
/// Errors: an IPv4 address of more than 32 bits; not enough memory.
/// Context: any.
/// @function packet.ip(address, low)
int ip(lua_State *L)
{
	char buffer[48], *end;
	uint64_t high, low;
	uint32_t address;

	if (is_text(L)) {
		Text text = check_text(L);

		if (read_ipv4(text, address))
			return give(L, address);
		if (read_ipv6(text, high, low))
			return give(L, high, low);
		lua_pushnil(L);
		return 1;
	}
	high = static_cast<uint64_t>(check_integer(L, 1));
	if (luafast_isnoneornil(L, 2)) {
		luaL_argcheck(L, high <= 0xffffffff, 1, "an IPv4 address has 32 bits; an IPv6 address is two integers");
		end = write_ipv4(buffer, static_cast<uint32_t>(high));
	} else {
		end = write_ipv6(buffer, high, static_cast<uint64_t>(check_integer(L, 2)));
	}
	lua_pushlstring(L, buffer, static_cast<size_t>(end - buffer));
	return 1;
}

/// A link address as text, "02:00:5e:10:00:01", or the integer that such a text is.
/// @param address integer|string of 48 bits
/// @return string|integer|nil nil when the text is no link address
/// Errors: an address of more than 48 bits; not enough memory.
/// Context: any.
/// @function packet.mac(address)
int mac(lua_State *L)
{
	char buffer[17], *to = buffer;
	uint64_t address = 0;

	if (is_text(L)) {
		Text text = check_text(L);
		bool good = true;

		for (unsigned int i = 0; i < 6 && good; i++) {
			const char *from = (i && !text.take(':')) ? nullptr : text.at;
			unsigned int byte = 0;

			good = from && read_number(text, 16, 2, byte) && text.at - from == 2;
			address = address << 8 | byte;
		}
		if (good && text.empty())
			return give(L, address);
		lua_pushnil(L);
		return 1;
	}
	address = static_cast<uint64_t>(check_integer(L, 1));
	luaL_argcheck(L, address >> 48 == 0, 1, "a link address has 48 bits");
	for (unsigned int shift = 48; shift;) {
		if (shift < 48)
			*to++ = ':';
		shift -= 8;
		to = write_hex(to, address >> shift & 255, 2);
	}
	lua_pushlstring(L, buffer, sizeof(buffer));
	return 1;
}

} // namespace lunatik::packet
