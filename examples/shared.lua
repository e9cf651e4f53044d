-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process memory=64M
-- A store of keys and values in memory, on TCP port 90: the line "foo=bar" assigns, "foo" asks. Each connection has
-- a runtime and a thread of its own (shared/session.lua).

local inet = require("socket.inet")
local linux = require("linux")
local lunatik = require("lunatik")
local rcu = require("rcu")
local thread = require("thread")

local PORT <const> = 90
local SESSION <const> = "examples/shared/session"
local BUCKETS <const> = 1024

local store = rcu.table(BUCKETS)

local server = inet.tcp()
server:bind(inet.any, PORT)
server:listen()

local function serve()
	local connection <close> = server:accept()
	local runtime <close> = lunatik.runtime(SESSION)
	runtime:resume(connection.socket, store)
	thread.run(runtime, "shared/session")
end

return function()
	while not thread.shouldstop() do
		local good, message = pcall(serve)
		if not good and not thread.shouldstop() then
			print("shared: " .. message)
			linux.schedule(100)
		end
	end
end
