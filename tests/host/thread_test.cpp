// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Many processors at once; also run under TSan.
#include "support.hpp"
#include "lunatik_table.hpp"

#include <thread>

using namespace lunatik;

class Threads : public Core {
protected:
	static constexpr unsigned int count = 4;

	/* Runs the work on that many processors at the same time. */
	template <class F> static void everywhere(F work)
	{
		std::atomic<unsigned int> ready{0};
		std::vector<std::thread> threads;

		for (unsigned int n = 0; n < count; n++) {
			threads.emplace_back([&, n] {
				kernel::run_on(n);
				ready++;
				while (ready < count)
					std::this_thread::yield();
				work(n);
			});
		}
		for (std::thread &thread : threads)
			thread.join();
	}

	/* A runtime for each processor, of the same script; each knows its number as `me`. */
	std::vector<Handle *> each(const std::string &text, const char *options = nullptr)
	{
		std::vector<Handle *> handles;

		script("each", text);
		for (unsigned int n = 0; n < count; n++) {
			handles.push_back(make("each", options));
			if (!handles.back()) {
				ADD_FAILURE() << failure.text;
				break;
			}
			inside(handles.back(), [n](lua_State *L) {
				lua_pushinteger(L, n);
				lua_setglobal(L, "me");
			});
		}
		return handles;
	}

	/* Calls `work` in each of the runtimes, each on its own processor. */
	void work(const std::vector<Handle *> &handles)
	{
		everywhere([&](unsigned int n) { EXPECT_TRUE(call(handles[n], "work")) << kernel::log(); });
		EXPECT_EQ(kernel::log(), "");
	}
};

