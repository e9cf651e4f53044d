-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Every method of every class, called on everything that is no object of the class: an error that names
-- the class and what was given.
local data = require("data")
local rcu = require("rcu")
local lunatik = require("lunatik")

local environment = lunatik._ENV

-- An object of each class that this context has, as "name = { object, methods... }"
local classes = {
	data = { data.new(8), "getbyte", "setbyte", "getnumber", "setnumber", "getint8", "setint8", "getuint8", "setuint8",
		"getint16", "setint16", "getuint16", "setuint16", "getint32", "setint32", "getuint32", "setuint32", "getint64",
		"setint64", "getint16be", "setint16be", "getuint16be", "setuint16be", "getint32be", "setint32be", "getuint32be",
		"setuint32be", "getint64be", "setint64be", "getstring", "setstring" },
	["rcu.table"] = { environment },
	fifo = { require("fifo").new(8), "push", "pop", "send", "receive", "close" },
	runtime = { environment.faults_runtime, "stop", "resume", "info" },
}

local process = pcall(function()
	local completion, thread, device, socket = require("completion"), require("thread"), require("device"), require("socket")
	classes.completion = { completion.new(), "complete", "wait" }
	classes.thread = { thread.current(), "stop", "task" }
	local node = device.new({ name = "faults-" .. tostring(classes):match("%x+$") })
	classes.device = { node, "stop" }
	classes.notifier = { require("notifier").netdevice(function() end), "delete" }
	classes.socket = { socket.new(socket.af.INET, socket.sock.DGRAM), "close", "send", "receive", "bind", "listen", "accept",
		"connect", "getsockname", "getpeername", "settimeout" }
	classes.functions = { nil }
	classes.functions.device_stop = { device.stop, "device" }
	classes.functions.thread_run = { thread.run, "runtime" }
end)

-- Where probes are handled: one of a call that nobody makes here
pcall(function()
	local node = require("probe").new(require("syscall.table").getpgid, { pre = function() end })
	classes.probe = { node, "stop", "enable", "missed" }
end)

-- Where packets come: a hook of a way that they do not take here
local netfilter = require("netfilter")
pcall(function()
	local hook = netfilter.register({
		pf = netfilter.family.ARP, hooknum = netfilter.arp_hooks.FORWARD, priority = 0, hook = function() end,
	})
	classes["netfilter.hook"] = { hook, "stop", "unregister" }
	classes.functions = { netfilter_unregister = { netfilter.unregister, "netfilter.hook" } }
	-- It has no methods, but may be given to those of others.
	classes.xtable = { require("xtable").match({ name = "luaobjects", match = function() end }) }
end)

-- The functions that take an object first, with the class they want
local functions = classes.functions or {}
classes.functions = nil
functions.rcu_map = { rcu.map, "rcu.table" }
for name, f in pairs(require("packet")) do
	if type(f) == "function" and name ~= "ip" and name ~= "mac" then
		functions["packet_" .. name] = { f, "data" }
	end
end
for name, class in pairs(classes) do
	for i = 2, #class do
		functions[name .. "_" .. class[i]] = { class[1][class[i]], name }
	end
end
local closed = data.new(1)
do local x <close> = closed end

-- What is given: a value, and how an error names it
local given = {
	{ nil, "nil" }, { true, "boolean" }, { 42, "number" }, { "text", "string" }, { {}, "table" }, { print, "function" },
	{ coroutine.create(print), "thread" }, { debug.upvalueid(function() return data end, 1), "light userdata" },
	{ setmetatable({}, { __name = "data" }), "data" }, { closed, "closed" },
}
for name, class in pairs(classes) do
	given[#given + 1] = { class[1], name }
end

-- f, which wants an object of a class, on all that is given, or on one value.
local function check(name, f, wanted, only)
	local seen = 0
	for i = only and #given or 1, #given do
		local value, kind = given[i][1], given[i][2]
		if kind ~= wanted or type(value) ~= "userdata" then
			local good, message = pcall(f, value, 0, 0)
			local names = not good and tostring(message):find(wanted, 1, true) and
				(message:find("got " .. kind, 1, true) or kind == "nil" and message:find("got n[io]") or
				 kind == "closed" and (message:find("is closed", 1, true) or message:find("got data", 1, true)))
			if not names then
				error(("%s(%s): %s"):format(name, kind, tostring(message)), 0)
			end
			seen = seen + 1
		end
	end
	return seen
end

local objects = {}
for name, entry in pairs(functions) do
	objects[name] = function()
		assert(check(name, entry[1], entry[2]) > 9)
	end
end

-- What only callbacks get, as their argument: its methods on all else, and all others on it.
local function of_argument(class, ...)
	local methods = { ... }
	objects[class] = function(object)
		for _, method in ipairs(methods) do
			assert(check(class .. "_" .. method, object[method], class) > 9)
		end
		given[#given + 1] = { object, class }
		for name, entry in pairs(functions) do
			assert(check(name, entry[1], entry[2], true) == 1)
		end
		given[#given] = nil
	end
end
of_argument("xtable.par")
of_argument("probe.registers", "arg", "result", "syscall")

objects.process = function() assert(process == (classes.device ~= nil)) end

return objects
