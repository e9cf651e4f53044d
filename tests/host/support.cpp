// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "support.hpp"
#include "lunatik_core.h"
#include "lunatik_data.hpp"
#include "../../lib/data/kernel.h"
#include "../../lib/packet/kernel.h"
#include "../../lib/rcu/kernel.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace lunatik;

/* --- the folder of the scripts ---------------------------------------------------------- */

namespace {

/* LUA_ROOT is relative: each run of the tests is in a folder of its own. */
class Folder : public testing::Environment {
public:
	void SetUp() override
	{
		/* They run the tests anew, so that no thread of theirs is missing. */
		testing::GTEST_FLAG(death_test_style) = "threadsafe";
		char name[] = "/tmp/lunatik-host-XXXXXX";

		folder = mkdtemp(name);
		std::filesystem::current_path(folder);
		std::filesystem::create_directory(LUA_ROOT);
	}
	void TearDown() override
	{
		std::filesystem::current_path("/");
		std::filesystem::remove_all(folder);
	}

private:
	std::string folder;
};

const testing::Environment *const folder = testing::AddGlobalTestEnvironment(new Folder);

/* What the tests in Lua are written with. */
const char check_lua[] = R"lua(
local function quote(value)
	return type(value) == "string" and string.format("%q", value) or tostring(value)
end

-- Both are the same value, or tables of the same values.
function same(got, wanted)
	if type(got) == "table" and type(wanted) == "table" then
		for key in pairs(wanted) do same(got[key], wanted[key]) end
		for key in pairs(got) do
			if wanted[key] == nil then error("unexpected key " .. quote(key), 2) end
		end
	elseif got ~= wanted then
		error("got " .. quote(got) .. ", wanted " .. quote(wanted), 2)
	end
end

-- The call raises an error whose message has this text in it.
function fails(text, f, ...)
	local good, message = pcall(f, ...)
	if good then error("no error, wanted " .. quote(text), 2) end
	if not tostring(message):find(text, 1, true) then
		error("got the error " .. quote(message) .. ", wanted " .. quote(text), 2)
	end
	return message
end

-- The source does not compile, and the message has this text in it.
function refused(source, text)
	local chunk, message = load(source)
	if chunk then error("it compiles: " .. source, 2) end
	if not message:find(text, 1, true) then
		error("got the error " .. quote(message) .. ", wanted " .. quote(text), 2)
	end
end

-- The value of the expression.
function value(expression)
	return assert(load("return " .. expression))()
end
)lua";

/* A runtime's script is named after the test. */
std::string test_name()
{
	return testing::UnitTest::GetInstance()->current_test_info()->name();
}

} // namespace

/* --- the library host ------------------------------------------------------------------- */

/* stack(bytes, f, ...): pcall(f, ...) with so much of the machine's stack. */
static int host_stack(lua_State *L)
{
	kernel::StackLimit limit(static_cast<size_t>(luaL_checkinteger(L, 1)));
	uintptr_t *floor = &state_of(L)->stack_floor, previous = *floor;

	lua_remove(L, 1);
	*floor = lunatik_stack_floor();
	lua_pushboolean(L, lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) == LUA_OK);
	*floor = previous;
	lua_insert(L, 1);
	return lua_gettop(L);
}

/* shown(data, f): calls f(view) with a view of a copy of the string `data`; returns what is then in it. */
static int host_shown(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	char *bytes;
	Data *view;
	int status;

	view = data_push_view(L);
	bytes = static_cast<char *>(malloc(size));
	memcpy(bytes, text, size);
	data_show(view, bytes, size);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, -2);
	status = lua_pcall(L, 1, 0, 0);
	data_hide(view);
	put(view);
	if (status == LUA_OK)
		lua_pushlstring(L, bytes, size);
	free(bytes);
	return status == LUA_OK ? 1 : lua_error(L);
}

