// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `data` against a model: the same bytes, the same errors, at any offset, in every context.
#include "support.hpp"
#include "lunatik_data.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

using namespace lunatik;

namespace {

/* --- the model ---------------------------------------------------------------------------- */

/* What is behind an object, or several that stand for it. */
struct Memory {
	std::vector<uint8_t> bytes;
	bool hidden = false;
	Data *data = nullptr;			/* with a reference */
	std::unique_ptr<uint8_t[]> shown;	/* of a view */
};

/* An object of Lua's, at this index of its stack. */
struct Slot {
	std::shared_ptr<Memory> memory;		/* null once closed */
};

struct Integer {
	const char *name;
	unsigned int size;
	bool is_signed;
	bool is_network;	/* big-endian */
};
const Integer integers[] = {
	{ "byte", 1, false, false }, { "int8", 1, true, false }, { "uint8", 1, false, false },
	{ "int16", 2, true, false }, { "uint16", 2, false, false }, { "int32", 4, true, false },
	{ "uint32", 4, false, false }, { "int64", 8, true, false }, { "number", 8, true, false },
	{ "int16be", 2, true, true }, { "uint16be", 2, false, true }, { "int32be", 4, true, true },
	{ "uint32be", 4, false, true }, { "int64be", 8, true, true },
};

/* An argument, and what the API takes it for. */
struct Argument {
	enum { Absent, Nil, Table, Number, Numeral } kind;
	int64_t value;

	bool is_integer() const
	{
		return kind == Number || kind == Numeral;
	}
};

const char *const closed = "data is closed", *const gone = "the memory is gone", *const outside = "out of bounds",
	   *const no_number = "number expected";

/* The error of an access of so many bytes, or null. */
const char *access_error(const Memory &memory, int64_t offset, uint64_t length)
{
	size_t size = memory.hidden ? 0 : memory.bytes.size();

	if (offset < 0 || length > size || static_cast<uint64_t>(offset) > size - length)
		return memory.hidden ? gone : outside;
	return nullptr;
}

/* --- a run -------------------------------------------------------------------------------- */

const int slots_max = 8;
const size_t quota = 3 << 20;

class Run {
public:
	Run(lua_State *L, fuzz::Bytes &bytes, bool failing) : L(L), bytes(bytes), failing(failing)
	{
		luaL_checkstack(L, slots_max + LUA_MINSTACK, nullptr);
		lua_settop(L, 0);
		lua_newtable(L);
		for (int i = 0; i < slots_max; i++)
			lua_pushnil(L);
	}
	/* What is shared goes before the state does. */
	~Run()
	{
		for (std::shared_ptr<Memory> &memory : memories) {
			if (memory->shown)
				data_hide(memory->data);
			put(memory->data);
		}
		lua_settop(L, 0);
	}

	void step()
	{
		int slot = static_cast<int>(bytes.below(slots_max));

		switch (bytes.below(10)) {
		case 0:
			make(slot);
			break;
		case 1:
			show(slot);
			break;
		case 2:
			close(slot);
			break;
		case 3:
			share(slot);
			break;
		case 4:
			get_string(slot);
			break;
		case 5:
			set_string(slot);
			break;
		case 6:
			measure(slot);
			break;
		case 7:
			turn(slot);
			break;
		case 8:
			get_integer(slot);
			break;
		default:
			set_integer(slot);
		}
	}

private:
	static int index_of(int slot)
	{
		return slot + 2;
	}
	Memory *memory_of(int slot)
	{
		return slots[slot].memory.get();
	}
	size_t size_of(int slot)
	{
		return memory_of(slot) ? memory_of(slot)->bytes.size() : 0;
	}

	Argument argument(int64_t near)
	{
		uint8_t how = bytes.byte();

		if (how < 4)
			return { how == 0 ? Argument::Absent : how == 1 ? Argument::Nil : Argument::Table, 0 };
		return { how < 8 ? Argument::Numeral : Argument::Number, bytes.integer(near) };
	}
	void push(const Argument &argument)
	{
		switch (argument.kind) {
		case Argument::Absent:
			break;
		case Argument::Nil:
			lua_pushnil(L);
			break;
		case Argument::Table:
			lua_newtable(L);
			break;
		case Argument::Number:
			lua_pushinteger(L, argument.value);
			break;
		case Argument::Numeral:
			lua_pushstring(L, std::to_string(argument.value).c_str());
			break;
		}
	}

