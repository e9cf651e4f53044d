// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Runtimes: made, resumed, stopped; their contexts, limits and errors.
#include "support.hpp"
#include "kernel/gate.h"
#include "lunatik_core.h"

#include <thread>

using namespace lunatik;

class RuntimeTest : public Core {
protected:
	/* Runs the function in another thread. */
	static void elsewhere(const std::function<void()> &function)
	{
		std::thread(function).join();
	}
};

/* --- making ----------------------------------------------------------------------------- */

TEST_F(RuntimeTest, RunsItsScriptOnce)
{
	run("hello", "print('hello')");
	EXPECT_EQ(kernel::log(), "hello\n");
}

TEST_F(RuntimeTest, NameMayEndInLua)
{
	script("some/where", "print('here')");
	ASSERT_NE(make("some/where.lua"), nullptr);
	EXPECT_STREQ(make("some/where")->runtime->name, "some/where");
}

TEST_F(RuntimeTest, MissingScriptIsNamed)
{
	EXPECT_EQ(make("no/such"), nullptr);
	EXPECT_STREQ(failure.text, "cannot open scripts/no/such.lua: No such file or directory");
	EXPECT_EQ(make("no/such", "softirq"), nullptr);
	EXPECT_TRUE(contains(failure.text, "cannot open scripts/no/such.lua"));
}

TEST_F(RuntimeTest, NamesCannotLeaveTheScriptFolder)
{
	for (const char *name : { "", "/etc/passwd", "..", "../x", "a/../../x", "a..b", "x/..", ".lua/..", "a b", "a\tb", "a\nb",
				  "\x01", "x\x1f", " x", "x ", "//x", "\r" }) {
		EXPECT_EQ(make(name), nullptr) << testing::PrintToString(name);
		EXPECT_TRUE(contains(failure.text, "is not a script name")) << testing::PrintToString(name);
		EXPECT_EQ(failure.code, -EINVAL);
	}
	EXPECT_EQ(make(std::string(201, 'x')), nullptr);
	EXPECT_TRUE(contains(failure.text, "is not a script name"));
	EXPECT_EQ(make(std::string(200, 'x')), nullptr);
	EXPECT_TRUE(contains(failure.text, "cannot open"));
}

TEST_F(RuntimeTest, NameWithAZeroByteIsRefused)
{
	script("short", "");
	lua(R"lua(
		local lunatik = require("lunatik")
		fails("zero byte", lunatik.runtime, "short\0/etc/passwd")
		fails("zero byte", lunatik.runtime, "\0")
	)lua");
}

TEST_F(RuntimeTest, ErrorsHaveFileLineAndTraceback)
{
	std::string text = why("local function f()\n\terror('on purpose')\nend\nf()\n");

	EXPECT_TRUE(contains(text, "scripts/ErrorsHaveFileLineAndTraceback.lua:2: on purpose\nstack traceback:\n"));
	EXPECT_TRUE(contains(text, "scripts/ErrorsHaveFileLineAndTraceback.lua:2: in local 'f'"));
	EXPECT_TRUE(contains(text, "scripts/ErrorsHaveFileLineAndTraceback.lua:4: in main chunk"));
	EXPECT_EQ(failure.code, -EINVAL);
	EXPECT_EQ(kernel::log(), "");
}

TEST_F(RuntimeTest, SyntaxErrorsHaveFileAndLine)
{
	EXPECT_TRUE(contains(why("x = 1\nx = = 2\n"), "scripts/SyntaxErrorsHaveFileAndLine.lua:2: unexpected symbol near '='"));
	EXPECT_TRUE(contains(why("return 1 / 2"), "operator not supported in the kernel"));
}

TEST_F(RuntimeTest, ErrorsThatAreNoStringsAreToldSo)
{
	EXPECT_TRUE(contains(why("error()"), "(error object is a nil value)"));
	EXPECT_TRUE(contains(why("error({})"), "(error object is a table value)"));
	EXPECT_TRUE(contains(why("error(42)"), "42"));
	EXPECT_EQ(why("error(setmetatable({}, { __tostring = function() return 'my own' end }))"), "my own");
	EXPECT_TRUE(contains(why("error(setmetatable({}, { __tostring = function() return 1 end }))"), "error object"));
	EXPECT_TRUE(contains(why("error(setmetatable({}, { __tostring = function() error('again') end }))"), "again"));
}

TEST_F(RuntimeTest, LongErrorsAreCut)
{
	EXPECT_EQ(why("error(('x'):rep(100000), 0)").size(), sizeof(failure.text) - 1);
}

