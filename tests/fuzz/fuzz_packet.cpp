// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `packet`: any bytes, at any offset. Where they lie makes no difference: at hand, or in pieces. What is
// returned is within bounds.
#include "support.hpp"
#include "lunatik_data.hpp"
#include "../../lib/packet/kernel.h"

#include <cstring>
#include <memory>

using namespace lunatik;

namespace {

const char *const functions[] = {
	"ethernet", "vlan", "arp", "ipv4", "ipv6", "icmp", "tcp", "udp", "flow", "dns", "sni", "question", "answer", "name",
};
const unsigned int with_message = 11;	/* from here on they take an offset, and where the message begins */

struct Packet {
	std::string bytes;
};

size_t packet_length(const Data *data)
{
	return static_cast<Packet *>(data->packet)->bytes.size();
}

bool packet_read(const Data *data, size_t offset, void *to, size_t length)
{
	const std::string &bytes = static_cast<Packet *>(data->packet)->bytes;

	if (offset > bytes.size() || length > bytes.size() - offset)
		fuzz::finding("%zu bytes at %zu are read of %zu", length, offset, bytes.size());
	memcpy(to, bytes.data() + offset, length);
	return true;
}

const DataAccess frame_access = { packet_length, packet_read, nullptr, false };
const DataAccess network_access = { packet_length, packet_read, nullptr, true };

/* A call with its offsets. */
struct Call {
	const char *function;
	int arguments;
	int64_t values[2];
};

class Run {
public:
	explicit Run(lua_State *L) : L(L)
	{
		lua_settop(L, 0);
		lua_getglobal(L, "packet");
		lua_pushcfunction(L, [](lua_State *L) {
			lua_pushlightuserdata(L, data_push_view(L, DATA_SKB));
			return 2;
		});
		if (lua_pcall(L, 0, 2, 0) != LUA_OK)
			fuzz::finding("no view: %s", lua_tostring(L, -1));
		view = static_cast<Data *>(lua_touserdata(L, -1));
		lua_pop(L, 1);
	}
	~Run()
	{
		lua_settop(L, 0);
		put(view);
	}

	/* What the call returns of these bytes, of which so many are at hand, in a block of just their size. */
	std::string result(const Call &call, const std::string &bytes, size_t hand, const DataAccess *access)
	{
		std::unique_ptr<unsigned char[]> block(new unsigned char[hand]);
		Packet packet = { bytes };
		std::string text;

		memcpy(block.get(), bytes.data(), hand);
		data_show(view, block.get(), hand);
		view->access = access;
		view->packet = &packet;
		lua_getfield(L, 1, call.function);
		lua_pushvalue(L, 2);
		for (int i = 0; i < call.arguments; i++)
			lua_pushinteger(L, call.values[i]);
		if (lua_pcall(L, 1 + call.arguments, LUA_MULTRET, 0) != LUA_OK)
			fuzz::finding("%s: %s", call.function, lua_tostring(L, -1));
		data_hide(view);
		view->access = nullptr;
		check(call, bytes.size());
		for (int i = 3; i <= lua_gettop(L); i++) {
			size_t length;
			const char *value = luaL_tolstring(L, i, &length);

			text.append(value, length) += '\n';
			lua_pop(L, 1);
		}
		lua_settop(L, 2);
		return text;
	}

private:
	void check_range(const Call &call, int index, size_t size)
	{
		if (lua_isinteger(L, index) && static_cast<uint64_t>(lua_tointeger(L, index)) > size)
			fuzz::finding("%s: result %d is %lld, of %zu bytes", call.function, index - 2, lua_tointeger(L, index), size);
	}