	/* Pushes the method of a slot and the slot. False when nothing is there. */
	bool push_method(int slot, const char *name)
	{
		if (lua_isnil(L, index_of(slot)))
			return false;
		lua_getfield(L, index_of(slot), name);
		lua_pushvalue(L, index_of(slot));
		return true;
	}

	/*
	 * Calls what lies on the stack; one result is left there if it succeeds. The error has to be the one that
	 * is wanted, null for none; or one of memory, where allocations fail.
	 */
	bool call(const char *what, int arguments, const char *wanted)
	{
		int status = lua_pcall(L, arguments, 1, 0);
		const char *message;

		if (status == LUA_OK) {
			if (wanted)
				fuzz::finding("%s: no error, wanted '%s'", what, wanted);
			return true;
		}
		message = lua_tostring(L, -1);
		if (!message)
			fuzz::finding("%s: the error is no string", what);
		if (!(failing && strstr(message, "not enough memory")) && (!wanted || !strstr(message, wanted)))
			fuzz::finding("%s: the error '%s', wanted '%s'", what, message, wanted ? wanted : "none");
		lua_settop(L, index_of(slots_max) - 1);
		return false;
	}

	/* The object has the model's bytes. */
	void compare(int slot, const char *what)
	{
		Memory *memory = memory_of(slot);

		if (!memory || memory->hidden)
			return;
		if (memory->data->size != memory->bytes.size() ||
		    !std::equal(memory->bytes.begin(), memory->bytes.end(), memory->data->bytes))
			fuzz::finding("%s: other bytes than the model's", what);
	}

	void keep(int slot, std::shared_ptr<Memory> memory)
	{
		lua_replace(L, index_of(slot));
		slots[slot].memory = memory;
		memories.push_back(memory);
	}

	void make(int slot)
	{
		Argument size = argument(bytes.below(4) ? 64 : 4 << 20);
		const char *wanted = !size.is_integer() ? no_number :
				     size.value < 1 || size.value > 4 << 20 ? "out of range" : nullptr;
		std::shared_ptr<Memory> memory;

		if (!wanted && static_cast<size_t>(size.value) > quota)
			wanted = "not enough memory";
		/* The calls of this file are not protected: half of the quota is theirs. */
		if (!wanted && used + static_cast<size_t>(size.value) > quota / 2)
			return;
		lua_getglobal(L, "data");
		lua_getfield(L, -1, "new");
		lua_remove(L, -2);
		push(size);
		if (!call("data.new", size.kind != Argument::Absent, wanted))
			return;
		memory = std::make_shared<Memory>();
		memory->bytes.resize(static_cast<size_t>(size.value));
		memory->data = static_cast<Data *>(to_object(L, -1));
		get(memory->data);
		used += memory->bytes.size();
		keep(slot, memory);
		compare(slot, "data.new");
	}

	/* A view of a block of just its size. */
	void show(int slot)
	{
		std::shared_ptr<Memory> memory = std::make_shared<Memory>();
		Data *view;

		lua_pushcfunction(L, [](lua_State *L) {
			lua_pushlightuserdata(L, data_push_view(L));
			return 2;
		});
		if (lua_pcall(L, 0, 2, 0) != LUA_OK) {
			if (!failing)
				fuzz::finding("no view: %s", lua_tostring(L, -1));
			lua_settop(L, index_of(slots_max) - 1);
			return;
		}
		view = static_cast<Data *>(lua_touserdata(L, -1));
		lua_pop(L, 1);
		std::string text = bytes.text(bytes.below(40));
		memory->bytes.assign(text.begin(), text.end());
		memory->shown.reset(new uint8_t[text.size()]);
		std::copy(text.begin(), text.end(), memory->shown.get());
		memory->data = view;
		data_show(view, memory->shown.get(), text.size());
		keep(slot, memory);
	}