LUA(RuntimeTest, ContextComesFromBooleanOrWords, R"lua(
	local lunatik = require("lunatik")
	local function context(...)
		local info = lunatik.runtime("check", ...):info()
		return info.context .. (info.percpu and " percpu" or "")
	end
	same(context(), "process")
	same(context(nil), "process")
	same(context(true), "process")
	same(context(false), "softirq")
	same(context("process"), "process")
	same(context("softirq"), "softirq")
	same(context("hardirq"), "hardirq")
	same(context("softirq percpu"), "softirq percpu")
	same(context("percpu hardirq"), "hardirq percpu")
	same(context("percpu"), "softirq percpu")
	same(context(""), "process")
	for _, wrong in ipairs { "soft", "softirq x", "Process", 5 } do
		fails("unknown context", lunatik.runtime, "check", wrong)
	end
	fails("bad argument #2", lunatik.runtime, "check", {})
	fails("bad argument #1", lunatik.runtime)
	fails("bad argument #1", lunatik.runtime, {})
	fails("a process runtime cannot be percpu", lunatik.runtime, "check", "process percpu")
)lua")

TEST_F(RuntimeTest, CallersContextOverridesTheHeader)
{
	script("packets", "-- lunatik: softirq percpu\n");
	lua(R"lua(
		local lunatik = require("lunatik")
		same(lunatik.runtime("packets"):info().context, "softirq")
		same(lunatik.runtime("packets"):info().percpu, true)
		same(lunatik.runtime("packets", true):info().context, "process")
		same(lunatik.runtime("packets", "hardirq"):info(), { script = "packets", context = "hardirq", percpu = false,
			running = true, memory = lunatik.runtime("packets", "hardirq"):info().memory, quota = 4 << 20,
			budget = 1, breaches = 0, condemned = false, netns = 1 })
	)lua");
}

TEST_F(RuntimeTest, LimitsComeFromTheCallerElseTheHeaderElseTheContext)
{
	script("packets", "-- lunatik: softirq budget=20 memory=1M\n");
	lua(R"lua(
		local lunatik = require("lunatik")
		local function limits(...)
			local info = lunatik.runtime("packets", ...):info()
			return info.context .. " " .. info.budget .. " " .. info.quota
		end
		same(limits(), "softirq 20 1048576")
		same(limits("budget=30"), "softirq 30 1048576")
		same(limits("memory=2M"), "softirq 20 2097152")
		same(limits("softirq memory=2M budget=5"), "softirq 5 2097152")
		same(limits("process"), "process 5000 1048576")
		same(limits("hardirq"), "hardirq 1 1048576")
	)lua");
}

TEST_F(RuntimeTest, EightVisitsInARowThatGoOverALimitEndIt)
{
	Handle *hungry = run("hungry", "local n = 0 function eat() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end "
			     "function rest() end function deep() return (('x'):gsub('x', deep)) end function fail() error('no') end",
			     "memory=128K");
	auto breaches = [&] { return hungry->runtime->states[0]->breaches; };

	for (int i = 1; i <= 7; i++) {
		EXPECT_FALSE(call(hungry, i % 2 ? "eat" : "deep"));
		EXPECT_EQ(breaches(), static_cast<unsigned int>(i));
	}
	/* Each weighs as much as eight visits without one; an error of its own is none. */
	for (int i = 1; i <= 7 * 8; i++)
		EXPECT_EQ(call(hungry, i % 2 ? "rest" : "fail"), i % 2 == 1);
	EXPECT_EQ(breaches(), 7u);
	for (int i = 1; i <= 7; i++)
		EXPECT_FALSE(call(hungry, "eat"));
	EXPECT_TRUE(kernel::log().find("again and again") == std::string::npos);
	for (int i = 1; i <= 7 * 8; i++)
		EXPECT_TRUE(call(hungry, "rest"));
	for (int i = 1; i <= 8; i++)
		EXPECT_FALSE(call(hungry, "eat"));
	EXPECT_TRUE(contains(kernel::log(), "hungry: stopped: it went over its limits again and again"));
	EXPECT_FALSE(call(hungry, "rest"));
	kernel::settle();
	EXPECT_EQ(hungry->runtime->states[0]->L, nullptr);
	EXPECT_TRUE(hungry->runtime->condemned);
	kernel::clear_log();
}

TEST_F(RuntimeTest, OneThatIsSparedGoesOnForAllItsBreaches)
{
	Handle *hungry = run("hungry", "function eat() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end "
			     "function rest() end", "memory=128K");

	lunatik_spare(reinterpret_cast<lunatik_object *>(hungry));
	for (int i = 1; i <= 20; i++)
		EXPECT_FALSE(call(hungry, "eat"));
	EXPECT_TRUE(call(hungry, "rest"));
	EXPECT_EQ(hungry->runtime->states[0]->breaches, 20u);
}

TEST_F(RuntimeTest, UnknownWordInTheHeaderIsRefused)
{
	script("wrong", "-- lunatik: sofftirq\n");
	lua("fails(\"unknown word 'sofftirq'\", require('lunatik').runtime, 'wrong')");
}

