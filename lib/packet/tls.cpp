// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `packet`: the server's name in a TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3).
#include "layers.hpp"

namespace lunatik::packet {

enum : size_t {
	RECORD = 5,		/* of bytes: its header */
	RECORD_MAX = 1 << 14,	/* what it may hold */
	HANDSHAKE = 4,		/* a message's header */
	RANDOM = 34,		/* the version and the random bytes */
	SESSION_MAX = 32,
	HOST_MAX = 255,
};
enum : unsigned int { HANDSHAKE_RECORD = 22, VERSION = 3, CLIENT_HELLO = 1, SERVER_NAME = 0, HOST_NAME = 0 };

/* Goes behind a vector, which begins with its length in one or two bytes. Null when it is not there. */
template <class Bytes> static const unsigned char *skip(Bytes &bytes, size_t &at, size_t width, size_t least, size_t most)
{
	const unsigned char *vector = bytes.reach(at, width);
	size_t length;

	if (!vector)
		return nullptr;
	length = width == 1 ? load8(vector) : load16(vector);
	at += width + length;
	return length >= least && length <= most ? vector : nullptr;
}

/* The host's name in a list of names, of all that the bytes now hold. */
template <class Bytes> static bool find_host(Bytes &bytes, size_t at, size_t &name, size_t &length)
{
	const unsigned char *entry = bytes.reach(at, 2);

	if (!entry)
		return false;
	bytes.cut(at + 2 + load16(entry));
	at += 2;
	for (; (entry = bytes.reach(at, 3)); at += 3 + length) {
		length = load16(entry + 1);
		if (load8(entry) != HOST_NAME)
			continue;
		name = at + 3;
		return length && length <= HOST_MAX && bytes.has(name, length);
	}
	return false;
}

/* The name in the record at the offset. */
template <class Bytes> static bool find_name(Bytes &bytes, size_t at, size_t &name, size_t &length)
{
	const unsigned char *header = bytes.reach(at, RECORD + HANDSHAKE);
	size_t record, message;

	if (!header || load8(header) != HANDSHAKE_RECORD || load8(header + 1) != VERSION || load8(header + 5) != CLIENT_HELLO)
		return false;
	record = load16(header + 3);
	message = load32(header + 5) & 0xffffff;
	if (record > RECORD_MAX || message + HANDSHAKE > record)
		return false;
	at += RECORD + HANDSHAKE;
	bytes.cut(at + message);
	at += RANDOM;
	if (!skip(bytes, at, 1, 0, SESSION_MAX) ||	/* session identifier */
	    !skip(bytes, at, 2, 2, RECORD_MAX) ||	/* cipher suites */
	    !skip(bytes, at, 1, 1, 255))		/* compression methods */
		return false;
	header = bytes.reach(at, 2);
	if (!header)
		return false;
	/* The message's end is its extensions', or they lie. */
	at += 2;
	bytes.cut(at + load16(header));
	for (; (header = bytes.reach(at, 4)); at += 4 + length) {
		length = load16(header + 2);
		if (load16(header) != SERVER_NAME)
			continue;
		at += 4;
		bytes.cut(at + length);
		return find_host(bytes, at, name, length);
	}
	return false;
}

/// The server's name (SNI) in a TLS ClientHello, as the client wrote it: case and all. The message has to begin in
/// this packet, and to have the name there; it may end in the next one. It has to be in one TLS record.
/// @param buffer data
/// @param offset? integer of the TCP payload
/// @return string? of 1 to 255 bytes; nil when there is none. No offset is returned
/// Errors: not enough memory.
/// @function packet.sni(buffer, offset)
int sni(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		LUAPACKET_UNCLEARED char copy[HOST_MAX];
		size_t at, name, length;
		const unsigned char *text;

		if (!start(L, 2, at, [&](size_t &at) {
			size_t length = 0;

			if (!find_transport(bytes, data, PROTOCOL_TCP, at) || !parse_tcp(bytes, at, length))
				return false;
			at += length;
			return true;
		    }) || !find_name(bytes, at, name, length))
			return nothing(L, data);
		text = data_reach(data, static_cast<lua_Integer>(name), length, copy);
		if (!text)
			return nothing(L, data);
		lua_pushlstring(L, reinterpret_cast<const char *>(text), length);
		return 1;
	});
}

} // namespace lunatik::packet
