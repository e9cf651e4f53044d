-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library thread: start, the word to stop, the end, and what each of them meets.
local completion = require("completion")
local linux = require("linux")
local lunatik = require("lunatik")
local rcu = require("rcu")
local thread = require("thread")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task

local millisecond = 1000000

-- Starts a thread that runs the source with these arguments, of which the first is a completion:
-- `ready`, awaited here.
local function start(source, ...)
	local ready = completion.new()
	local runtime = task("process", "local ready = ... " .. source, ready, ...)
	local t = thread.run(runtime, "tester")
	if source:find("ready:complete") then
		assert(ready:wait(5000), "the thread did not start")
	end
	return t, runtime, ready
end

-- Milliseconds that f took.
local function timed(f, ...)
	local start = linux.time()
	f(...)
	return (linux.time() - start) // millisecond
end

local function stops_soon(t)
	local took = timed(t.stop, t)
	assert(took < 900, "stop() took " .. took .. " ms")
end

-- A thread that counts on a completion, ten times a second or more, until it is told to stop; when
-- it is, it sets results.stopped.
local counting = [[
	local _, beat, results = ...
	while not thread.shouldstop() do
		beat:complete()
		linux.schedule(20)
	end
	results.stopped = true
]]

-- Whether the thread of `beat` still counts.
local function beats(beat)
	while beat:wait(0) do end
	return beat:wait(1000) == true
end

local function ends_soon(results)
	for _ = 1, 100 do
		if results.stopped then
			return true
		end
		linux.schedule(10)
	end
end