TEST_F(RuntimeTest, PercpuHasAStateForEachPossibleProcessor)
{
	kernel::set_processors(6);
	kernel::set_impossible(3);
	Handle *handle = run("each", "print('load') function callback(text) n = (n or 0) + 1 print(text, n) end", "softirq percpu");

	EXPECT_EQ(handle->runtime->count, 6u);
	EXPECT_EQ(handle->runtime->states[3], nullptr);
	EXPECT_EQ(kernel::log(), "load\nload\nload\nload\nload\n");
	kernel::clear_log();
	for (unsigned int processor : { 0, 5, 0, 5, 1 }) {
		kernel::run_on(processor);
		EXPECT_TRUE(::call(handle, "callback", std::to_string(processor)));
	}
	EXPECT_EQ(kernel::log(), "0\t1\n5\t1\n0\t2\n5\t2\n1\t1\n");
	kernel::run_on(3);
	Entry entry(handle->runtime);
	EXPECT_EQ(entry.L, nullptr);
	EXPECT_EQ(entry.error, -ENXIO);
}

TEST_F(RuntimeTest, PercpuOfWhichOneStateFailsIsNoRuntime)
{
	script("fails", "local shared = lunatik._ENV shared.n = (shared.n or 0) + 1 if shared.n == 3 then error('third') end");
	EXPECT_EQ(make("fails", "softirq percpu"), nullptr);
	EXPECT_TRUE(contains(failure.text, "third"));
}

TEST_F(RuntimeTest, InfoTellsOfTheRuntime)
{
	script("idle", "big = ('x'):rep(100000)");
	lua(R"lua(
		local lunatik = require("lunatik")
		local idle = lunatik.runtime("idle")
		local info = idle:info()
		same(info.script, "idle")
		same(info.running, true)
		assert(info.memory > 100000 and info.memory < 300000, info.memory)
	)lua");
}

TEST_F(RuntimeTest, ActsInTheNetworkNamespaceOfWhoHadItRun)
{
	script("inner", "");
	kernel::enter_namespace(7);
	Handle *outer = run("outer", "function check() assert(require('lunatik').runtime('inner'):info().netns == 7) end");

	kernel::enter_namespace(8);
	inside(outer, [](lua_State *L) { EXPECT_EQ(lunatik_net_number(net_of(L)), 7u); });
	EXPECT_TRUE(call(outer, "check"));
	inside(outer, [](lua_State *L) {
		runtime_of(L)->spared = true;
		EXPECT_EQ(lunatik_net_number(net_of(L)), 8u);
		runtime_of(L)->spared = false;
	});
}

TEST_F(RuntimeTest, DoesNotKeepItsNetworkNamespace)
{
	kernel::enter_namespace(7);
	Handle *handle = run("idle", "");

	kernel::end_namespace();
	EXPECT_EQ(lunatik_net_number(handle->runtime->net), 0u);
	inside(handle, [](lua_State *L) { EXPECT_EQ(lunatik_net_get(net_of(L)), nullptr); });
}

TEST_F(RuntimeTest, MemoryOfInfoIsWhatTheCollectorCounts)
{
	Handle *handle = run("self", "return function() collectgarbage() return collectgarbage('count') end");

	inside(handle, [&](lua_State *L) {
		size_t counted = static_cast<size_t>(lua_gc(L, LUA_GCCOUNT)) * 1024 + static_cast<size_t>(lua_gc(L, LUA_GCCOUNTB));

		EXPECT_EQ(state_of(L)->account->lua, counted);
	});
}

/* --- resuming --------------------------------------------------------------------------- */

TEST_F(RuntimeTest, ResumeHandsOverEveryShareableValue)
{
	script("echo", "local function again(...) return again(coroutine.yield(...)) end return again");
	for (const char *context : { "process", "softirq", "hardirq" })
		lua(std::string("local context = '") + context + "' " + R"lua(
			local lunatik, data, rcu = require("lunatik"), require("data"), require("rcu")
			local echo = lunatik.runtime("echo", context)
			same(select("#", echo:resume()), 0)
			same(table.pack(echo:resume(nil, nil)), { n = 2 })
			same({ echo:resume(true, false, 0, -1, math.maxinteger, math.mininteger) },
			     { true, false, 0, -1, math.maxinteger, math.mininteger })
			same({ echo:resume("", "a\0b", ("long"):rep(10000), "\xff") }, { "", "a\0b", ("long"):rep(10000), "\xff" })
			local d = data.new(4)
			d:setbyte(0, 7)
			local same_data = echo:resume(d)
			same_data:setbyte(1, 8)
			same(d:getstring(0), "\7\8\0\0")
			local t = rcu.table()
			t.x = 5
			same(echo:resume(t).x, 5)
			same(echo:resume(echo):info().script, "echo")
			same(echo:resume(lunatik._ENV).runtimes ~= nil, true)
			local many = {}
			for i = 1, 200 do many[i] = i end
			same({ echo:resume(table.unpack(many)) }, many)
			echo:stop()	-- it has a reference to itself
		)lua");
}

LUA(RuntimeTest, ResumeRefusesValuesOfOneRuntime, R"lua(
	local lunatik = require("lunatik")
	local other = lunatik.runtime("check")
	local d <const> = require("data").new(1)
	do local closing <close> = d end
	for _, value in ipairs { {}, print, function() end, coroutine.create(print), require("host").foreign(),
				 require("host").foreign(8), d } do
		fails("nil, boolean, integer, string or shared object expected", other.resume, other, value)
		fails("bad argument #4", other.resume, other, 1, 2, value)
	end
)lua")