	void check(const Call &call, size_t size)
	{
		std::string function = call.function;
		int count = lua_gettop(L) - 2;

		if (count < 1)
			fuzz::finding("%s: no result", call.function);
		if (lua_isnil(L, 3)) {
			if (count != 1)
				fuzz::finding("%s: %d results after nil", call.function, count - 1);
			return;
		}
		if (function == "sni") {
			if (count != 1 || !lua_isstring(L, 3) || luaL_len(L, 3) < 1 || luaL_len(L, 3) > 255)
				fuzz::finding("sni: no name");
			return;
		}
		if (!lua_isinteger(L, 3))
			fuzz::finding("%s: the next offset is no integer", call.function);
		check_range(call, 3, size);
		/* What was parsed there is behind it: loops end. */
		if (call.arguments && function != "flow" && lua_tointeger(L, 3) <= call.values[0])
			fuzz::finding("%s: the next offset is not behind", call.function);
		/* What the header says of the packet's end or the payload's length is there. */
		if (function == "ipv4" || function == "ipv6")
			check_range(call, function == "ipv4" ? 8 : 10, size);
		if (function == "tcp" || function == "udp")
			check_range(call, function == "tcp" ? 10 : 6, size - static_cast<size_t>(lua_tointeger(L, 3)));
		if (function == "answer")
			check_range(call, 8, size), check_range(call, 9, size - static_cast<size_t>(lua_tointeger(L, 8)));
	}

	lua_State *L;
	Data *view;
};

/*
 * The text of an address is read as that address, and what is written of an address that was read as text is read
 * as the same.
 */
void addresses(lua_State *L, const std::string &text)
{
	static const char source[] = R"lua(
		local packet, text, high, low = ...
		assert(select("#", packet.ip(text)) <= 2)
		for _, address in ipairs { { packet.ip(text) }, { high, low }, { high & 0xffffffff }, { 0, 0xffff << 32 | low & 0xffffffff } } do
			if address[1] then
				local again = { packet.ip(packet.ip(address[1], address[2])) }
				assert(again[1] == address[1] and again[2] == address[2])
			end
		end
		assert(packet.mac(packet.mac(high >> 16)) == high >> 16)
		if packet.mac(text) then assert(packet.mac(packet.mac(text)) == text:lower()) end
	)lua";
	uint64_t halves[2] = {};

	if (luaL_loadstring(L, source) != LUA_OK)
		fuzz::finding("%s", lua_tostring(L, -1));
	lua_getglobal(L, "packet");
	lua_pushlstring(L, text.data(), text.size());
	memcpy(halves, text.data(), text.size() < sizeof(halves) ? text.size() : sizeof(halves));
	lua_pushinteger(L, static_cast<lua_Integer>(halves[0]));
	lua_pushinteger(L, static_cast<lua_Integer>(halves[1]));
	if (lua_pcall(L, 4, 0, 0) != LUA_OK)
		fuzz::finding("%s", lua_tostring(L, -1));
}

} // namespace

/* The one runtime leaves garbage after each input, in which a search for leaks would take most of the time. */
extern "C" const char *__asan_default_options()
{
	return "detect_leaks=0";
}

/* One runtime for all inputs: nothing of one matters to the next. */
static Handle *start()
{
	static lunatik_library library = { "packet", luaopen_packet, &__this_module, nullptr };
	static fuzz::Core *core = new fuzz::Core;
	Handle *handle;

	core->offer(library);
	fuzz::files["script.lua"] = "packet = require('packet')";
	handle = core->make("script", "softirq");
	if (!handle)
		fuzz::finding("no runtime: %s", core->failure.text);
	return handle;
}

/* The function, whether offsets are given, two of them, where pieces begin; and then the packet. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static Handle *const handle = start();
	const unsigned int count = sizeof(functions) / sizeof(functions[0]);
	fuzz::Bytes bytes(input, size);
	unsigned int function = bytes.below(count + 1);
	uint8_t how = bytes.byte();
	int64_t offsets[2] = { bytes.integer(64), bytes.integer(64) };
	uint8_t cut = bytes.byte();
	std::string text = bytes.text(4096);

	{
		Entry entry(handle->runtime, Wait::Killable, false);

		if (function == count) {
			addresses(entry.L, text);
		} else {
			Call call = { functions[function], function >= with_message ? 1 + (how & 1) : how & 1, { offsets[0], offsets[1] } };
			const DataAccess *access = how & 2 ? &network_access : &frame_access;
			Run run(entry.L);
			std::string wanted = run.result(call, text, text.size(), access);

			if (!(how & 2) && run.result(call, text, text.size(), nullptr) != wanted)
				fuzz::finding("%s: other results of bytes with an owner", call.function);
			for (size_t hand : { size_t(0), size_t(cut), size_t(54), text.size() / 2 })
				if (hand <= text.size() && run.result(call, text, hand, access) != wanted)
					fuzz::finding("%s: other results with %zu bytes at hand", call.function, hand);
		}
	}
	fuzz::check_reports();
	return 0;
}
