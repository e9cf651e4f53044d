-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library completion: waiting, time limits, interruption by thread:stop().
local completion = require("completion")
local linux = require("linux")
local lunatik = require("lunatik")
local rcu = require("rcu")
local thread = require("thread")
local check = require("tests.lib.check")

local fails, task = check.fails, check.task

local millisecond = 1000000

local function returns(expected, reason, got, why)
	if got ~= expected or why ~= reason then
		error(("got %s, %s, expected %s, %s"):format(got, why, expected, reason), 2)
	end
end

local function start(source, ...)
	local runtime = task("process", source, ...)
	return thread.run(runtime, "waiter"), runtime
end

return {
	["wait() returns true after complete()"] = function()
		local c = completion.new()
		c:complete()
		returns(true, nil, c:wait())
	end,
	["each complete() lets one wait() through"] = function()
		local c = completion.new()
		c:complete()
		c:complete()
		returns(true, nil, c:wait(0))
		returns(true, nil, c:wait(1000))
		returns(nil, "timeout", c:wait(0))
	end,
	["wait(timeout) gives up after the timeout"] = function()
		local c = completion.new()
		local start = linux.time()
		returns(nil, "timeout", c:wait(100))
		local took = (linux.time() - start) // millisecond
		-- where ticks come late, as in virtual machines, timers come early
		assert(took >= 50 and took < 5000, took)
	end,
	["wait() and schedule() give up when their runtime is to be stopped"] = function()
		for _, source in ipairs { "(...):wait()", "require('linux').schedule()", "require('linux').schedule(60000, 2)" } do
			local r = check.task("process", source, completion.new())
			local waiter = thread.run(r, "waiter")
			linux.schedule(200)
			local start = linux.time()
			r:stop()
			assert((linux.time() - start) // millisecond < 4000, source)
			waiter:stop()
		end
	end,
	["wait(0) only looks"] = function()
		local c = completion.new()
		local start = linux.time()
		for _ = 1, 100 do
			returns(nil, "timeout", c:wait(0))
		end
		local took = (linux.time() - start) // millisecond
		assert(took < 100, took)
	end,
	["wait() refuses timeouts out of range"] = function()
		local c = completion.new()
		for _, timeout in ipairs{ -1, math.mininteger, 1 << 31 } do
			fails("timeout out of range", c.wait, c, timeout)
		end
		fails("number expected, got string", c.wait, c, "soon")
	end,
	["methods refuse what is no completion"] = function()
		local c = completion.new()
		fails("completion expected, got table", c.wait, {})
		fails("completion expected, got no value", c.complete)
		fails("completion expected, got runtime", c.complete, lunatik.runtime("tests/scripts/task"))
	end,
	["a closed completion can be used no more"] = function()
		local kept
		do
			local c <close> = completion.new()
			kept = c
		end
		fails("closed", kept.complete, kept)
		fails("closed", kept.wait, kept, 0)
	end,
	["wait() is refused in the callbacks of runtimes that may not sleep"] = function()
		local c = completion.new()
		for _, context in ipairs{ "softirq", "hardirq" } do
			local runtime = task(context, "local c = ... c:wait(0)", c)
			fails("'completion:wait' may sleep", runtime.resume, runtime)
			runtime:stop()
		end
	end,
	["complete() works in the callbacks of runtimes that may not sleep"] = function()
		local c = completion.new()
		for _, context in ipairs{ "softirq", "hardirq" } do
			local runtime = task(context, "local c = ... c:complete()", c)
			returns(nil, "timeout", c:wait(0))
			runtime:resume()
			returns(true, nil, c:wait(0))
			runtime:stop()
		end
	end,
	["new() works in the callbacks of runtimes that may not sleep"] = function()
		local runtime = task("softirq", "return completion.new()")
		local c = runtime:resume()
		runtime:stop()
		c:complete()
		returns(true, nil, c:wait(0))
	end,

	["complete() in a thread ends a wait() here"] = function()
		local c = completion.new()
		local t = start("local c = ... linux.schedule(50) c:complete()", c)
		returns(true, nil, c:wait())
		t:stop()
	end,
	["complete() here ends a wait() in a thread"] = function()
		local there, back = completion.new(), completion.new()
		local t = start("local there, back = ... assert(there:wait()) back:complete()", there, back)
		returns(nil, "timeout", back:wait(40))
		there:complete()
		returns(true, nil, back:wait(5000))
		t:stop()
	end,
	["complete() lets just one of two waiting threads go on"] = function()
		local there, back = completion.new(), completion.new()
		local source = "local there, back = ... assert(there:wait()) back:complete()"
		local a, b = start(source, there, back), start(source, there, back)
		linux.schedule(50)
		there:complete()
		returns(true, nil, back:wait(5000))
		returns(nil, "timeout", back:wait(50))
		there:complete()
		returns(true, nil, back:wait(5000))
		a:stop()
		b:stop()
	end,
	["thread:stop() interrupts wait() with and without a timeout"] = function()
		for _, timeout in ipairs{ "", "60000" } do
			local results, ready = rcu.table(4), completion.new()
			local t = start([[
				local results, ready = ...
				ready:complete()
				local ok, why = completion.new():wait(]] .. timeout .. [[)
				results.ok, results.why = tostring(ok), why
			]], results, ready)
			assert(ready:wait(5000))
			linux.schedule(20)
			local start = linux.time()
			t:stop()
			assert(linux.time() - start < 5000 * millisecond, "stop() took too long")
			returns("nil", "interrupt", results.ok, results.why)
		end
	end,
	["a thread told to stop waits no more, but still sees what is completed"] = function()
		local results, ready = rcu.table(4), completion.new()
		local t = start([[
			local results, ready = ...
			ready:complete()
			while not thread.shouldstop() do linux.schedule(10) end
			local c = completion.new()
			results.first = select(2, c:wait())
			results.second = select(2, c:wait(60000))
			c:complete()
			results.third = c:wait()
		]], results, ready)
		assert(ready:wait(5000))
		t:stop()
		returns("interrupt", "interrupt", results.first, results.second)
		returns(true, nil, results.third)
	end,
	["a completion outlives the runtime that made it"] = function()
		local runtime = task("process", "return completion.new()")
		local c = runtime:resume()
		runtime:stop()
		runtime = nil
		collectgarbage()
		c:complete()
		returns(true, nil, c:wait())
	end,
}