TEST_F(RuntimeTest, UnshareableResultsArriveAsNil)
{
	script("tables", "return function() return 1, {}, print, 2 end");
	lua("same(table.pack(require('lunatik').runtime('tables'):resume()), { 1, nil, nil, 2, n = 4 })");
}

TEST_F(RuntimeTest, ResumeGoesOnWhereTheTaskYielded)
{
	script("task", "return function(a) local b = coroutine.yield(a + 1) local c = coroutine.yield(b + 1) return 'end' .. c end");
	lua(R"lua(
		local task = require("lunatik").runtime("task")
		same(task:resume(1), 2)
		same(task:resume(10), 11)
		same(task:resume("!"), "end!")
	)lua");
}

TEST_F(RuntimeTest, TaskThatReturnedIsDead)
{
	script("task", "return function() return 1 end");
	lua(R"lua(
		local task = require("lunatik").runtime("task")
		same(task:resume(), 1)
		for _ = 1, 3 do
			fails("cannot resume dead coroutine", task.resume, task)
			fails("cannot resume dead coroutine", task.resume, task, 1, 2)
		end
	)lua");
}

TEST_F(RuntimeTest, TaskThatFailedIsDeadAndItsErrorTellsWhere)
{
	script("task", "return function()\n\tlocal x = nil\n\treturn x.y\nend");
	lua(R"lua(
		local task = require("lunatik").runtime("task")
		local message = fails("scripts/task.lua:3: attempt to index a nil value (local 'x')", task.resume, task)
		assert(message:find("stack traceback:\n\tscripts/task.lua:3: in function", 1, true), message)
		for _ = 1, 3 do fails("cannot resume dead coroutine", task.resume, task) end
	)lua");
}

TEST_F(RuntimeTest, TaskThatFailedClosesItsVariables)
{
	script("task", "return function() local x <close> = setmetatable({}, { __close = function(_, e) print(e) end }) "
		       "coroutine.yield() error('oh', 0) end");
	lua("local task = require('lunatik').runtime('task') task:resume() fails('oh', task.resume, task)");
	EXPECT_EQ(kernel::log(), "oh\n");
}

TEST_F(RuntimeTest, DeadTaskDoesNotGrow)
{
	script("task", "return function() error('x') end");
	lua(R"lua(
		local task = require("lunatik").runtime("task")
		pcall(task.resume, task)
		local before = task:info().memory
		for i = 1, 20000 do pcall(task.resume, task, 1, 2) end
		local after = task:info().memory
		assert(after < before + 50000, after - before)
	)lua");
}

TEST_F(RuntimeTest, ErrorOfATaskMayBeAnyValue)
{
	script("task", "return function(kind) if kind == 'number' then error(42) elseif kind == 'table' then error({}) "
		       "elseif kind == 'object' then error(setmetatable({}, { __tostring = function() return 'mine' end })) else error() end end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local function kind(name)
			local task = lunatik.runtime("task")
			local good, message = pcall(task.resume, task, name)
			same(good, false)
			return message
		end
		assert(kind("number"):find("42", 1, true))
		assert(kind("object"):find("mine", 1, true), kind("object"))
		assert(kind("table"):find("table", 1, true), kind("table"))
		assert(kind("nil"):find("nil", 1, true), kind("nil"))
	)lua");
}

TEST_F(RuntimeTest, ScriptWithoutATaskCannotBeResumed)
{
	script("none", "return 42");
	lua("local r = require('lunatik').runtime('none') fails('none returned no function to resume', r.resume, r)");
}

TEST_F(RuntimeTest, PercpuCannotBeResumed)
{
	script("each", "return function() end");
	lua("local r = require('lunatik').runtime('each', 'percpu') fails('a percpu runtime cannot be resumed', r.resume, r)");
}

TEST_F(RuntimeTest, CannotResumeItselfNotEvenThroughAnother)
{
	script("first", "return function(me, other) if other then return other:resume(me) end return me:resume() end");
	script("second", "return function(first) return first:resume() end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local first = lunatik.runtime("first")
		fails("first is running already", first.resume, first, first)
		first:stop()	-- it has a reference to itself
		local first, second = lunatik.runtime("first"), lunatik.runtime("second")
		fails("first is running already", first.resume, first, first, second)
		first:stop()
	)lua");
}

TEST_F(RuntimeTest, SoftirqMayNotResumeAProcessRuntime)
{
	script("process", "return function() return 1 end");
	script("packets", "return function(other) return other:resume() end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local process, packets = lunatik.runtime("process"), lunatik.runtime("packets", "softirq")
		fails("'resume' may sleep, which a callback of a softirq runtime must not", packets.resume, packets, process)
		local softirq = lunatik.runtime("process", "softirq")
		packets = lunatik.runtime("packets", "softirq")
		same(packets:resume(softirq), 1)
	)lua");
}

