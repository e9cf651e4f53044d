// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Objects: references, type errors, and scripts that tamper with the userdata.
#include "support.hpp"
#include "kernel/gate.h"

using namespace lunatik;

namespace {

std::atomic<int> alive, released_asleep;

struct Gadget : Object {
	static const Class type;
	lua_Integer value;
};
/* May sleep when released. */
struct Sluggard : Object {
	static const Class type;
};
/* May sleep at any time. */
struct Sleeper : Object {
	static const Class type;
};
/* One runtime's own. */
struct Private : Object {
	static const Class type;
};

int gadget_value(lua_State *L)
{
	lua_pushinteger(L, check<Gadget>(L, 1)->value);
	return 1;
}

int gadget_set(lua_State *L)
{
	check<Gadget>(L, 1)->value = check_integer(L, 2);
	return 0;
}

void count_down(Object *)
{
	alive--;
	if (lunatik_may_sleep())
		released_asleep++;
}

const luaL_Reg gadget_methods[] = {
	{ "value", gadget_value },
	{ "set", gadget_set },
	{ nullptr, nullptr },
};

const Class Gadget::type = { "gadget", sizeof(Gadget), 0, gadget_methods, count_down, false, false, false, true, &rcu_module };
const Class Sluggard::type = { "sluggard", sizeof(Sluggard), 0, nullptr, count_down, false, true, false, true, &rcu_module };
const Class Sleeper::type = { "sleeper", sizeof(Sleeper), 0, nullptr, count_down, true, true, false, true, &rcu_module };
const Class Private::type = { "private", sizeof(Private), 0, nullptr, count_down, false, false, false, false, &rcu_module };

template <class T> int make(lua_State *L)
{
	push_new<T>(L);
	alive++;
	return 1;
}

int luaopen_gadget(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", make<Gadget> },
		{ "sluggard", make<Sluggard> },
		{ "sleeper", make<Sleeper> },
		{ "private", make<Private> },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}

lunatik_library library = { "gadget", luaopen_gadget, &rcu_module, nullptr };

} // namespace

class ObjectTest : public Core {
protected:
	void SetUp() override
	{
		Core::SetUp();
		offer(library);
		alive = released_asleep = 0;
	}
	void TearDown() override
	{
		Core::TearDown();
		EXPECT_EQ(alive, 0) << "objects were not released";
	}
};

TEST_F(ObjectTest, IsReleasedWithItsLastReferenceAndNotBefore)
{
	Handle *handle = run("holder", "gadget = require('gadget').new()");
	Object *object = nullptr;

	inside(handle, [&](lua_State *L) {
		lua_getglobal(L, "gadget");
		object = to_object(L, -1);
		get(object);
		get(object);
	});
	EXPECT_EQ(object->references, 3);
	EXPECT_FALSE(put(object));
	inside(handle, [](lua_State *L) { ASSERT_EQ(luaL_dostring(L, "gadget = nil; collectgarbage()"), LUA_OK); });
	EXPECT_EQ(alive, 1);
	EXPECT_TRUE(put(object));
	EXPECT_EQ(alive, 0);
}

TEST_F(ObjectTest, IsReleasedWhenItsRuntimeStops)
{
	Handle *handle = run("holder", "gadget = require('gadget').new()");

	EXPECT_EQ(alive, 1);
	EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0);
	EXPECT_EQ(alive, 0);
}

TEST_F(ObjectTest, KeepsItsModuleLoaded)
{
	Handle *holder = run("holder", "return function(object) kept = object end");
	Handle *maker;

	script("maker", "gadget = require('gadget').new(); return function() return gadget end");
	maker = make("maker");
	inside(holder, [](lua_State *) {});
	lua(R"lua(
		local lunatik = require("lunatik")
		local maker, holder = lunatik.runtime("maker"), lunatik.runtime("holder")
		_G.holder = holder
		holder:resume(maker:resume())
		maker:stop()
		table_of_holders = require("rcu").table()
	)lua");
	release(maker);
	release(holder);
	kernel::settle();
	EXPECT_EQ(rcu_module.references, 0);
}

TEST_F(ObjectTest, MemoryMayBeRefusedAndNothingLeaks)
{
	lua(R"lua(
		local gadget, host = require("gadget"), require("host")
		local first = gadget.new()
		for n = 1, 3 do
			host.fail(n)
			local good = pcall(gadget.new)
			host.fail(0)
			if good then break end
		end
	)lua");
}

TEST_F(ObjectTest, OfALeavingModuleIsNotMade)
{
	lua(R"lua(
		make = require("gadget").new
		make()
	)lua");
	Handle *handle = run("maker", "make = require('gadget').new; make()");

	rcu_module.leaving = true;
	inside(handle, [](lua_State *L) { EXPECT_NE(luaL_dostring(L, "make()"), LUA_OK); });
	rcu_module.leaving = false;
}

