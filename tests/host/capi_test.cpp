// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The C API of include/lunatik.h, as another kernel module uses it.
#include "support.hpp"

extern "C" {
#include "lunatik.h"
}

class Capi : public Core {
protected:
	void TearDown() override
	{
		if (runtime) {
			EXPECT_EQ(lunatik_putobject(runtime), 1);
		}
		Core::TearDown();
	}
	void start(const char *text, bool sleep = true)
	{
		script("module", text);
		ASSERT_EQ(lunatik_runtime(&runtime, "module", sleep), 0) << kernel::log();
	}

	lunatik_object_t *runtime = nullptr;
};

/* --- handlers, which are C --- */

static int sum(lua_State *, int a, int b)
{
	return a + b;
}

static int top(lua_State *L)
{
	return lua_gettop(L);
}

static int litter(lua_State *L)
{
	luaL_checkstack(L, 100, nullptr);
	for (int i = 0; i < 100; i++)
		lua_pushinteger(L, i);
	return 0;
}

static int call_global(lua_State *L, const char *name)
{
	lua_getglobal(L, name);
	lua_call(L, 0, 1);
	return static_cast<int>(luaL_checkinteger(L, -1));
}

static int enter_again(lua_State *, lunatik_object_t *runtime)
{
	int result;

	lunatik_run(runtime, top, result);
	return result;
}

static int stop_inside(lua_State *, lunatik_object_t *runtime)
{
	return lunatik_stop(runtime);
}

static int is_runtime(lua_State *L, lunatik_object_t *runtime)
{
	return lunatik_toruntime(L) == runtime;
}

TEST_F(Capi, RunsAHandlerWithItsArguments)
{
	int result = 0;

	start("");
	lunatik_run(runtime, sum, result, 40, 2);
	EXPECT_EQ(result, 42);
}

TEST_F(Capi, WhatAHandlerLeavesOnTheStackIsPopped)
{
	int result = -1;

	start("");
	for (int i = 0; i < 100; i++) {
		lunatik_run(runtime, litter, result);
		EXPECT_EQ(result, 0);
	}
	lunatik_run(runtime, top, result);
	EXPECT_EQ(result, 0);
}

TEST_F(Capi, ErrorsOfAHandlerAreLoggedAndTheRuntimeGoesOn)
{
	int result = 0;

	start("n = 0 function fails() n = n + 1 error('on purpose') end function count() return n end "
	      "function grows() local t = {} while true do t[#t + 1] = {} end end "
	      "function deep() return pcall(deep) and deep() end function wrong() return 'x' end "
	      "function yields() coroutine.yield() end "
	      "function object() error({}) end");
	for (int i = 1; i <= 300; i++) {
		lunatik_run(runtime, call_global, result, "fails");
		EXPECT_EQ(result, -ECANCELED);
		lunatik_run(runtime, call_global, result, "count");
		EXPECT_EQ(result, i);
	}
	EXPECT_TRUE(contains(kernel::log(), "module: scripts/module.lua:1: on purpose"));
	kernel::clear_log();
	for (const char *name : { "grows", "wrong", "absent", "yields", "object" }) {
		lunatik_run(runtime, call_global, result, name);
		EXPECT_EQ(result, -ECANCELED) << name;
	}
	EXPECT_TRUE(contains(kernel::log(), "module: not enough memory"));
	EXPECT_TRUE(contains(kernel::log(), "attempt to call a nil value"));
	EXPECT_TRUE(contains(kernel::log(), "attempt to yield from outside a coroutine"));
	lunatik_run(runtime, top, result);
	EXPECT_EQ(result, 0);
}

TEST_F(Capi, ErrorsCloseVariablesOnTheirWay)
{
	int result = 0;

	start("function f() local x <close> = setmetatable({}, { __close = function() print('closed') end }) error('e') end");
	lunatik_run(runtime, call_global, result, "f");
	EXPECT_EQ(result, -ECANCELED);
	EXPECT_TRUE(contains(kernel::log(), "closed\n"));
}

TEST_F(Capi, StackOverflowOfAHandlerIsAnError)
{
	int result = 0;

	start("function deep() return setmetatable({}, { __index = deep }).x end");
	{
		kernel::StackLimit limit(16384);

		lunatik_run(runtime, call_global, result, "deep");
	}
	EXPECT_EQ(result, -ECANCELED);
	EXPECT_TRUE(contains(kernel::log(), "stack overflow"));
}