TEST_F(RuntimeTest, CallbackMayNotDoWhatSleeps)
{
	script("packets", R"lua(
		local lunatik, rcu = require("lunatik"), require("rcu")
		return function(other)
			local function message(f, ...) return select(2, pcall(f, ...)) end
			return message(lunatik.runtime, "check"), message(rcu.table), message(other.stop, other),
			       message(require, "data"), message(require, "check"), message(loadfile, "scripts/check.lua")
		end
	)lua");
	lua(R"lua(
		local lunatik = require("lunatik")
		for _, context in ipairs { "softirq", "hardirq" } do
			local messages = { lunatik.runtime("packets", context):resume(lunatik.runtime("check")) }
			for i, name in ipairs { "lunatik.runtime", "rcu.table", "stop" } do
				same(messages[i], "'" .. name .. "' may sleep, which a callback of a " .. context .. " runtime must not")
			end
			assert(messages[4]:find("no library is opened inside of a callback", 1, true), messages[4])
			assert(messages[5]:find("not found", 1, true), messages[5])
		end
	)lua");
}

/* --- stopping --------------------------------------------------------------------------- */

TEST_F(RuntimeTest, StopEndsTheScriptAndItsObjects)
{
	script("holder", "d = require('data').new(100) setmetatable({}, { __gc = function() print('closed') end })");
	lua(R"lua(
		local holder = require("lunatik").runtime("holder")
		holder:stop()
	)lua");
	EXPECT_EQ(kernel::log(), "closed\n");
}

LUA(RuntimeTest, StoppedIsAnErrorForEveryMethod, R"lua(
	local lunatik = require("lunatik")
	local r = lunatik.runtime("check")
	r:stop()
	fails("runtime is closed", r.stop, r)
	fails("runtime is closed", r.resume, r)
	fails("runtime is closed", r.info, r)
)lua")

TEST_F(RuntimeTest, StoppedElsewhereIsToldToWhoeverElseHoldsIt)
{
	script("echo", "return function(...) return ... end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local r, t = lunatik.runtime("echo"), require("rcu").table()
		t.r = r
		local again = t.r
		r:stop()
		same(again:info().running, false)
		same(again:info().memory, 0)
		fails("echo is stopped", again.resume, again)
		again:stop()
		fails("runtime is closed", again.stop, again)
	)lua");
}

TEST_F(RuntimeTest, CannotStopItselfWhileItRuns)
{
	script("self", "return function(me) local good, message = pcall(me.stop, me) return message end");
	script("through", "return function(me, other) return other:resume(me) end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local self = lunatik.runtime("self")
		same(self:resume(self), "self cannot stop itself while it runs")
		same(self:info().running, true)
		self:stop()
		local through, self = lunatik.runtime("through"), lunatik.runtime("self")
		same(through:resume(through, self), "through cannot stop itself while it runs")
		through:stop()
	)lua");
}

TEST_F(RuntimeTest, PercpuIsNotStoppedInPartFromInside)
{
	Handle *handle = run("each", "function work() end", "softirq percpu");

	kernel::run_on(2);
	{
		Entry entry(handle->runtime);

		ASSERT_NE(entry.L, nullptr);
		EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), -EDEADLK);
	}
	for (unsigned int processor = 0; processor < 4; processor++) {
		kernel::run_on(processor);
		EXPECT_TRUE(::call(handle, "work")) << processor;
	}
}

TEST_F(RuntimeTest, FinalizersMayStopItAgain)
{
	script("odd", "return function(me) kept = me setmetatable({}, { __gc = function() me:stop() me = nil end }) end");
	lua(R"lua(
		local odd = require("lunatik").runtime("odd")
		odd:resume(odd)
		odd:stop()
	)lua");
}

TEST_F(RuntimeTest, FinalizersRunWhereTheyMaySleepWhenItStops)
{
	script("packets", "setmetatable({}, { __gc = function() made = require('rcu').table(4) made.x = 1 print(made.x) "
			  "print(pcall(require('lunatik').runtime, 'check')) end })");
	lua("require('lunatik').runtime('packets', 'softirq'):stop()");
	EXPECT_EQ(kernel::log(), "1\nfalse\t'lunatik.runtime' may wait for long, which a runtime that ends must not\n");
}

TEST_F(RuntimeTest, ObjectsThatFinalizersMakeAtTheEndAreReleased)
{
	script("late", "local data, rcu = require('data'), require('rcu') "
		       "setmetatable({}, { __gc = function() d = data.new(100) t = rcu.table() t.d = d e = lunatik._ENV print(t.d) end })");
	lua("require('lunatik').runtime('late'):stop()");
	EXPECT_TRUE(contains(kernel::log(), "data: "));
}

TEST_F(RuntimeTest, ErrorsOfFinalizersAreNobodysButTheirOwn)
{
	script("bad", "for i = 1, 3 do setmetatable({}, { __gc = function() print(i) error('in __gc') end }) end");
	lua("require('lunatik').runtime('bad'):stop()");
	EXPECT_EQ(kernel::log(), "3\n2\n1\n");
}

