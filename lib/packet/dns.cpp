// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `packet`: messages of the Domain Name System (RFC 1035).
#include "layers.hpp"

namespace lunatik::packet {

enum : size_t { HEADER = 12, QUESTION = 4, RECORD = 10 };	/* the last two behind a name */
enum : unsigned int { TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1, CLASS_FLUSH = 0x8000 };

static const size_t name_max = 255;		/* bytes as sent */
static const size_t label_max = 63;
static const unsigned int jumps_max = 127;	/* as many as labels */

/* A name as text: each byte may take two. */
struct Name {
	size_t size;
	char text[2 * name_max];
};

/* Adds a label. Two different names have different texts: the dots of labels are escaped. */
static void add_label(Name &name, const unsigned char *label, size_t length)
{
	char *to = name.text + name.size;

	if (name.size)
		*to++ = '.';
	for (size_t i = 0; i < length; i++) {
		unsigned int byte = load8(label + i);

		if (byte == '.' || byte == '\\')
			*to++ = '\\';
		else if (byte - 'A' < 26)
			byte += 'a' - 'A';
		*to++ = static_cast<char>(byte);
	}
	name.size = static_cast<size_t>(to - name.text);
}

/* Reads the name at the offset; returns what is behind it, or 0 when there is none. */
template <class Bytes> static size_t parse_name(Bytes &bytes, size_t message, size_t at, Name &name)
{
	size_t sent = 1, next = 0, from = at;
	unsigned int jumps = 0;

	name.size = 0;
	for (;;) {
		const unsigned char *label = bytes.reach(at, 1);
		size_t length = label ? load8(label) : 0;

		if (!label)
			return 0;
		if (!length)
			return next ? next : at + 1;
		if (length <= label_max) {
			label = bytes.reach(at + 1, length);
			sent += 1 + length;
			if (!label || sent > name_max)
				return 0;
			add_label(name, label, length);
			at += 1 + length;
			continue;
		}
		/* Or the rest is elsewhere: always before, so that there is an end. */
		label = length >= 0xc0 ? bytes.reach(at, 2) : nullptr;
		if (!label || ++jumps > jumps_max)
			return 0;
		if (!next)
			next = at + 2;
		at = message + (load16(label) & 0x3fff);
		if (at >= from)
			return 0;
		from = at;
	}
}

static void push_name(lua_State *L, const Name &name)
{
	lua_pushlstring(L, name.text, name.size);
}

/* The message of a UDP datagram from or to a port of DNS, mDNS or LLMNR; the bytes end with it then. */
template <class Bytes> static bool find_message(Bytes &bytes, const Data *data, size_t &at)
{
	const unsigned char *header;
	auto is_port = [](unsigned int port) { return port == 53 || port == 5353 || port == 5355; };

	if (!find_transport(bytes, data, PROTOCOL_UDP, at))
		return false;
	header = parse_udp(bytes, at);
	at += UDP;
	return header && (is_port(load16(header)) || is_port(load16(header + 2)));
}

/* The start of the message that argument `arg` says, or that is found. */
template <class Bytes> static bool start_message(lua_State *L, int arg, Bytes &bytes, const Data *data, size_t &message)
{
	return start(L, arg, message, [&](size_t &at) { return find_message(bytes, data, at); }) && bytes.has(message, HEADER);
}

/// A DNS message, and its first question. Without an offset that of a UDP datagram from or to port 53 (DNS), 5353
/// (mDNS) or 5355 (LLMNR). Over TCP, two bytes of length precede it.
/// Names are in lower case, joined by dots, with none at the end; the root is "". Labels may hold any byte; a dot
/// or backslash of a label has a backslash before it.
/// @param buffer data
/// @param offset? integer of the message
/// @return integer next, behind the question; behind the header when there is none
/// @return string? name of the question; nil when there is none
/// @return integer? type
/// @return integer? class
/// @return integer identifier
/// @return integer flags, all 16 bits; 0x8000 says that it is an answer
/// @return integer number of questions
/// @return integer number of answers
/// @return integer number of authority records
/// @return integer number of additional records
/// Errors: not enough memory.
/// @function packet.dns(buffer, offset)
int dns(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		LUAPACKET_UNCLEARED Name name;
		const unsigned char *header;
		unsigned int word[6], type = 0, klass = 0;
		size_t message, next;

		if (!start_message(L, 2, bytes, data, message))
			return nothing(L, data);
		header = bytes.reach(message, HEADER);
		if (!header)
			return nothing(L, data);
		for (unsigned int i = 0; i < 6; i++)
			word[i] = load16(header + i * 2);
		next = message + HEADER;
		if (word[2]) {
			next = parse_name(bytes, message, next, name);
			header = next ? bytes.reach(next, QUESTION) : nullptr;
			if (!header)
				return nothing(L, data);
			type = load16(header), klass = load16(header + 2);
			next += QUESTION;
		}
		give(L, next);
		if (word[2]) {
			push_name(L, name);
			give(L, type, klass);
		} else {
			for (unsigned int i = 0; i < 3; i++)
				lua_pushnil(L);
		}
		return 4 + give(L, word[0], word[1], word[2], word[3], word[4], word[5]);
	});
}