TEST_F(Capi, CannotBeEnteredFromInside)
{
	int result = 0;

	start("");
	lunatik_run(runtime, enter_again, result, runtime);
	EXPECT_EQ(result, -ENXIO);
	lunatik_run(runtime, top, result);
	EXPECT_EQ(result, 0);
}

TEST_F(Capi, StopFromInsideDoesNothing)
{
	int result = -1;

	start("");
	lunatik_run(runtime, stop_inside, result, runtime);
	EXPECT_EQ(result, 0);
	lunatik_run(runtime, sum, result, 1, 2);
	EXPECT_EQ(result, 3);
}

TEST_F(Capi, StoppedCannotBeEntered)
{
	int result = 0;

	start("setmetatable({}, { __gc = function() print('closed') end })");
	lunatik_getobject(runtime);
	EXPECT_EQ(lunatik_stop(runtime), 0);
	EXPECT_EQ(kernel::log(), "closed\n");
	lunatik_run(runtime, top, result);
	EXPECT_EQ(result, -ENXIO);
	lunatik_getobject(runtime);
	EXPECT_EQ(lunatik_stop(runtime), 0);
}

TEST_F(Capi, LastReferenceIsTold)
{
	start("");
	lunatik_getobject(runtime);
	EXPECT_EQ(lunatik_putobject(runtime), 0);
	EXPECT_EQ(lunatik_stop(runtime), 1);
	runtime = nullptr;
}

TEST_F(Capi, StateKnowsItsRuntime)
{
	int result = 0;

	start("");
	lunatik_run(runtime, is_runtime, result, runtime);
	EXPECT_EQ(result, 1);
}

TEST_F(Capi, RuntimeThatMayNotSleepIsEnteredFromPackets)
{
	int result = 0;

	start("function f() local t = {} for i = 1, 100 do t[i] = {} end return #t end", false);
	lunatik_run(runtime, call_global, result, "f");
	EXPECT_EQ(result, 100);
	kernel::Softirq packet;
	lunatik_run(runtime, call_global, result, "f");
	EXPECT_EQ(result, 100);
}

TEST_F(Capi, ReasonsOfFailure)
{
	EXPECT_EQ(lunatik_runtime(&runtime, "absent", true), -EINVAL);
	EXPECT_TRUE(contains(kernel::log(), "absent: cannot open scripts/absent.lua"));
	EXPECT_EQ(lunatik_runtime(&runtime, "../x", true), -EINVAL);
	EXPECT_TRUE(contains(kernel::log(), "is not a script name"));
	script("wrong", "x = = 1");
	EXPECT_EQ(lunatik_runtime(&runtime, "wrong", true), -EINVAL);
	EXPECT_TRUE(contains(kernel::log(), "unexpected symbol"));
	script("raises", "error('at start')");
	EXPECT_EQ(lunatik_runtime(&runtime, "raises", false), -EINVAL);
	EXPECT_TRUE(contains(kernel::log(), "at start"));
	script("fine", "");
	for (unsigned long n : { 1, 2, 3, 4, 5, 20, 100 }) {
		kernel::fail_allocation(n, kernel::Then::Fails);
		EXPECT_EQ(lunatik_runtime(&runtime, "fine", true), -ENOMEM) << n;
		kernel::fail_allocation(0, kernel::Then::Works);
	}
	EXPECT_EQ(runtime, nullptr);
}

TEST_F(Capi, IsOfProcessOrSoftirqContextWhateverTheHeaderSays)
{
	script("percpu", "-- lunatik: softirq percpu\n");
	ASSERT_EQ(lunatik_runtime(&runtime, "percpu", true), 0);
	lunatik::Runtime *made = reinterpret_cast<lunatik::Handle *>(runtime)->runtime;
	EXPECT_EQ(made->context, LUNATIK_PROCESS);
	EXPECT_FALSE(made->percpu);
}

/* --- a packet's way into a runtime ------------------------------------------------------ */

using namespace lunatik;