	/* Hides a view, or shows it again. */
	void turn(int slot)
	{
		Memory *memory = memory_of(slot);

		if (!memory || !memory->shown)
			return;
		if (memory->hidden)
			data_show(memory->data, memory->shown.get(), memory->bytes.size());
		else
			data_hide(memory->data);
		memory->hidden = !memory->hidden;
	}

	/* As a variable of <close> ends, or as the collector does. */
	void close(int slot)
	{
		if (lua_isnil(L, index_of(slot)))
			return;
		if (bytes.below(2)) {
			lua_pushnil(L);
			lua_replace(L, index_of(slot));
			lua_gc(L, LUA_GCCOLLECT);
		} else if (luaL_getmetafield(L, index_of(slot), "__close") != LUA_TNIL) {
			lua_pushvalue(L, index_of(slot));
			call("close", 1, nullptr);
			lua_settop(L, index_of(slots_max) - 1);
		}
		slots[slot].memory = nullptr;
	}

	/* Another object for the same memory. */
	void share(int slot)
	{
		int other = static_cast<int>(bytes.below(slots_max));

		if (!memory_of(slot))
			return;
		lua_pushcfunction(L, [](lua_State *L) {
			lunatik::push(L, static_cast<Object *>(lua_touserdata(L, 1)));
			return 1;
		});
		lua_pushlightuserdata(L, memory_of(slot)->data);
		if (!call("push", 1, nullptr))
			return;
		lua_replace(L, index_of(other));
		slots[other].memory = slots[slot].memory;
	}

	void measure(int slot)
	{
		if (lua_isnil(L, index_of(slot)))
			return;
		lua_pushcfunction(L, [](lua_State *L) {
			lua_pushinteger(L, luaL_len(L, 1));
			return 1;
		});
		lua_pushvalue(L, index_of(slot));
		if (!call("#", 1, memory_of(slot) ? nullptr : closed))
			return;
		size_t wanted = memory_of(slot)->hidden ? 0 : memory_of(slot)->bytes.size();

		if (static_cast<size_t>(lua_tointeger(L, -1)) != wanted)
			fuzz::finding("#: %lld, wanted %zu", lua_tointeger(L, -1), wanted);
		lua_pop(L, 1);
	}

	void get_string(int slot)
	{
		Memory *memory = memory_of(slot);
		Argument offset = argument(static_cast<int64_t>(size_of(slot))),
			 length = argument(static_cast<int64_t>(size_of(slot)));
		bool whole = length.kind == Argument::Absent || length.kind == Argument::Nil;
		const char *wanted = nullptr;

		/* Missing, the one before is missing, too. */
		if (offset.kind == Argument::Absent)
			length.kind = Argument::Absent, whole = true;
		if (!memory)
			wanted = closed;
		else if (!offset.is_integer())
			wanted = no_number;
		else if (memory->hidden)
			wanted = gone;
		else
			wanted = access_error(*memory, offset.value, 0);
		if (!wanted && !whole)
			wanted = !length.is_integer() ? no_number : length.value < 0 ? "negative length" :
				 access_error(*memory, offset.value, static_cast<uint64_t>(length.value));
		if (!push_method(slot, "getstring"))
			return;
		push(offset);
		push(length);
		if (!call("getstring", lua_gettop(L) - index_of(slots_max), wanted))
			return;
		size_t got;
		const char *text = lua_tolstring(L, -1, &got);
		size_t start = static_cast<size_t>(offset.value);
		size_t count = whole ? memory->bytes.size() - start : static_cast<size_t>(length.value);

		if (!text || std::string(text, got) != std::string(memory->bytes.begin() + static_cast<long>(start),
							       memory->bytes.begin() + static_cast<long>(start + count)))
			fuzz::finding("getstring: other bytes than the model's");
		lua_pop(L, 1);
	}