/// A name in a DNS message, of a record's data for example.
/// @param buffer data
/// @param offset integer
/// @param message? integer where the message begins; found as dns() does when omitted
/// @return integer next
/// @return string
/// Errors: not enough memory.
/// @function packet.name(buffer, offset, message)
int name(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		size_t message, next, at = static_cast<size_t>(check_integer(L, 2));
		LUAPACKET_UNCLEARED Name name;

		if (!start_message(L, 3, bytes, data, message))
			return nothing(L, data);
		next = parse_name(bytes, message, at, name);
		if (!next)
			return nothing(L, data);
		give(L, next);
		push_name(L, name);
		return 2;
	});
}

/// A question of a DNS message that is not its first: dns() returns that.
/// @param buffer data
/// @param offset integer what dns() or question() returned first
/// @param message? integer where the message begins; found as dns() does when omitted
/// @return integer next
/// @return string name
/// @return integer type
/// @return integer class
/// Errors: not enough memory.
/// @function packet.question(buffer, offset, message)
int question(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		size_t message, next, at = static_cast<size_t>(check_integer(L, 2));
		LUAPACKET_UNCLEARED Name name;
		const unsigned char *fields;
		unsigned int type, klass;

		if (!start_message(L, 3, bytes, data, message))
			return nothing(L, data);
		next = parse_name(bytes, message, at, name);
		fields = next ? bytes.reach(next, QUESTION) : nullptr;
		if (!fields)
			return nothing(L, data);
		type = load16(fields), klass = load16(fields + 2);
		give(L, next + QUESTION);
		push_name(L, name);
		return 2 + give(L, type, klass);
	});
}

/// A record of a DNS message: an answer, or one of the authority or additional records that follow the answers.
/// @param buffer data
/// @param offset integer what dns(), question() or answer() returned first
/// @param message? integer where the message begins; found as dns() does when omitted
/// @return integer next
/// @return string name
/// @return integer type
/// @return integer class
/// @return integer time to live, in seconds
/// @return integer offset of the data
/// @return integer length of the data
/// @return integer? address, of an A record; of an AAAA record its upper half; see ip()
/// @return integer? its lower half, of an AAAA record
/// Errors: not enough memory.
/// @function packet.answer(buffer, offset, message)
int answer(lua_State *L)
{
	return parse_data(L, [](lua_State *L, const Data *data, auto &bytes) {
		size_t message, next, length, at = static_cast<size_t>(check_integer(L, 2));
		LUAPACKET_UNCLEARED Name name;
		const unsigned char *fields;
		uint64_t address = 0, low = 0;
		unsigned int type, klass;
		int halves = 0;
		uint32_t ttl;

		if (!start_message(L, 3, bytes, data, message))
			return nothing(L, data);
		next = parse_name(bytes, message, at, name);
		fields = next ? bytes.reach(next, RECORD) : nullptr;
		if (!fields)
			return nothing(L, data);
		type = load16(fields), klass = load16(fields + 2), ttl = load32(fields + 4), length = load16(fields + 8);
		at = next + RECORD;
		if (!bytes.has(at, length))
			return nothing(L, data);
		if ((klass & ~CLASS_FLUSH) == CLASS_IN)
			halves = type == TYPE_A && length == 4 ? 1 : type == TYPE_AAAA && length == 16 ? 2 : 0;
		if (halves) {
			fields = bytes.reach(at, length);
			if (!fields)
				return nothing(L, data);
			address = halves == 1 ? load32(fields) : load64(fields);
			low = halves == 1 ? 0 : load64(fields + 8);
		}
		give(L, at + length);
		push_name(L, name);
		give(L, type, klass, ttl, at, length);
		return 7 + (halves == 0 ? 0 : halves == 1 ? give(L, address) : give(L, address, low));
	});
}

} // namespace lunatik::packet