class Fast : public Core {
protected:
	/* A coroutine as XDP has it: the message handler, the callback, two arguments. */
	lua_State *hook(lua_State *L, const char *callback)
	{
		lua_State *thread = lua_newthread(L);

		luafast_keep(L, thread);
		lua_pushcfunction(thread, traceback);
		EXPECT_EQ(luaL_loadstring(L, callback), LUA_OK);
		lua_call(L, 0, 1);
		lua_xmove(L, thread, 1);
		lua_pushinteger(thread, 1000);
		lua_pushliteral(thread, "second");
		return thread;
	}
};

TEST_F(Fast, CallGivesTheResultAndLeavesTheStackAsItWas)
{
	Handle *handle = run("packets", "", "softirq");

	inside(handle, [&](lua_State *L) {
		static const struct {
			const char *callback;
			int result;
		} cases[] = {
			{ "return function(a, b) return a + #b end", 1006 },
			{ "return function() return 1, 2, 3 end", 1 },
			{ "return function() return math.mininteger end", LUAFAST_OTHER },
			{ "return function() return 0 end", 0 },
			{ "return function() return 0x7fffffff end", 0x7fffffff },
			{ "return function() return 0x80000000 end", LUAFAST_OTHER },
			{ "return function() return -1 end", LUAFAST_OTHER },
			{ "return function() end", LUAFAST_NIL },
			{ "return function() return nil end", LUAFAST_NIL },
			{ "return function() return 'x' end", LUAFAST_OTHER },
			{ "return function() return {} end", LUAFAST_OTHER },
			{ "return function() return '1' end", LUAFAST_OTHER },
			{ "return function() return false end", LUAFAST_OTHER },
			{ "return math.max", LUAFAST_ERROR },
			{ "return setmetatable({}, { __call = function(self, a) return a end })", 1000 },
			{ "return nil", LUAFAST_ERROR },
			{ "return function() error('e') end", LUAFAST_ERROR },
			{ "return function() error() end", LUAFAST_ERROR },
			{ "return function() coroutine.yield() end", LUAFAST_ERROR },
			{ "return function() local t = {} while true do t[#t + 1] = 1 end end", LUAFAST_ERROR },
			{ "local function f() return 1 + f() end return f", LUAFAST_ERROR },
			{ "return function() local x <close> = setmetatable({}, { __close = function() end }) error('e') end",
			  LUAFAST_ERROR },
		};

		for (const auto &each : cases) {
			lua_State *thread = hook(L, each.callback);

			for (int i = 0; i < 3; i++) {
				EXPECT_EQ(luafast_call(thread, luafast_takes(thread, 2)), each.result) << each.callback;
				if (each.result == LUAFAST_ERROR) {
					EXPECT_EQ(lua_type(thread, -1), LUA_TSTRING) << each.callback;
					lua_pop(thread, 1);
				}
				EXPECT_EQ(lua_gettop(thread), 4) << each.callback;
			}
			lua_settop(L, 0);
			lua_gc(L, LUA_GCCOLLECT);
		}
	});
}

TEST_F(Fast, TakesWhatTheFunctionCanSee)
{
	Handle *handle = run("packets", "", "softirq");

	inside(handle, [&](lua_State *L) {
		static const struct {
			const char *callback;
			unsigned int takes;
			int result;
		} cases[] = {
			{ "return function() return 7 end", 0, 7 },
			{ "return function(a) return a end", 1, 1000 },
			{ "return function(a, b) return #b end", 2, 6 },
			{ "return function(a, b, c) return c == nil and #b or 0 end", 2, 6 },
			{ "return function(...) return select('#', ...) end", 2, 2 },
			{ "return function(a, ...) return select('#', ...) end", 2, 1 },
			{ "return select", 2, LUAFAST_NIL },
			{ "return rawlen", 2, LUAFAST_ERROR },
			{ "return setmetatable({}, { __call = function(self, a, b) return #b end })", 2, 6 },
			{ "return nil", 2, LUAFAST_ERROR },
		};

		for (const auto &each : cases) {
			lua_State *thread = hook(L, each.callback);

			EXPECT_EQ(luafast_takes(thread, 2), each.takes) << each.callback;
			EXPECT_EQ(luafast_takes(thread, 1), each.takes < 1 ? each.takes : 1) << each.callback;
			for (unsigned int arguments = each.takes; arguments <= 2; arguments++) {
				EXPECT_EQ(luafast_call(thread, arguments), each.result) << each.callback;
				if (each.result == LUAFAST_ERROR)
					lua_pop(thread, 1);
				EXPECT_EQ(lua_gettop(thread), 4) << each.callback;
			}
			lua_settop(L, 0);
		}
	});
}