namespace {

/* A packet in pieces: what is not at hand is there by calls only. */
struct Packet {
	std::string bytes;
	unsigned char *hand;		/* a block of its own, so that a byte too many is found */
	size_t at_hand;
	bool unreadable, readonly, full;
};

size_t packet_length(const Data *data)
{
	return static_cast<Packet *>(data->packet)->bytes.size();
}

bool packet_read(const Data *data, size_t offset, void *to, size_t length)
{
	Packet *packet = static_cast<Packet *>(data->packet);

	if (offset > packet->bytes.size() || length > packet->bytes.size() - offset)
		kernel::report("bytes of a packet are read that it does not have");
	else if (!packet->unreadable)
		memcpy(to, packet->bytes.data() + offset, length);
	return !packet->unreadable;
}

int packet_write(Data *data, size_t offset, const void *from, size_t length)
{
	Packet *packet = static_cast<Packet *>(data->packet);

	if (packet->readonly || packet->full)
		return packet->full ? -ENOMEM : -EACCES;
	packet->bytes.replace(offset, length, static_cast<const char *>(from), length);
	memcpy(packet->hand, packet->bytes.data(), packet->at_hand);
	return 0;
}

const DataAccess packet_access = { packet_length, packet_read, packet_write, false };
const DataAccess network_access = { packet_length, packet_read, packet_write, true };

} // namespace

/*
 * pieces(data, hand, f [, how]): as shown(), with the first `hand` bytes at hand, and the others by read() only.
 * `how` is "network" for a packet without a link header, or what fails: "unreadable", "readonly", "full".
 */
static int host_pieces(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	size_t hand = static_cast<size_t>(luaL_checkinteger(L, 2));
	std::string how = luaL_optstring(L, 4, "");
	Packet packet = { std::string(text, size), nullptr, hand, how == "unreadable", how == "readonly", how == "full" };
	Data *view = data_push_view(L, DATA_SKB);
	int status;

	packet.hand = new unsigned char[hand];
	memcpy(packet.hand, text, hand);
	data_show(view, packet.hand, hand);
	view->access = how == "network" ? &network_access : &packet_access;
	view->packet = &packet;
	lua_pushvalue(L, 3);
	lua_pushvalue(L, -2);
	status = lua_pcall(L, 1, 0, 0);
	data_hide(view);
	view->packet = nullptr;
	put(view);
	delete[] packet.hand;
	if (status == LUA_OK)
		lua_pushlstring(L, packet.bytes.data(), size);
	/* An error's jump would pass by the ends of what C++ holds. */
	std::string().swap(packet.bytes);
	std::string().swap(how);
	return status == LUA_OK ? 1 : lua_error(L);
}

/* foreign([size [, byte]]): a full userdata that is none of Lunatik's, of such bytes; of its boxes' size. */
static int host_foreign(lua_State *L)
{
	size_t size = static_cast<size_t>(luaL_optinteger(L, 1, sizeof(Box)));

	memset(lua_newuserdatauv(L, size, 0), static_cast<int>(luaL_optinteger(L, 2, 0)), size);
	return 1;
}

/* metatable(value): the metatable that scripts cannot have. */
static int host_metatable(lua_State *L)
{
	return lua_getmetatable(L, 1);
}

/* settle(): waits until what was put off has run. */
static int host_settle(lua_State *)
{
	kernel::settle();
	return 0;
}

/* fail(n): the nth allocation from now on fails; fail(0): none. */
static int host_fail(lua_State *L)
{
	kernel::fail_allocation(static_cast<unsigned long>(luaL_checkinteger(L, 1)), kernel::Then::Fails);
	return 0;
}

/* memory(): bytes of all that is allocated, and the most there ever were. */
static int host_memory(lua_State *L)
{
	lua_pushinteger(L, static_cast<lua_Integer>(kernel::bytes_used()));
	lua_pushinteger(L, static_cast<lua_Integer>(kernel::bytes_peak()));
	return 2;
}

int luaopen_host(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "stack", host_stack },
		{ "shown", host_shown },
		{ "pieces", host_pieces },
		{ "foreign", host_foreign },
		{ "metatable", host_metatable },
		{ "settle", host_settle },
		{ "fail", host_fail },
		{ "memory", host_memory },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}

/* --- the fixture ------------------------------------------------------------------------ */

static lunatik_library standard[] = {
	{ "data", luaopen_data, &data_module, nullptr },
	{ "rcu", luaopen_rcu, &rcu_module, nullptr },
	{ "packet", luaopen_packet, &__this_module, nullptr },
	{ "host", luaopen_host, &__this_module, nullptr },
};

