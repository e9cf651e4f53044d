-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- An echo server on TCP port 1337. Each connection has a runtime and a thread of its own (worker.lua).

local inet = require("socket.inet")
local linux = require("linux")
local lunatik = require("lunatik")
local thread = require("thread")

local PORT <const> = 1337
local WORKER <const> = "examples/echod/worker"

-- Now, so that whoever spawns the script is told when the port is taken
local server = inet.tcp()
server:bind(inet.any, PORT)
server:listen()

-- Hands a connection to a thread. What it is made of is the thread's alone from then on, and goes when it ends.
local function serve()
	local connection <close> = server:accept()
	local runtime <close> = lunatik.runtime(WORKER)
	runtime:resume(connection.socket)
	thread.run(runtime, "echod/worker")
end

return function()
	while not thread.shouldstop() do
		local good, message = pcall(serve)
		if not good and not thread.shouldstop() then
			print("echod: " .. message)
			linux.schedule(100)
		end
	end
end