TEST_F(RuntimeTest, LastReferenceStopsIt)
{
	script("child", "setmetatable({}, { __gc = function() print('closed') end })");
	lua("local r = require('lunatik').runtime('child') r = nil collectgarbage() require('host').settle()");
	kernel::settle();
	EXPECT_EQ(kernel::log(), "closed\n");
}

TEST_F(RuntimeTest, LastReferenceGivenUpInsideStopsItOutside)
{
	Handle *handle;

	script("own", "last = setmetatable({}, { __gc = function() print('closed') end }) function drop() me:stop() end "
		      "function forget() me = nil collectgarbage() print('forgot') end");
	handle = make("own");
	ASSERT_NE(handle, nullptr);
	Runtime *runtime = handle->runtime;
	hold(runtime);
	inside(handle, [&](lua_State *L) {
		push(L, handle);
		lua_setglobal(L, "me");
	});
	release(handle);
	{
		Entry entry(runtime);

		ASSERT_NE(entry.L, nullptr);
		EXPECT_EQ(luaL_dostring(entry.L, "forget()"), LUA_OK);
		EXPECT_EQ(kernel::log(), "forgot\n");
	}
	kernel::settle();
	EXPECT_EQ(kernel::log(), "forgot\nclosed\n");
	Entry entry(runtime);
	EXPECT_EQ(entry.error, -ENXIO);
	drop(runtime);
}

/* --- ending with its maker -------------------------------------------------------------- */

/* Says when it ends. */
static const char ending[] = "setmetatable({}, { __gc = function() print('closed') end }) "
			     "return function(...) kept = { ... } end";

TEST_F(RuntimeTest, OneThatHoldsItselfEndsWithItsMaker)
{
	script("child", ending);
	Handle *maker = run("maker", "function make() local r = require('lunatik').runtime('child') r:resume(r) "
				     "r = nil collectgarbage() print('made') end");

	EXPECT_TRUE(call(maker, "make"));
	EXPECT_EQ(kernel::log(), "made\n");
	release(maker);
	kernel::settle();
	EXPECT_EQ(kernel::log(), "made\nclosed\n");
}

TEST_F(RuntimeTest, OneThatATableHoldsWhichItHoldsEndsWithItsMaker)
{
	script("child", ending);
	Handle *maker = run("maker", "local lunatik, rcu = require('lunatik'), require('rcu') local r, t = lunatik.runtime('child'), rcu.table() "
				     "t.r = r r:resume(t)");

	release(maker);
	kernel::settle();
	EXPECT_EQ(kernel::log(), "closed\n");
}

TEST_F(RuntimeTest, OneThatOthersHaveEndsWithItsMakerAndIsStoppedForThem)
{
	script("child", ending);
	Handle *maker = run("maker", "lunatik._ENV.child = require('lunatik').runtime('child')");
	Handle *other = run("other", "child = lunatik._ENV.child lunatik._ENV.child = nil "
				     "function use() local good, message = pcall(child.resume, child) print(message) end");

	release(maker);
	EXPECT_TRUE(call(other, "use"));
	EXPECT_EQ(kernel::log(), "closed\nchild is stopped\n");
}

TEST_F(RuntimeTest, OnesThatMadeEachOtherInTurnEndWithTheFirst)
{
	script("last", ending);
	script("child", "local r = require('lunatik').runtime('last') r:resume(r) setmetatable({}, { __gc = function() print('child') end }) "
			"return function(me) kept = me end");
	Handle *maker = run("maker", "local r = require('lunatik').runtime('child') r:resume(r)");

	release(maker);
	kernel::settle();
	EXPECT_EQ(kernel::log(), "child\nclosed\n");
}

TEST_F(RuntimeTest, MakerEndedFromInsideOfWhatItMadeEndsThatLater)
{
	Handle *maker;

	script("child", "setmetatable({}, { __gc = function() print('closed') end }) "
			"return function(maker, me) kept = me maker:stop() print('stopped') end");
	maker = run("maker", "child = require('lunatik').runtime('child') lunatik._ENV.child = child child = nil collectgarbage()");
	Handle *caller = run("caller", "function go() local child = lunatik._ENV.child lunatik._ENV.child = nil child:resume(maker, child) end");

	inside(caller, [&](lua_State *L) {
		push(L, maker);
		lua_setglobal(L, "maker");
	});
	EXPECT_TRUE(call(caller, "go"));
	kernel::settle();
	EXPECT_EQ(kernel::log(), "stopped\nclosed\n");
}

TEST_F(RuntimeTest, OneThatIsListedOutlivesItsMaker)
{
	script("child", ending);
	Handle *maker = run("maker", "lunatik._ENV.runtimes.child = require('lunatik').runtime('child')");

	release(maker);
	kernel::settle();
	EXPECT_EQ(kernel::log(), "");
	lua("local child = lunatik._ENV.runtimes.child same(child:info().running, true) child:resume(child) "
	    "lunatik._ENV.runtimes.child = nil");
	EXPECT_EQ(kernel::log(), "");
	/* As /dev/lunatik goes away */
	lunatik_sweep();
	kernel::settle();
	EXPECT_EQ(kernel::log(), "closed\n");
}