TEST_F(Fast, AnErrorComesBackWhereItWasCalled)
{
	Handle *handle = run("packets", "", "softirq");

	inside(handle, [&](lua_State *L) {
		lua_State *failing = hook(L, "return function(a) error('one') end");
		lua_State *good = hook(L, "return function(a) return a end");

		/* Each thread has its place to come back to, whatever was called before, and is collected. */
		for (int i = 0; i < 5; i++) {
			ASSERT_EQ(luafast_call(failing, 1), LUAFAST_ERROR);
			EXPECT_TRUE(contains(lua_tostring(failing, -1), "one\nstack traceback:"));
			lua_pop(failing, 1);
			ASSERT_EQ(luafast_call(good, 1), 1000);
			lua_gc(L, LUA_GCCOLLECT);
		}
	});
}

TEST_F(Fast, ErrorsHaveATraceback)
{
	Handle *handle = run("packets", "");

	inside(handle, [&](lua_State *L) {
		lua_State *thread = hook(L, "return function() error('here') end");

		ASSERT_EQ(luafast_call(thread, luafast_takes(thread, 2)), LUAFAST_ERROR);
		EXPECT_TRUE(contains(lua_tostring(thread, -1), "here\nstack traceback:"));
	});
}

TEST_F(Fast, DeepCallbacksAreAnError)
{
	Handle *handle = run("packets", "");
	kernel::StackLimit limit(16384);

	inside(handle, [&](lua_State *L) {
		lua_State *thread = hook(L, "local function f() return setmetatable({}, { __index = f }).x end return f");

		for (int i = 0; i < 10; i++) {
			ASSERT_EQ(luafast_call(thread, luafast_takes(thread, 2)), LUAFAST_ERROR);
			EXPECT_TRUE(contains(lua_tostring(thread, -1), "stack overflow"));
			lua_pop(thread, 1);
		}
	});
}

TEST_F(Fast, CallbackCannotHaveItsCoroutine)
{
	auto scenario = [&] {
		Handle *handle = run("packets", "");

		inside(handle, [&](lua_State *L) {
			lua_State *thread = hook(L, R"lua(
				return function()
					local thread, main = coroutine.running()
					assert(main and coroutine.status(thread) ~= "running")
					pcall(coroutine.resume, thread, 1, 2, 3)
					pcall(coroutine.close, thread)
					pcall(debug.setlocal, thread, 0, 1, nil)
					for level = 0, 10 do
						local info = debug.getinfo(thread, level, "f")
						if not info then break end
						if info.func then pcall(info.func) end
					end
					debug.sethook(thread, function() end, "crl")
					debug.sethook(function() end, "crl")
					collectgarbage()
					return 1
				end
			)lua");

			for (int i = 0; i < 3; i++) {
				ASSERT_EQ(luafast_call(thread, luafast_takes(thread, 2)), 1) << lua_tostring(thread, -1);
				ASSERT_EQ(lua_gettop(thread), 4);
			}
		});
		_exit(HasFailure());
	};

	EXPECT_EXIT(scenario(), testing::ExitedWithCode(0), "");
}

TEST_F(Fast, EachProcessorHasItsDoor)
{
	Handle *handle = run("packets", "", "softirq percpu"), *process = run("process", "");

	for (unsigned int processor : { 0, 3, 1 }) {
		lunatik_door *door = door_of(handle->runtime, processor);

		ASSERT_EQ(door, handle->runtime->states[processor]);
		EXPECT_EQ(door->phase, LUNATIK_READY);
	}
	EXPECT_EQ(door_of(process->runtime, 0), nullptr);
}

TEST_F(Fast, TheDoorOfAStoppedRuntimeIsShut)
{
	Handle *handle = run("packets", "", "softirq");

	EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0);
	EXPECT_EQ(door_of(handle->runtime, 0)->phase, LUNATIK_STOPPED);
}