TEST_F(Threads, TableIsReadWhileItIsWritten)
{
	run("setup", "lunatik._ENV.shared = require('rcu').table(4)");
	work(each(R"lua(
		local rcu, data = require("rcu"), require("data")
		local shared = lunatik._ENV.shared
		local letters = { "a", "b", "c", "d" }
		function work()
			for i = 1, 150 do
				local key = "key" .. i % 7
				local letter = letters[me + 1]
				shared[key] = letter:rep(i % 300)
				local value = shared[key]
				if type(value) == "string" and #value > 0 then
					assert(value == value:sub(1, 1):rep(#value), "a torn string")
				end
				if i % 5 == 0 then shared[key] = nil end
				if i % 7 == 0 then shared[key] = i end
				if i % 11 == 0 then shared.object = data.new(8) end
				local object = shared.object
				if object then object:setbyte(me, i & 255) end
				if i % 20 == 0 then
					rcu.map(shared, function(k, v) assert(type(k) == "string") end)
				end
			end
		end
	)lua"));
	run("clear", "lunatik._ENV.shared = nil");
}

TEST_F(Threads, ReadersInPacketsAndAWriter)
{
	run("setup", "lunatik._ENV.shared = require('rcu').table(16) lunatik._ENV.shared.x = 'y'");
	std::vector<Handle *> handles = each(R"lua(
		local shared = lunatik._ENV.shared
		function work()
			for i = 1, 200 do
				if me == 0 then
					shared.x = ("z"):rep(i)
					shared["k" .. i] = i
					shared["k" .. i - 10] = nil
				else
					local x = shared.x
					assert(x == "y" or x == ("z"):rep(#x))
				end
			end
		end
	)lua", "softirq");

	work(handles);
	run("clear", "lunatik._ENV.shared = nil");
}

TEST_F(Threads, OneRuntimeIsEnteredByManyOneAtATime)
{
	for (const char *options : { "process", "softirq", "hardirq" }) {
		Handle *handle = run("counter", "n = 0 function work() local before = n for i = 1, 20 do end n = before + 1 end "
						"function check() assert(n == 800, n) end", options);

		everywhere([&](unsigned int) {
			for (int i = 0; i < 200; i++)
				EXPECT_TRUE(call(handle, "work"));
		});
		EXPECT_TRUE(call(handle, "check")) << kernel::log();
	}
}

TEST_F(Threads, PercpuStatesAreEnteredAtTheSameTime)
{
	Handle *handle = run("counter", "n = 0 function work() n = n + 1 end function check() assert(n == 300, n) end", "softirq percpu");

	everywhere([&](unsigned int) {
		for (int i = 0; i < 300; i++)
			EXPECT_TRUE(call(handle, "work"));
		EXPECT_TRUE(call(handle, "check"));
	});
	EXPECT_EQ(kernel::log(), "");
}

TEST_F(Threads, RuntimeIsStoppedWhileOthersEnterIt)
{
	for (const char *options : { "process", "softirq", "softirq percpu" }) {
		for (int round = 0; round < 5; round++) {
			Handle *handle = run("busy", "d = require('data').new(8) function work() d:setbyte(0, 1) end", options);
			std::atomic<int> refused{0};

			everywhere([&](unsigned int n) {
				if (n == 0) {
					usleep(500);
					EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0);
					return;
				}
				for (;;) {
					Entry entry(handle->runtime);

					if (!entry.L) {
						EXPECT_EQ(entry.error, -ENXIO);
						refused++;
						return;
					}
					lua_getglobal(entry.L, "work");
					EXPECT_TRUE(lunatik::call(entry.L, 0, 0));
				}
			});
			EXPECT_EQ(refused, 3);
			release(handle);
		}
	}
}

TEST_F(Threads, StopByMany)
{
	for (int round = 0; round < 10; round++) {
		Handle *handle = run("one", "setmetatable({}, { __gc = function() print('closed') end })");

		everywhere([&](unsigned int) { EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0); });
		EXPECT_EQ(kernel::log(), "closed\n");
		kernel::clear_log();
	}
}

TEST_F(Threads, RuntimesAreMadeAndStoppedAtTheSameTime)
{
	script("small", "local rcu = require('rcu') lunatik._ENV.last = rcu.table(2) return function(...) return ... end");
	work(each(R"lua(
		function work()
			for i = 1, 6 do
				local r = lunatik.runtime("small", i % 2 == 0)
				assert(r:resume(i) == i)
				assert(r:info().running)
				if i % 3 == 0 then r:stop() end
			end
			collectgarbage()
		end
	)lua"));
	run("clear", "lunatik._ENV.last = nil");
}

TEST_F(Threads, OneRuntimeIsResumedByMany)
{
	script("sum", "local n = 0 local function again(i) n = n + (i or 0) return again(coroutine.yield(n)) end return again");
	run("setup", "lunatik._ENV.sum = lunatik.runtime('sum')");
	work(each(R"lua(
		local sum = lunatik._ENV.sum
		function work()
			for i = 1, 100 do
				local good, n
				repeat good, n = pcall(sum.resume, sum, 1) until good or not n:find("is busy", 1, true)
				assert(good, n)
				assert(n >= i)
			end
		end
	)lua"));
	run("check", "assert(lunatik._ENV.sum:resume(0) == 400) lunatik._ENV.sum:stop() lunatik._ENV.sum = nil");
}

TEST_F(Threads, InfoIsAskedOfARunningRuntime)
{
	script("busy", "return function() for i = 1, 1000 do local t = { i } end end");
	run("setup", "lunatik._ENV.busy = lunatik.runtime('busy')");
	work(each(R"lua(
		local busy = lunatik._ENV.busy
		function work()
			for i = 1, 100 do
				local info = busy:info()
				assert(info.memory >= 0 and info.script == "busy")
				if me == 0 then pcall(busy.resume, busy) end
			end
			if me == 1 then
				local good, message
				repeat good, message = pcall(busy.stop, busy) until good or not message:find("is busy", 1, true)
				assert(good, message)
			end
		end
	)lua"));
	run("clear", "lunatik._ENV.busy = nil");
}

TEST_F(Threads, ScriptsAreFoundWhileTheyComeAndGo)
{
	std::atomic<bool> ended{false};
	Handle *handle = run("one", "");
	std::vector<Handle *> handles = each(R"lua(
		local runtimes = lunatik._ENV.runtimes
		function work()
			for i = 1, 100 do
				runtimes.one = lunatik._ENV.one
				runtimes.one = nil
			end
		end
	)lua");

	inside(handles[0], [&](lua_State *L) {
		push(L, handle);
		lua_setglobal(L, "one");
		ASSERT_EQ(luaL_dostring(L, "lunatik._ENV.one = one one = nil"), LUA_OK);
	});
	everywhere([&](unsigned int n) {
		if (n < 2) {
			EXPECT_TRUE(call(handles[n], "work")) << kernel::log();
			ended = true;
			return;
		}
		while (!ended) {
			kernel::Reader reader;
			Runtime *found = find_script("one", 3);

			if (found) {
				EXPECT_STREQ(name_of(found), "one");
			}
		}
	});
	run("clear", "lunatik._ENV.one = nil");
}

TEST_F(Threads, ObjectOfAReaderLivesAsLongAsItReads)
{
	Handle *handle = run("writer", "local runtimes = lunatik._ENV.runtimes runtimes.x = require('rcu').table(2) "
				       "runtimes.y = 1 shared = lunatik._ENV shared.t = require('rcu').table(1) shared.t.o = require('data').new(8) collectgarbage() "
				       "function replace() shared.t.o = 5 end collectgarbage() function clear() shared.t.o = nil end", "process");
	Table *table = nullptr;

	inside(handle, [&](lua_State *L) {
		ASSERT_EQ(luaL_dostring(L, "return shared.t"), LUA_OK);
		table = static_cast<Table *>(to_object(L, -1));
	});
	for (const char *change : { "replace", "clear" }) {
		kernel::Reader reader;
		Object *object = table_find_object(table, "o", 1);

		if (!object)
			break;
		std::thread([&] { EXPECT_TRUE(call(handle, change)) << kernel::log(); }).join();
		EXPECT_EQ(table_find_object(table, "o", 1), nullptr);
		EXPECT_GT(object->references, 0);
	}
	run("clear", "local runtimes = lunatik._ENV.runtimes runtimes.x = nil runtimes.y = nil lunatik._ENV.t = nil");
}

static std::atomic<Runtime *> published;

static int publish(lua_State *L)
{
	hold(runtime_of(L));
	published = runtime_of(L);
	return 0;
}

static int open_publish(lua_State *L)
{
	lua_pushcfunction(L, publish);
	return 1;
}

TEST_F(Threads, EventsThatComeWhileTheScriptLoadsAreRefusedOrWait)
{
	static lunatik_library library = { "publish", open_publish, &rcu_module, nullptr };

	offer(library);
	for (const char *options : { "process", "softirq", "hardirq" }) {
		std::atomic<int> entered{0};
		std::thread event([&] {
			Runtime *runtime;

			while (!(runtime = published.exchange(nullptr)))
				std::this_thread::yield();
			while (entered < 10) {
				Entry entry(runtime);

				if (!entry.L) {
					EXPECT_EQ(entry.error, -ENXIO);
					continue;
				}
				lua_getglobal(entry.L, "ready");
				EXPECT_TRUE(lua_toboolean(entry.L, -1));
				lua_settop(entry.L, 0);
				entered++;
			}
			drop(runtime);
		});

		run("slow", "require('publish')() for i = 1, 5000 do local t = { i } end ready = true", options);
		event.join();
		EXPECT_EQ(entered, 10);
	}
}

static int open_nothing(lua_State *L)
{
	lua_newtable(L);
	return 1;
}

TEST_F(Threads, LibrariesComeAndGoWhileOthersRequire)
{
	static lunatik_library library = { "transient", open_nothing, &rcu_module, nullptr };
	std::vector<Handle *> handles = each(R"lua(
		function work()
			for i = 1, 50 do
				pcall(require, "transient")
				package.loaded.transient = nil
			end
		end
	)lua");

	everywhere([&](unsigned int n) {
		if (n == 0) {
			for (int i = 0; i < 100; i++) {
				EXPECT_EQ(lunatik_library_add(&library), 0);
				lunatik_library_remove(&library);
			}
		} else {
			EXPECT_TRUE(call(handles[n], "work")) << kernel::log();
		}
	});
}

TEST_F(Threads, ObjectsAreSharedAndDroppedEverywhere)
{
	run("setup", "lunatik._ENV.box = require('rcu').table(2)");
	work(each(R"lua(
		local box, data, rcu = lunatik._ENV.box, require("data"), require("rcu")
		function work()
			for i = 1, 200 do
				box.it = i % 2 == 0 and data.new(4) or rcu.table(1)
				local it = box.it
				it = nil
				if i % 10 == 0 then collectgarbage() end
			end
		end
	)lua"));
	run("clear", "lunatik._ENV.box = nil");
}