TEST_F(RuntimeTest, NothingIsKeptOfThoseThatHaveEnded)
{
	script("child", "return function() end");
	lua(R"lua(
		local lunatik = require("lunatik")
		local function make() lunatik.runtime("child"):stop() end
		for i = 1, 20 do make() end
		collectgarbage()
		local before = collectgarbage("count")
		for i = 1, 200 do make() end
		collectgarbage()
		assert(collectgarbage("count") < before + 1000, collectgarbage("count") - before)
	)lua");
}

/* --- stopping, while others are inside -------------------------------------------------- */

TEST_F(RuntimeTest, StopWaitsForWhoIsInside)
{
	Handle *handle = run("busy", "");
	std::atomic<bool> inside{false}, left{false};

	std::thread visitor([&] {
		Entry entry(handle->runtime);

		inside = true;
		usleep(20000);
		left = true;
	});
	while (!inside)
		usleep(100);
	EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0);
	EXPECT_TRUE(left);
	visitor.join();
	Entry entry(handle->runtime);
	EXPECT_EQ(entry.error, -ENXIO);
}

TEST_F(RuntimeTest, WaitForABusyRuntimeEndsWhenKilled)
{
	Handle *handle = run("busy", "return function() end");
	Entry entry(handle->runtime);

	kernel::kill_waiting(true);
	elsewhere([&] {
		Entry other(handle->runtime);

		EXPECT_EQ(other.L, nullptr);
		EXPECT_EQ(other.error, -EINTR);
	});
	kernel::kill_waiting(false);
}

TEST_F(RuntimeTest, NestedEntryIsADeadlockError)
{
	for (const char *context : { "process", "softirq", "hardirq" }) {
		Handle *handle = run("nested", "", context);
		Entry outer(handle->runtime);
		Entry inner(handle->runtime);

		EXPECT_NE(outer.L, nullptr);
		EXPECT_EQ(inner.L, nullptr);
		EXPECT_EQ(inner.error, -EDEADLK);
	}
	EXPECT_TRUE(lunatik_may_sleep());
}

/*
 * Two threads, each inside of one runtime, that then run the code there at the same time. In a process
 * of its own, which ends badly when they wait for each other.
 */
[[noreturn]] static void meet(Runtime *first, const char *first_code, Runtime *second, const char *second_code)
{
	std::atomic<int> inside{0};
	auto work = [&](Runtime *runtime, const char *code, unsigned int processor) {
		kernel::run_on(processor);
		Entry entry(runtime);

		inside++;
		while (inside < 2)
			usleep(100);
		luaL_dostring(entry.L, code);
	};
	std::thread one(work, first, first_code, 0), two(work, second, second_code, 1);

	one.join();
	two.join();
	_exit(0);
}

/* Makes the object known to the runtime as a global variable. */
static void give(Handle *to, const char *name, Object *object)
{
	inside(to, [&](lua_State *L) {
		push(L, object);
		lua_setglobal(L, name);
	});
}

TEST_F(RuntimeTest, SoftirqRuntimesThatResumeEachOtherDoNotLockUp)
{
	auto scenario = [&] {
		Handle *a = run("a", "return function() end", "softirq"), *b = run("b", "return function() end", "softirq");

		give(a, "b", b);
		give(b, "a", a);
		meet(a->runtime, "pcall(b.resume, b)", b->runtime, "pcall(a.resume, a)");
	};

	EXPECT_EXIT(scenario(), testing::ExitedWithCode(0), "");
}

TEST_F(RuntimeTest, RuntimeThatStopsAnotherThatResumesItDoesNotLockUp)
{
	auto scenario = [&] {
		Handle *a = run("a", "return function() end"), *b = run("b", "");

		give(a, "b", b);
		give(b, "a", a);
		meet(a->runtime, "pcall(b.stop, b)", b->runtime, "pcall(a.resume, a)");
	};

	EXPECT_EXIT(scenario(), testing::ExitedWithCode(0), "");
}

TEST_F(RuntimeTest, CollectorThatStopsABusyRuntimeDoesNotLockUp)
{
	auto scenario = [&] {
		Handle *a = run("a", "return function() end"), *b = run("b", "");
		Runtime *runtime = b->runtime;

		hold(runtime);
		give(a, "b", b);
		give(b, "a", a);
		release(b);
		meet(a->runtime, "b = nil collectgarbage()", runtime, "pcall(a.resume, a)");
	};

	EXPECT_EXIT(scenario(), testing::ExitedWithCode(0), "");
}

/* --- limits ----------------------------------------------------------------------------- */