LUA(ObjectTest, TypeErrorsNameBothClasses, R"lua(
	local gadget, data, rcu = require("gadget"), require("data"), require("rcu")
	local g = gadget.new()
	same(g:value(), 0)
	g:set(7)
	same(g:value(), 7)
	fails("gadget expected, got data", g.value, data.new(1))
	fails("gadget expected, got rcu.table", g.value, rcu.table())
	fails("gadget expected, got private", g.value, gadget.private())
	fails("gadget expected, got table", g.value, {})
	fails("gadget expected, got number", g.value, 1)
	fails("gadget expected, got string", g.value, "gadget")
	fails("gadget expected, got nil", g.value, nil)
	fails("gadget expected, got no value", g.value)
	fails("gadget expected, got userdata", g.value, require("host").foreign())
	fails("data expected, got gadget", data.new(1).getbyte, g, 0)
	fails("rcu.table expected, got gadget", rcu.map, g, print)
	fails("runtime expected, got gadget", require("lunatik").runtime("check").stop, g)
	local named = setmetatable({}, { __name = "thing" })
	fails("gadget expected, got thing", g.value, named)
)lua")

LUA(ObjectTest, MethodsOfOneClassRefuseAnother, R"lua(
	local lunatik, data, rcu = require("lunatik"), require("data"), require("rcu")
	local objects = { data.new(8), rcu.table(), lunatik.runtime("check"), require("gadget").new(), lunatik._ENV }
	local function methods(object)
		local found = {}
		for name, method in pairs(require("host").metatable(object)) do
			if type(method) == "function" and name ~= "__gc" and name ~= "__close" then found[name] = method end
		end
		return found
	end
	for _, object in ipairs(objects) do
		for name, method in pairs(methods(object)) do
			for _, other in ipairs(objects) do
				if require("host").metatable(other) ~= require("host").metatable(object) then
					fails("expected, got", method, other, 0, 0)
					fails("expected, got", method, other, "x", "y")
				end
			end
			for _, other in ipairs { 1, "x", true, {}, print, coroutine.create(print), require("host").foreign(),
						 require("host").foreign(8) } do
				fails("expected, got", method, other, 0, 0)
			end
			fails("expected, got", method)
		end
	end
)lua")

LUA(ObjectTest, ClosedIsAnErrorAndClosingTwiceIsNone, R"lua(
	local gadget = require("gadget")
	local g = gadget.new()
	local metatable = require("host").metatable(g)
	do
		local first <close> = g
		same(g:value(), 0)
	end
	fails("gadget is closed", g.value, g)
	do local second <close> = g end
	metatable.__gc(g)
	metatable.__gc(g)
	metatable.__close(g)
	fails("gadget is closed", g.set, g, 1)
)lua")

LUA(ObjectTest, FinalizerByHandIgnoresWhatIsNoObject, R"lua(
	local finalize = require("host").metatable(require("gadget").new()).__gc
	finalize()
	finalize(nil)
	finalize(1)
	finalize({})
	finalize(print)
	finalize(require("host").foreign(8))
	finalize(require("host").foreign(24))
	finalize(require("host").foreign())
)lua")

TEST_F(ObjectTest, UserdataOfOthersOfTheSameSizeIsNoObject)
{
	SURVIVES(R"lua(
		local foreign = require("host").foreign(nil, 0x5a)
		local t = require("rcu").table()
		fails("shared object expected", function() t.x = foreign end)
		require("host").metatable(t).__gc(foreign)
		local echo = require("lunatik").runtime("check")
		fails("shared object expected", echo.resume, echo, foreign)
	)lua");
}

TEST_F(ObjectTest, ThatSleepsLivesInProcessRuntimesOnly)
{
	EXPECT_EQ(why("require('gadget').sleeper()"), "");
	for (const char *context : { "softirq", "hardirq" }) {
		EXPECT_TRUE(contains(why("require('gadget').sleeper()", context),
				     std::string("a sleeper may sleep, and this is a ") + context +
				     " runtime: run the script in process context"));
		EXPECT_EQ(why("require('gadget').sluggard(); require('gadget').new()", context), "");
	}
}

TEST_F(ObjectTest, ThatSleepsIsNotHandedToOthers)
{
	script("packets", "return function(object) return tostring(object) end");
	script("worker", "return function(object) return tostring(object) end");
	lua(R"lua(
		local lunatik, gadget = require("lunatik"), require("gadget")
		local packets, worker = lunatik.runtime("packets", "softirq"), lunatik.runtime("worker")
		fails("a sleeper may sleep, and this is a softirq runtime", packets.resume, packets, gadget.sleeper())
		assert(worker:resume(gadget.sleeper()):find("^sleeper: "))
	)lua");
}

TEST_F(ObjectTest, IsReleasedWhereItMaySleep)
{
	Handle *handle = run("packets", "gadget = require('gadget').sluggard(); function drop() gadget = nil; collectgarbage() end",
			     "softirq");

	EXPECT_TRUE(call(handle, "drop"));
	kernel::settle();
	EXPECT_EQ(alive, 0);
	EXPECT_EQ(released_asleep, 1);
}

TEST_F(ObjectTest, IsOfOneRuntimeUnlessItsClassIsShared)
{
	script("echo", "return function(...) return ... end");
	lua(R"lua(
		local gadget = require("gadget")
		local echo = require("lunatik").runtime("echo")
		fails("nil, boolean, integer, string or shared object expected", echo.resume, echo, gadget.private())
		local g = gadget.new()
		g:set(9)
		local other = echo:resume(g)
		same(other:value(), 9)
		assert(other ~= g)
		do local closing <close> = g end
		same(other:value(), 9)
	)lua");
}
