-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library `lunatik`: runtimes.

local data = require("data")
local lunatik = require("lunatik")

local fails = require("tests.lib.check").fails_like

local echo = "tests/scripts/echo"

local function with(script, context, f)
	local runtime = lunatik.runtime(script, context)
	local good, message = xpcall(f, debug.traceback, runtime)
	if pcall(runtime.info, runtime) then runtime:stop() end
	if not good then error(message, 0) end
end

return {
	["resume hands every shareable value over and back"] = function()
		with(echo, nil, function(runtime)
			local d = data.new(1)
			local result = table.pack(runtime:resume(nil, true, false, math.mininteger, "a\0b", d, nil))
			assert(result.n == 7)
			assert(result[2] == true and result[3] == false and result[4] == math.mininteger)
			assert(result[5] == "a\0b" and result[1] == nil and result[7] == nil)
			d:setbyte(0, 8)
			assert(result[6]:getbyte(0) == 8)
		end)
	end,

	["resume goes on after a yield, with its values as the results"] = function()
		with(echo, nil, function(runtime)
			assert(runtime:resume("one") == "one")
			assert(runtime:resume("two") == "two")
		end)
	end,

	["resume of what has ended is an error"] = function()
		with("tests/scripts/once", nil, function(runtime)
			assert(runtime:resume() == "once")
			fails("dead coroutine", runtime.resume, runtime)
		end)
	end,

	["resume of a script that returned no function is an error"] = function()
		with("tests/scripts/nothing", nil, function(runtime)
			fails("returned no function", runtime.resume, runtime)
		end)
	end,

	["resume refuses what cannot be shared"] = function()
		with(echo, nil, function(runtime)
			fails("shared object expected", runtime.resume, runtime, {})
			fails("shared object expected", runtime.resume, runtime, print)
			assert(runtime:resume(1) == 1)
		end)
	end,

	["an error in resume comes with its traceback"] = function()
		with("tests/scripts/failing", nil, function(runtime)
			fails("failing.lua:3: deep.*traceback.*failing.lua:6", runtime.resume, runtime)
		end)
	end,

	["a stopped runtime cannot be used"] = function()
		local runtime = lunatik.runtime(echo)
		runtime:stop()
		fails("runtime is closed", runtime.resume, runtime)
		fails("runtime is closed", runtime.stop, runtime)
	end,

	["a runtime stopped elsewhere says so"] = function()
		local runtime = lunatik.runtime(echo)
		local environment = lunatik._ENV
		environment.tests_runtime = runtime
		runtime:stop()
		local other = environment.tests_runtime
		environment.tests_runtime = nil
		fails("is stopped", other.resume, other)
		assert(other:info().running == false)
		other:stop()
	end,

	["a runtime cannot stop itself, nor resume itself"] = function()
		with("tests/scripts/selfish", nil, function(runtime)
			lunatik._ENV.tests_self = runtime
			local stopped, resumed = runtime:resume()
			lunatik._ENV.tests_self = nil
			assert(stopped:find("cannot stop itself"), stopped)
			assert(resumed:find("is running already"), resumed)
		end)
	end,

	["a script's own header says in which context it runs"] = function()
		with("tests/scripts/header", nil, function(runtime)
			local info = runtime:info()
			assert(info.context == "softirq" and info.percpu == true)
			assert(info.script == "tests/scripts/header" and info.running and info.memory > 0)
		end)
	end,

	["what the caller says overrides the header"] = function()
		for context, expected in pairs {
			[true] = "process", [false] = "softirq", hardirq = "hardirq", process = "process",
		} do
			with("tests/scripts/header", context, function(runtime)
				assert(runtime:info().context == expected and runtime:info().percpu == false)
			end)
		end
		with(echo, "hardirq percpu", function(runtime)
			assert(runtime:info().context == "hardirq" and runtime:info().percpu)
			fails("percpu runtime cannot be resumed", runtime.resume, runtime)
		end)
	end,

	["unknown contexts are errors"] = function()
		fails("unknown context 'nmi'", lunatik.runtime, echo, "nmi")
		fails("cannot be percpu", lunatik.runtime, echo, "process percpu")
		fails("unknown word 'soft'", lunatik.runtime, "tests/scripts/badheader")
		fails("string expected", lunatik.runtime, echo, {})
	end,

	["softirq and hardirq runtimes are resumed too, and may not sleep then"] = function()
		for _, context in ipairs { "softirq", "hardirq" } do
			with("tests/scripts/sleepy", context, function(runtime)
				local message = runtime:resume()
				assert(message:find("may sleep"), message)
			end)
		end
		with("tests/scripts/sleepy", "process", function(runtime)
			assert(runtime:resume() == "slept")
		end)
	end,

	["classes that may sleep are refused where sleeping is forbidden"] = function()
		fails("a device may sleep, and this is a softirq runtime", lunatik.runtime, "tests/scripts/device", false)
	end,

	["scripts that cannot be found, compiled or run say why, with file and line"] = function()
		fails("tests/absent.lua: No such file", lunatik.runtime, "tests/absent")
		fails("syntax.lua:3:.*near", lunatik.runtime, "tests/scripts/syntax")
		fails("raising.lua:4: raised.*traceback", lunatik.runtime, "tests/scripts/raising")
		fails("string expected", lunatik.runtime)
	end,

	["names that leave the script folder are refused"] = function()
		for _, name in ipairs { "../tests/scripts/echo", "/lib/modules/lua/driver", "tests/../driver", "",
					"a\nb", ("x"):rep(300), ".." } do
			fails("is not a script name", lunatik.runtime, name)
		end
		fails("No such file", dofile, "/etc/passwd")
		fails("No such file", dofile, "/lib/modules/lua/../../../etc/passwd")
		assert(not loadfile("/proc/self/maps"))
	end,

	["a runtime that nobody holds is stopped"] = function()
		local before = lunatik._ENV.tests_closed
		lunatik.runtime("tests/scripts/closing")
		for _ = 1, 10 do collectgarbage() end
		assert(before == nil and lunatik._ENV.tests_closed == true)
		lunatik._ENV.tests_closed = nil
	end,

	["runtimes made inside of each other end in an error, not in the stack"] = function()
		fails("made inside of each other", lunatik.runtime, "tests/scripts/nested")
	end,

	["a script out of memory gets an error and goes on"] = function()
		with("tests/scripts/hungry", nil, function(runtime)
			local message, sum = runtime:resume()
			assert(message:find("not enough memory"), message)
			assert(sum == 5050)
		end)
	end,

	["plain recursion and unpacked tables are as deep as memory allows: ten thousand and more"] = function()
		local function descend(depth)
			return depth > 0 and 1 + descend(depth - 1) or 0
		end
		assert(descend(20000) == 20000)
		local list = {}
		for i = 1, 20000 do list[i] = i end
		assert(select("#", table.unpack(list)) == 20000)
		local good, message = pcall(descend, math.maxinteger)
		assert(not good and message:find("stack overflow") or message:find("not enough memory"), message)
	end,

	["deep recursion through C is an error"] = function()
		with("tests/scripts/deep", nil, function(runtime)
			assert(runtime:resume() == "all ended")
		end)
	end,
}