TEST_F(RuntimeTest, GrowingForEverIsNotEnoughMemory)
{
	for (const char *context : { "process", "softirq", "hardirq" }) {
		Handle *handle = run("greedy", R"lua(
			function strings() local s = "x" while true do s = s .. s end end
			function tables() local t = {} while true do t[#t + 1] = {} end end
			function recursion() local function f() return 1 + f() end return f() end
			function concat() local t = {} for i = 1, 1 << 40 do t[i] = "element" end end
			function closures() local f = print while true do local g = f f = function() return g end end end
			function coroutines() local t = {} while true do t[#t + 1] = coroutine.create(print) end end
			function fine() print("fine") end
		)lua", context);

		for (const char *name : { "strings", "tables", "concat", "closures", "coroutines" }) {
			EXPECT_FALSE(::call(handle, name)) << name;
			EXPECT_TRUE(contains(kernel::log(), "greedy: not enough memory")) << name;
			EXPECT_LE(state_of(handle->runtime->states[0]->L)->account->lua, state_of(handle->runtime->states[0]->L)->account->quota);
			kernel::clear_log();
			EXPECT_TRUE(::call(handle, "fine"));
			EXPECT_EQ(kernel::log(), "fine\n");
			kernel::clear_log();
		}
		EXPECT_FALSE(::call(handle, "recursion"));
		EXPECT_TRUE(::call(handle, "fine"));
		kernel::clear_log();
	}
}

TEST_F(RuntimeTest, QuotaIsSixteenMegabytesOrFourForPackets)
{
	EXPECT_EQ(why("x = ('x'):rep(7 << 20)"), "");
	EXPECT_EQ(why("x = ('x'):rep(17 << 20)"), "not enough memory");
	EXPECT_EQ(why("x = ('x'):rep(1 << 20)", "softirq"), "");
	EXPECT_EQ(why("x = ('x'):rep(5 << 20)", "softirq"), "not enough memory");
}

TEST_F(RuntimeTest, ErrorsOfCallbacksAreLoggedUnderItsName)
{
	Handle *handle = run("dir/broken", "function callback(text)\n error(text)\nend function none() error() end "
					   "function yields() coroutine.yield() end");

	EXPECT_FALSE(::call(handle, "callback", "here"));
	EXPECT_TRUE(contains(kernel::log(), "dir/broken: scripts/dir/broken.lua:2: here\nstack traceback:\n"));
	EXPECT_FALSE(::call(handle, "none"));
	EXPECT_TRUE(contains(kernel::log(), "(error object is a nil value)"));
	EXPECT_FALSE(::call(handle, "yields"));
	EXPECT_TRUE(contains(kernel::log(), "attempt to yield from outside a coroutine"));
	EXPECT_FALSE(::call(handle, "absent"));
	EXPECT_TRUE(contains(kernel::log(), "attempt to call a nil value"));
	inside(handle, [](lua_State *L) { EXPECT_EQ(lua_gettop(L), 0); });
}

TEST_F(RuntimeTest, RunTaskRunsWhatTheScriptReturned)
{
	Handle *handle = run("task", "return function(...) print('run', select('#', ...)) coroutine.yield(1) print('again') error('e') end");

	run_task(handle->runtime);
	run_task(handle->runtime);
	EXPECT_TRUE(contains(kernel::log(), "run\t0\nagain\ntask: scripts/task.lua:1: e\nstack traceback:"));
	runtime_stop(handle->runtime, Wait::Always);
	run_task(handle->runtime);
}

/* --- names ------------------------------------------------------------------------------ */

TEST_F(RuntimeTest, RegistryOfScriptsIsSharedAndFoundByName)
{
	script("one", "");
	lua(R"lua(
		local lunatik, rcu = require("lunatik"), require("rcu")
		local runtimes = lunatik._ENV.runtimes
		runtimes.one = lunatik.runtime("one")
		runtimes.number = 5
		local names = {}
		rcu.map(runtimes, function(name, value) names[#names + 1] = name .. ":" .. type(value) end)
		table.sort(names)
		same(names, { "number:number", "one:userdata" })
	)lua");
	{
		kernel::Reader reader;
		unsigned int before = *script_generation;
		Runtime *found = find_script("one", 3);

		ASSERT_NE(found, nullptr);
		EXPECT_STREQ(name_of(found), "one");
		EXPECT_EQ(find_script("on", 2), nullptr);
		EXPECT_EQ(find_script("number", 6), nullptr);
		EXPECT_EQ(*script_generation, before);
	}
	unsigned int before = *script_generation;
	lua("lunatik._ENV.runtimes.one = nil lunatik._ENV.runtimes.number = nil");
	EXPECT_NE(*script_generation, before);
	kernel::Reader reader;
	EXPECT_EQ(find_script("one", 3), nullptr);
}

LUA(RuntimeTest, LibraryHasItsEnvironmentAndNothingElse, R"lua(
	local lunatik = require("lunatik")
	assert(lunatik == _G.lunatik)
	same(lunatik.nothing, nil)
	assert(lunatik._ENV == lunatik._ENV)
	lunatik._ENV.answer = 42
	same(lunatik._ENV.answer, 42)
	lunatik._ENV.answer = nil
)lua")