return {
	["run() runs the function of the runtime's script"] = function()
		local t, _, ready = start("linux.schedule(10) ready:complete()")
		stops_soon(t)
	end,
	["run() returns before the function does"] = function()
		local go, done = completion.new(), completion.new()
		local t = start("local _, go, done = ... go:wait() done:complete()", go, done)
		equal(select(2, done:wait(50)), "timeout")
		go:complete()
		assert(done:wait(5000))
		t:stop()
	end,
	["task() tells the thread's name, process and CPU"] = function()
		local t = start("linux.schedule()")
		local info, mine = t:task(), thread.current():task()
		equal(info.command, "tester")
		assert(info.pid > 0 and info.pid ~= mine.pid, info.pid)
		equal(info.tgid, info.pid)
		assert(info.cpu >= 0 and info.cpu < 8192, info.cpu)
		t:stop()
		equal(t:task().pid, info.pid)
	end,
	["a long name is cut"] = function()
		local t = thread.run(task("process", "linux.schedule()"), "0123456789abcdefghij")
		equal(t:task().command, "0123456789abcde")
		t:stop()
	end,
	["a name is no format"] = function()
		local t = thread.run(task("process", "linux.schedule()"), "%s%n%d")
		equal(t:task().command, "%s%n%d")
		t:stop()
	end,
	["run() refuses a stopped runtime"] = function()
		local runtime = task("process", "")
		runtime:stop()
		fails("runtime is closed", thread.run, runtime, "none")
	end,
	["run() refuses a runtime that was stopped through another object"] = function()
		local shared = rcu.table(4)
		local runtime = task("process", "")
		shared.runtime = runtime
		shared.runtime:stop()
		fails("the runtime is stopped", thread.run, runtime, "none")
	end,
	["run() refuses a runtime that may not sleep"] = function()
		for _, context in ipairs{ "softirq", "hardirq" } do
			fails("needs a process runtime", thread.run, task(context, ""), "none")
		end
	end,
	["run() and current() are refused inside of a runtime that may not sleep"] = function()
		local inside = task("softirq", "local other = ... thread.run(other, 'none')", task("process", ""))
		fails("a thread may sleep", inside.resume, inside)
		inside = task("softirq", "thread.current()")
		fails("a thread may sleep", inside.resume, inside)
	end,
	["run() refuses wrong arguments"] = function()
		fails("runtime expected, got no value", thread.run)
		fails("runtime expected, got table", thread.run, {}, "none")
		fails("string expected, got no value", thread.run, task("process", ""))
	end,
	["methods refuse what is no thread"] = function()
		local t = thread.current()
		fails("thread expected, got table", t.task, {})
		fails("thread expected, got no value", t.stop)
		fails("thread expected, got completion", t.stop, completion.new())
	end,

	["shouldstop() is false outside of a thread"] = function()
		equal(thread.shouldstop(), false)
		equal(task("softirq", "return thread.shouldstop()"):resume(), false)
	end,
	["shouldstop() is false until stop() and true from then on"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			results.before = thread.shouldstop()
			ready:complete()
			linux.schedule()
			results.after = thread.shouldstop()
			results.later = thread.shouldstop()
		]], results)
		equal(results.before, false)
		t:stop()
		equal(results.after, true)
		equal(results.later, true)
	end,
	["shouldstop() is true for its own thread only"] = function()
		local results = rcu.table(4)
		local a = start("ready:complete() linux.schedule()")
		local b = start([[
			local _, results = ...
			ready:complete()
			linux.schedule(200)
			results.stopped = thread.shouldstop()
		]], results)
		a:stop()
		linux.schedule(300)
		b:stop()
		equal(results.stopped, false)
	end,
	["current() in a thread is that thread"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			local info = thread.current():task()
			results.pid, results.command = info.pid, info.command
			ready:complete()
		]], results)
		equal(results.pid, t:task().pid)
		equal(results.command, "tester")
		t:stop()
	end,
	["a task that run() did not make cannot be stopped"] = function()
		local t = thread.current()
		fails("was not made by thread.run()", t.stop, t)
	end,
	["a thread cannot stop itself"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			local me = thread.current()
			local ok, why = pcall(me.stop, me)
			results.ok, results.why = ok, why
			results.told = thread.shouldstop()
			ready:complete()
		]], results)
		equal(results.ok, false)
		assert(results.why:find("cannot stop itself", 1, true), results.why)
		equal(results.told, false)
		t:stop()
	end,
	["a thread can be stopped through its own current()"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			results.me = thread.current()
			ready:complete()
			linux.schedule()
			results.stopped = true
		]], results)
		stops_soon(results.me)
		equal(results.stopped, true)
		t:stop()
	end,

	["stop() ends a sleep without a timeout"] = function()
		for _, state in ipairs{ "INTERRUPTIBLE", "KILLABLE" } do
			local results = rcu.table(4)
			local t = start("local _, results = ... ready:complete() " ..
				"results.left = linux.schedule(nil, linux.task." .. state .. ")", results)
			linux.schedule(20)
			stops_soon(t)
			equal(results.left, math.maxinteger)
		end
	end,
	["stop() ends a long sleep, which tells what remained"] = function()
		for _, state in ipairs{ "INTERRUPTIBLE", "KILLABLE", "UNINTERRUPTIBLE", "IDLE" } do
			local results = rcu.table(4)
			local t = start("local _, results = ... ready:complete() " ..
				"results.left = linux.schedule(60000, linux.task." .. state .. ")", results)
			linux.schedule(50)
			stops_soon(t)
			assert(results.left > 50000 and results.left < 60000, state .. ": " .. results.left)
		end
	end,
	["a thread told to stop sleeps no more"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			ready:complete()
			while not thread.shouldstop() do linux.schedule(10) end
			linux.schedule(60000)
			linux.schedule(60000, linux.task.KILLABLE)
			linux.schedule()
			results.stopped = true
		]], results)
		stops_soon(t)
		equal(results.stopped, true)
	end,
	["stop() waits until the function has returned"] = function()
		local results = rcu.table(4)
		local t = start([[
			local _, results = ...
			ready:complete()
			linux.schedule()
			for _ = 1, 10 do linux.schedule(20, linux.task.IDLE) end
			results.stopped = true
		]], results)
		linux.schedule(20)
		t:stop()
		equal(results.stopped, true)
	end,
	["stop() can be called again"] = function()
		local t = start("ready:complete() linux.schedule()")
		t:stop()
		equal(select("#", t:stop()), 0)
		t:stop()
	end,
	["stop() of a thread that has ended by itself does nothing"] = function()
		local t = start("ready:complete()")
		linux.schedule(100)
		stops_soon(t)
		t:stop()
	end,
	["stop() right after run() ends a thread that may not have begun"] = function()
		for _ = 1, 50 do
			stops_soon(thread.run(task("process", "linux.schedule()"), "brief"))
		end
	end,
	["stop() at the same time from two threads is safe"] = function()
		for _ = 1, 20 do
			local t = start("ready:complete() linux.schedule() for _ = 1, 3 do linux.schedule(10, linux.task.IDLE) end")
			local done = completion.new()
			local source = "local _, t, done = ... t:stop() done:complete()"
			local a, b = start(source, t, done), start(source, t, done)
			assert(done:wait(5000))
			assert(done:wait(5000))
			a:stop()
			b:stop()
		end
	end,
	["a thread told to stop can stop threads of its own and waits for them"] = function()
		local results, beat = rcu.table(4), completion.new()
		local worker = task("process", [[
			linux.schedule()
			for _ = 1, 10 do linux.schedule(20, linux.task.IDLE) end
			local results = ...
			results.worker = true
		]], results)
		local t = start([[
			local _, worker, results = ...
			local w = thread.run(worker, "worker")
			linux.schedule(50)
			ready:complete()
			linux.schedule()
			w:stop()
			results.seen = results.worker
		]], worker, results)
		t:stop()
		equal(results.seen, true)
	end,
	["two threads that stop each other both end"] = function()
		for _ = 1, 5 do
			local shared, ready = rcu.table(4), completion.new()
			local source = [[
				local shared, ready, mine, other = ...
				shared[mine] = thread.current()
				ready:complete()
				while not shared[other] do linux.schedule(1) end
				local t = shared[other]
				pcall(t.stop, t)
			]]
			local a = thread.run(task("process", source, shared, ready, "a", "b"), "a")
			local b = thread.run(task("process", source, shared, ready, "b", "a"), "b")
			assert(ready:wait(5000))
			assert(ready:wait(5000))
			local took = timed(a.stop, a) + timed(b.stop, b)
			assert(took < 5000, took)
		end
	end,
	["threads that stop each other when they are told to stop all end"] = function()
		local shared, ready = rcu.table(4), completion.new()
		local source = [[
			local shared, ready, mine, other = ...
			shared[mine] = thread.current()
			ready:complete()
			linux.schedule()
			shared[other]:stop()
		]]
		local threads, runtimes = {}, {}
		for i = 1, 3 do
			runtimes[i] = task("process", source, shared, ready, tostring(i), tostring(i % 3 + 1))
			threads[i] = thread.run(runtimes[i], "peer")
			assert(ready:wait(5000))
		end
		local took = timed(threads[1].stop, threads[1])
		assert(took < 5000, took)
		threads[2]:stop()
		threads[3]:stop()
		-- Whoever is still inside would be waited for.
		for _, runtime in ipairs(runtimes) do
			took = timed(runtime.stop, runtime)
			assert(took < 1000, took)
		end
	end,
	["stop() ends a thread that waits to enter the runtime of its stopper"] = function()
		local results, inside = rcu.table(4), completion.new()
		local stopper = task("process", [[
			local results, inside = ...
			inside:complete()
			linux.schedule(100)
			results.t:stop()
		]], results, inside)
		results.t = thread.run(task("process", [[
			local stopper, results, inside = ...
			inside:wait()
			results.why = select(2, pcall(stopper.resume, stopper))
		]], stopper, results, inside), "enters")
		stopper:resume()
		results.t = nil
		assert(results.why:find("interrupted", 1, true), results.why)
	end,

	["an error ends the thread and nothing else"] = function()
		local t, runtime = start("ready:complete() error('on purpose')")
		linux.schedule(50)
		stops_soon(t)
		equal(runtime:info().running, true)
	end,
	["a script that returned no function ends its thread at once"] = function()
		stops_soon(thread.run(lunatik.runtime("tests/scripts/nothing"), "nothing"))
	end,
	["a thread ends where its function yields, and the next one goes on there"] = function()
		local results = rcu.table(4)
		local t, runtime = start([[
			local _, results = ...
			results.at = 1
			coroutine.yield()
			results.at = 2
		]], results)
		linux.schedule(50)
		t:stop()
		equal(results.at, 1)
		t = thread.run(runtime, "again")
		linux.schedule(50)
		t:stop()
		equal(results.at, 2)
	end,
	["a second thread of a runtime waits for the first, and can be stopped meanwhile"] = function()
		local first, runtime = start("ready:complete() linux.schedule() coroutine.yield() linux.schedule()")
		local second = thread.run(runtime, "second")
		linux.schedule(50)
		stops_soon(second)
		stops_soon(first)
	end,
	["a thread keeps its runtime"] = function()
		local beat, results = completion.new(), rcu.table(4)
		local t = start(counting, beat, results)
		collectgarbage()
		collectgarbage()
		assert(beats(beat))
		stops_soon(t)
	end,
	["a thread goes on when its object is not kept"] = function()
		local beat, results = completion.new(), rcu.table(4)
		start("local _, _, results = ... results.me = thread.current() " .. counting, beat, results)
		collectgarbage()
		collectgarbage()
		assert(beats(beat))
		stops_soon(results.me)
		results.me = nil
	end,
	["a thread is told to stop when the runtime that made it has ended"] = function()
		local beat, results = completion.new(), rcu.table(4)
		local maker = task("process", "local worker = ... thread.run(worker, 'made')",
			task("process", counting, nil, beat, results))
		maker:resume()
		assert(beats(beat))
		local took = timed(maker.stop, maker)
		assert(took < 900, took)
		equal(results.stopped, true)
	end,
	["a thread is told to stop when its maker has ended, whoever has its object"] = function()
		local beat, results = completion.new(), rcu.table(4)
		local maker = task("process", "local worker, results = ... results.t = thread.run(worker, 'made')",
			task("process", counting, nil, beat, results), results)
		maker:resume()
		assert(beats(beat))
		maker:stop()
		assert(ends_soon(results), "it went on")
		results.t:stop()
		results.t = nil
	end,
	["a thread of a script that is listed goes on when its maker has ended"] = function()
		local runtimes = lunatik._ENV.runtimes
		local beat, results = completion.new(), rcu.table(4)
		local worker = task("process", counting, nil, beat, results)
		local former = runtimes["tests/scripts/task"]
		runtimes["tests/scripts/task"] = worker
		local maker = task("process", "local worker, results = ... results.t = thread.run(worker, 'made')", worker, results)
		maker:resume()
		maker:stop()
		assert(beats(beat) and results.stopped == nil, "it ended")
		runtimes["tests/scripts/task"] = former
		results.t:stop()
		equal(results.stopped, true)
		results.t = nil
	end,
	["a thread is told to stop at the end of the block of its to-be-closed object"] = function()
		local beat, results = completion.new(), rcu.table(4)
		do
			local t <close> = start(counting, beat, results)
			assert(beats(beat))
		end
		equal(results.stopped, true)
	end,
	["the release of a thread that does not heed the word does not hang, and ends it"] = function()
		local results = rcu.table(4)
		local took = timed(function()
			local t <close> = start([[
				local _, results = ...
				ready:complete()
				while not thread.shouldstop() do linux.schedule(10) end
				results.told = true
				for i = 1, 1000 do
					linux.schedule(50, linux.task.IDLE)
					results.beat = i
				end
			]], results)
		end)
		assert(took < 1900, took)
		equal(results.told, true)
		linux.schedule(1000)
		local beat = results.beat
		linux.schedule(500)
		equal(results.beat, beat)
	end,
	["a thread that holds itself is told to stop when its maker has ended, and gives itself up at once"] = function()
		local results, ready, alone = rcu.table(4), completion.new(), completion.new()
		local maker = task("process", "local worker, results = ... results.t = thread.run(worker, 'made')",
			task("process", [[
				local results, ready, alone = ...
				while not results.t do linux.schedule(1) end
				local me = results.t
				results.t = nil
				collectgarbage() -- what the loop read
				ready:complete()
				alone:wait()
				results.before = thread.shouldstop()
				local start = linux.time()
				do local last <close> = me end
				results.took = linux.time() - start
				results.after = thread.shouldstop()
				results.stopped = true
			]], results, ready, alone), results)
		maker:resume()
		assert(ready:wait(5000))
		maker:stop()
		linux.schedule(200)
		alone:complete()
		assert(ends_soon(results))
		equal(results.before, true)
		equal(results.after, true)
		assert(results.took < 900 * millisecond, results.took)
	end,
	["the last reference to a runtime that goes with its own thread is safe"] = function()
		local t, runtime = start("me = thread.current() ready:complete() linux.schedule(50)")
		runtime = nil
		collectgarbage()
		collectgarbage()
		linux.schedule(150)
		t:stop()
	end,
	["a thread that made threads ends them with its runtime"] = function()
		local beat, results = completion.new(), rcu.table(4)
		local t = start("local _, worker = ... thread.run(worker, 'inner') ready:complete() linux.schedule()",
			task("process", counting, nil, beat, results))
		collectgarbage()
		assert(beats(beat))
		t:stop()
		assert(ends_soon(results), "the inner thread goes on")
	end,
	["runtime:stop() waits for the thread that runs in it"] = function()
		local results = rcu.table(4)
		local t, runtime = start([[
			local _, results = ...
			ready:complete()
			linux.schedule(200)
			results.stopped = true
		]], results)
		runtime:stop()
		equal(results.stopped, true)
		stops_soon(t)
	end,
	["a runtime can be stopped while somebody stops its thread"] = function()
		for _ = 1, 20 do
			local t, runtime = start("ready:complete() linux.schedule()")
			local done = completion.new()
			local other = start("local _, runtime, done = ... done:complete() runtime:stop() done:complete()",
				runtime, done)
			assert(done:wait(5000))
			stops_soon(t)
			assert(done:wait(5000))
			other:stop()
		end
	end,
	["a thread whose runtime is stopped before it begins ends"] = function()
		for _ = 1, 50 do
			local runtime = task("process", "linux.schedule()")
			local t = thread.run(runtime, "late")
			local other = start("local _, t = ... t:stop()", t)
			runtime:stop()
			t:stop()
			other:stop()
		end
	end,
	["200 rounds of start and stop leave no memory behind"] = function()
		local ready = completion.new()
		local function round()
			local t = thread.run(task("process", "local ready = ... ready:complete() linux.schedule()", ready), "round")
			assert(ready:wait(5000))
			t:stop()
		end
		local function used()
			collectgarbage()
			collectgarbage()
			return collectgarbage("count")
		end
		round()
		local before = used()
		for _ = 1, 200 do
			round()
		end
		local grown = used() - before
		assert(grown < 4096, grown .. " bytes")
	end,
}
