-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Scripts by name, for all runtimes to see: run, spawn, stop and list them.
-- Every function may sleep: call them from process runtimes. An error is a message without a
-- position, fit to be shown as it is.

---@class runner
local runner = {}

local lunatik = require("lunatik")
local rcu = require("rcu")

local environment = lunatik._ENV
-- By name: the scripts that run, and the threads of those that were spawned. Any script may write there, too.
local runtimes, threads = environment.runtimes, environment.threads

---@param script string
---@return string name of the script, by which it is known: its path without ".lua"
local function name_of(script)
	if type(script) ~= "string" then
		error("the name of a script is a string, not a " .. type(script) .. " value", 0)
	end
	return (script:gsub("%.lua$", ""))
end

-- Calls f(...); its error goes on without the position of this file.
local function call(f, ...)
	local good, result = pcall(f, ...)
	if not good then
		error(result, 0)
	end
	return result
end

-- The runtime of that name, if it is there and is one.
local function running(name)
	local runtime = runtimes[name]
	if getmetatable(runtime) == "runtime" then
		return runtime
	elseif runtime ~= nil then
		runtimes[name] = nil
	end
end

---Runs a script in a new runtime, which keeps its name until it is stopped.
---@param script string path below the script folder, with or without ".lua"
---@param context? boolean|string as lunatik.runtime() takes it; default: what the script's first comment says.
---A name whose runtime was stopped, for its breaches or by its own stop(), is free.
---@return userdata runtime
function runner.run(script, context)
	local name = name_of(script)
	local former = running(name)
	if former then
		if former:info().running then
			error(name .. " is already running", 0)
		end
		runner.stop(name)
	end
	local runtime = call(lunatik.runtime, name, context)
	runtimes[name] = runtime
	return runtime
end

-- Starts the thread of a spawned script.
local function start(runtime, name)
	local context = runtime:info().context
	if context ~= "process" then
		error(("%s is a %s script: only process scripts are spawned"):format(name, context), 0)
	end
	return require("thread").run(runtime, name:match("[^/]*$"))
end

---Runs a script, and the function that it returns in a kernel thread named after the script.
---@param script string
---@param context? boolean|string
---@return userdata runtime
---@return userdata thread
function runner.spawn(script, context)
	local name = name_of(script)
	local runtime = runner.run(script, context)
	local good, task = pcall(start, runtime, name)
	if not good then
		runner.stop(name)
		error(task, 0)
	end
	threads[name] = task
	return runtime, task
end

---Stops a script: first its thread, if it has one, then its runtime.
---@param script string
function runner.stop(script)
	local name = name_of(script)
	local runtime, task = running(name), threads[name]
	if not runtime then
		error(name .. " is not running", 0)
	end
	if getmetatable(task) == "thread" then
		call(task.stop, task)
	end
	threads[name] = nil
	call(runtime.stop, runtime)
	runtimes[name] = nil
end

---@return string[] names of the scripts that have not been stopped, sorted
function runner.list()
	local names = {}
	rcu.map(runtimes, function(name)
		if running(name) then
			names[#names + 1] = name
		end
	end)
	table.sort(names)
	return names
end

---@return table[] details as runtime:info() gives them, in the order of the names
function runner.status()
	local details = {}
	for _, name in ipairs(runner.list()) do
		local runtime = running(name)
		if runtime then
			details[#details + 1] = runtime:info()
		end
	end
	return details
end

---Stops all scripts, even if some cannot be stopped, and then raises what they said. When all are
---stopped, what they left in lunatik._ENV goes too: it would keep modules in use.
function runner.shutdown()
	local failures = {}
	for _, name in ipairs(runner.list()) do
		local good, message = pcall(runner.stop, name)
		if not good then
			failures[#failures + 1] = message
		end
	end
	if #failures > 0 then
		error(table.concat(failures, "\n"), 0)
	end
	rcu.map(threads, function(name)
		threads[name] = nil
	end)
	rcu.map(environment, function(key)
		if key ~= "runtimes" and key ~= "threads" then
			environment[key] = nil
		end
	end)
end

return runner