void Core::SetUp()
{
	kernel::reset();
	ASSERT_EQ(lunatik_core_init(), 0);
	for (lunatik_library &library : standard)
		offer(library);
	std::filesystem::remove_all(LUA_ROOT);
	std::filesystem::create_directory(LUA_ROOT);
	script("check", check_lua);
}

void Core::TearDown()
{
	kernel::fail_allocation(0, kernel::Then::Works);
	for (Handle *handle : handles)
		put(handle);
	handles.clear();
	kernel::settle();
	for (lunatik_library *library : libraries)
		lunatik_library_remove(library);
	libraries.clear();
	for (struct module *module : { &__this_module, &data_module, &rcu_module })
		EXPECT_EQ(module->references, 0) << "the module " << module->name << " cannot be unloaded";
	lunatik_core_exit();
	EXPECT_EQ(kernel::blocks_used(), 0u) << kernel::bytes_used() << " bytes leak";
	EXPECT_EQ(kernel::reports(), "");
}

void Core::offer(lunatik_library &library)
{
	ASSERT_EQ(lunatik_library_add(&library), 0);
	libraries.push_back(&library);
}

void Core::script(const std::string &name, const std::string &text)
{
	std::filesystem::path path = LUA_ROOT + name + ".lua";

	std::filesystem::create_directories(path.parent_path());
	std::ofstream(path, std::ios::binary) << text;
}

Handle *Core::make(const std::string &name, const char *words)
{
	Options options = {};
	const char *wrong;
	size_t wrong_length;
	Handle *handle;

	if (words && parse_header(words, strlen(words), options, wrong, wrong_length))
		options.has_context = true;
	failure.say(0, "%s", "");
	handle = runtime_new(name.c_str(), options, nullptr, failure);
	if (handle)
		handles.push_back(handle);
	return handle;
}

Handle *Core::run(const std::string &name, const std::string &text, const char *options)
{
	Handle *handle;

	script(name, text);
	handle = make(name, options);
	if (!handle)
		ADD_FAILURE() << failure.text;
	return handle;
}

void Core::release(Handle *&handle)
{
	for (size_t i = 0; i < handles.size(); i++)
		if (handles[i] == handle)
			handles.erase(handles.begin() + static_cast<long>(i));
	put(handle);
	handle = nullptr;
}

std::string Core::why(const std::string &text, const char *options)
{
	Handle *handle;

	script(test_name(), text);
	handle = make(test_name(), options);
	if (!handle)
		return failure.text;
	release(handle);
	return "";
}

void Core::lua(const std::string &text, const char *options)
{
	/* On one line with the text, so that errors name the line in the test's text. */
	std::string error = why("require('check') " + text, options);

	if (!error.empty())
		ADD_FAILURE() << error;
}

void Core::lua_and_exit(const std::string &text)
{
	std::string error = why("require('check') " + text) + kernel::reports();

	fprintf(stderr, "%s\n", error.c_str());
	_exit(!error.empty());
}

namespace {

struct Invocation {
	const char *function;
	const std::string &argument;
};

int invoke(lua_State *L)
{
	const Invocation *invocation = static_cast<const Invocation *>(lua_touserdata(L, 1));

	lua_getglobal(L, invocation->function);
	lua_pushlstring(L, invocation->argument.data(), invocation->argument.size());
	lua_call(L, 1, 0);
	return 0;
}

} // namespace

bool call(Handle *handle, const char *function, const std::string &argument)
{
	Invocation invocation = { function, argument };
	Entry entry(handle->runtime);

	if (!entry.L)
		return false;
	lua_pushcfunction(entry.L, invoke);
	lua_pushlightuserdata(entry.L, &invocation);
	return lunatik::call(entry.L, 1, 0);
}

void inside(Handle *handle, const std::function<void(lua_State *)> &code)
{
	Entry entry(handle->runtime);

	ASSERT_NE(entry.L, nullptr);
	code(entry.L);
	lua_settop(entry.L, 0);
}

testing::AssertionResult contains(const std::string &text, const std::string &part)
{
	if (text.find(part) != std::string::npos)
		return testing::AssertionSuccess();
	return testing::AssertionFailure() << "'" << part << "' is not in: " << text;
}