	void set_string(int slot)
	{
		Memory *memory = memory_of(slot);
		Argument offset = argument(static_cast<int64_t>(size_of(slot)));
		std::string text = bytes.text(bytes.below(70));
		const char *wanted;

		if (offset.kind == Argument::Absent)
			offset.kind = Argument::Nil;
		wanted = !memory ? closed : !offset.is_integer() ? no_number : memory->hidden ? gone :
			 access_error(*memory, offset.value, text.size());
		if (!push_method(slot, "setstring"))
			return;
		push(offset);
		lua_pushlstring(L, text.data(), text.size());
		if (call("setstring", 3, wanted)) {
			lua_pop(L, 1);
			std::copy(text.begin(), text.end(), memory->bytes.begin() + offset.value);
		}
		compare(slot, "setstring");
	}

	const Integer &integer()
	{
		return integers[bytes.below(sizeof(integers) / sizeof(integers[0]))];
	}

	/* Where its byte of this significance is. */
	static unsigned int place(const Integer &kind, unsigned int i)
	{
		return kind.is_network ? kind.size - 1 - i : i;
	}

	void get_integer(int slot)
	{
		const Integer &kind = integer();
		Memory *memory = memory_of(slot);
		Argument offset = argument(static_cast<int64_t>(size_of(slot)));
		const char *wanted = !memory ? closed : !offset.is_integer() ? no_number :
				     access_error(*memory, offset.value, kind.size);
		uint64_t value = 0;

		if (!push_method(slot, (std::string("get") + kind.name).c_str()))
			return;
		push(offset);
		if (!call("get", lua_gettop(L) - index_of(slots_max), wanted))
			return;
		for (unsigned int i = kind.size; i--;)
			value = value << 8 | memory->bytes[static_cast<size_t>(offset.value) + place(kind, i)];
		if (kind.is_signed && kind.size < 8 && value >> (8 * kind.size - 1))
			value -= 1ULL << 8 * kind.size;
		if (static_cast<uint64_t>(lua_tointeger(L, -1)) != value)
			fuzz::finding("get%s: %lld, wanted %lld", kind.name, lua_tointeger(L, -1), static_cast<long long>(value));
		lua_pop(L, 1);
	}

	void set_integer(int slot)
	{
		const Integer &kind = integer();
		Memory *memory = memory_of(slot);
		Argument offset = argument(static_cast<int64_t>(size_of(slot))), value = argument(1 << 16);
		const char *wanted;

		if (offset.kind == Argument::Absent)
			value.kind = Argument::Absent;
		wanted = !value.is_integer() ? no_number : !memory ? closed : !offset.is_integer() ? no_number :
			 access_error(*memory, offset.value, kind.size);
		if (!push_method(slot, (std::string("set") + kind.name).c_str()))
			return;
		push(offset);
		push(value);
		if (call("set", lua_gettop(L) - index_of(slots_max), wanted)) {
			lua_pop(L, 1);
			for (unsigned int i = 0; i < kind.size; i++)
				memory->bytes[static_cast<size_t>(offset.value) + place(kind, i)] =
					static_cast<uint8_t>(static_cast<uint64_t>(value.value) >> 8 * i);
		}
		compare(slot, "set");
	}

	lua_State *L;
	fuzz::Bytes &bytes;
	bool failing;
	size_t used = 0;
	Slot slots[slots_max];
	std::vector<std::shared_ptr<Memory>> memories;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const char *const contexts[] = {
		"process memory=3M", "softirq budget=500 memory=3M", "hardirq budget=100 memory=3M"
	};
	fuzz::Bytes bytes(input, size);
	fuzz::Core core;
	Handle *handle;
	uint8_t first = bytes.byte();
	/* Allocations fail in one input out of four. */
	unsigned long failing = first & 3 ? 0 : 1 + bytes.byte();

	fuzz::files["script.lua"] = "data = require('data')";
	handle = core.make("script", contexts[(first >> 2) % 3]);
	if (!handle)
		fuzz::finding("no runtime: %s", core.failure.text);
	{
		/* No guard of time: it is not the subject. */
		Entry entry(handle->runtime, Wait::Killable, false);

		kernel::fail_allocation(failing, kernel::Then::Works);
		Run run(entry.L, bytes, failing);

		for (unsigned int steps = 0; steps < 200 && !bytes.empty(); steps++)
			run.step();
		kernel::fail_allocation(0, kernel::Then::Works);
	}
	put(handle);
	return 0;
}
