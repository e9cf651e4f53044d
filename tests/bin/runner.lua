-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Tests lunatik.runner under a Lua 5.4 of user space, with stand-ins for the kernel's libraries.
-- usage: lua5.4 tests/bin/runner.lua (in the project's folder)

local check = dofile("tests/bin/support/check.lua")
local expect = check.expect

-- What happens, in its order.
local events
local function event(text)
	events[#events + 1] = text
end

local function runtime_new(script, context)
	event(("load %s %s"):format(script, context))
	if script:find("bad") then
		error("bad script")
	end
	local runtime, running = setmetatable({}, { __metatable = "runtime" }), true
	function runtime:stop()
		event("stop " .. script)
		if script:find("stuck") then
			error(script .. " cannot stop itself while it runs")
		end
		running = false
	end
	function runtime:info()
		return { script = script, context = context or "process", running = running }
	end
	return runtime
end

local function thread_run(runtime, name)
	event("thread " .. name)
	if name == "taskless" then
		error("no function to run")
	end
	return setmetatable({ stop = function() event("end thread " .. name) end }, { __metatable = "thread" })
end

local function map(table, f)
	local copy = {}
	for key, value in pairs(table) do
		copy[key] = value
	end
	for key, value in pairs(copy) do
		f(key, value)
	end
end

local environment, runner
local function fresh()
	events = {}
	environment = { runtimes = {}, threads = {} }
	package.loaded.lunatik = { runtime = runtime_new, _ENV = environment }
	package.loaded.rcu = { table = function() return {} end, map = map }
	package.loaded.thread = { run = thread_run }
	runner = dofile("lib/lunatik/runner.lua")
end

local function expect_events(...)
	expect(table.concat(events, ", "), table.concat({ ... }, ", "))
	events = {}
end

local function expect_error(message, f, ...)
	local good, given = pcall(f, ...)
	expect(good, false)
	expect(given, message)
end

local tests = {}

function tests.run_and_stop()
	local runtime = runner.run("examples/passwd.lua", "softirq percpu")
	expect(environment.runtimes["examples/passwd"], runtime)
	runner.stop("examples/passwd.lua")
	expect(next(environment.runtimes), nil)
	expect_events("load examples/passwd softirq percpu", "stop examples/passwd")
	runner.run("examples/passwd")
end

function tests.only_the_suffix_is_trimmed()
	runner.run("a.lua.b")
	expect(runner.list()[1], "a.lua.b")
end

function tests.one_name_runs_once()
	runner.run("a")
	expect_error("a is already running", runner.run, "a.lua")
	expect_error("a is already running", runner.spawn, "a")
	expect_events("load a nil")
end

function tests.a_name_is_free_when_its_runtime_has_stopped()
	local first = runner.run("a")
	first:stop()
	runner.run("a")
	expect_events("load a nil", "stop a", "stop a", "load a nil")
	expect(environment.runtimes.a ~= first, true)
end

function tests.stop_of_what_does_not_run()
	expect_error("a is not running", runner.stop, "a")
end

function tests.a_name_is_a_string()
	expect_error("the name of a script is a string, not a nil value", runner.run)
	expect_error("the name of a script is a string, not a table value", runner.stop, {})
end

function tests.a_failed_load_registers_nothing()
	local good, message = pcall(runner.run, "bad")
	expect(good, false)
	check.expect_match(message, "bad script$")
	pcall(runner.spawn, "bad")
	expect(next(environment.runtimes), nil)
	expect(next(environment.threads), nil)
end

function tests.spawn_stops_the_thread_first()
	local runtime, task = runner.spawn("examples/echod/daemon")
	expect(environment.runtimes["examples/echod/daemon"], runtime)
	expect(environment.threads["examples/echod/daemon"], task)
	runner.stop("examples/echod/daemon")
	expect(next(environment.threads), nil)
	expect_events("load examples/echod/daemon nil", "thread daemon", "end thread daemon", "stop examples/echod/daemon")
end

function tests.spawn_without_a_thread_leaves_nothing()
	check.expect_match(select(2, pcall(runner.spawn, "taskless")), "no function to run$")
	expect(next(environment.runtimes), nil)
	expect_events("load taskless nil", "thread taskless", "stop taskless")
end

function tests.only_process_scripts_are_spawned()
	expect_error("a is a softirq script: only process scripts are spawned", runner.spawn, "a", "softirq")
	expect(next(environment.runtimes), nil)
	expect_events("load a softirq", "stop a")
end

function tests.list_is_sorted()
	for _, name in ipairs { "c", "a", "b" } do
		runner.run(name)
	end
	expect(table.concat(runner.list(), " "), "a b c")
	expect(runner.status()[3].script, "c")
	expect(#runner.status(), 3)
end

function tests.shutdown_stops_all_that_it_can()
	runner.run("a")
	runner.run("b-stuck")
	runner.spawn("c")
	local good, message = pcall(runner.shutdown)
	expect(good, false)
	check.expect_match(message, "b%-stuck cannot stop itself while it runs$")
	expect(table.concat(runner.list(), " "), "b-stuck")
end

function tests.what_others_write_is_in_nobodys_way()
	runner.spawn("a")
	environment.runtimes.b, environment.threads.b, environment.threads.a = 1, true, nil
	expect(table.concat(runner.list(), " "), "a")
	expect_error("b is not running", runner.stop, "b")
	environment.runtimes.b = {}
	runner.run("b")
	runner.shutdown()
	expect(next(environment.runtimes), nil)
end

function tests.shutdown_leaves_nothing_shared()
	runner.spawn("a")
	environment.counters = {}
	runner.shutdown()
	expect(environment.counters, nil)
	expect(next(environment.threads), nil)
	expect(next(environment.runtimes), nil)
	runner.spawn("a")
	runner.stop("a")
end

function tests.threads_are_kept_for_all_runtimes()
	runner.spawn("a")
	dofile("lib/lunatik/runner.lua").stop("a")
	expect_events("load a nil", "thread a", "end thread a", "stop a")
end

for name, test in pairs(tests) do
	tests[name] = function()
		fresh()
		test()
	end
end
check.run("lunatik.runner", tests)
