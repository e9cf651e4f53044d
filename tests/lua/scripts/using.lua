-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Uses the libraries whose objects nobody outside holds, again and again, while two threads wait for messages and a
-- completion: to be stopped in the middle of it.
local completion = require("completion")
local data = require("data")
local fib = require("fib")
local fifo = require("fifo")
local lunatik = require("lunatik")
local mailbox = require("mailbox")
local packet = require("packet")
local rcu = require("rcu")
local syscall = require("syscall")
local thread = require("thread")

local function task(source, ...)
	local runtime = lunatik.runtime("tests/scripts/task")
	runtime:resume(source, ...)
	return thread.run(runtime, "using")
end

return function()
	local inbox, never, shared = mailbox.inbox(64), completion.new(), rcu.table(16)
	local outbox = mailbox.outbox(inbox.queue, inbox.event)
	local bytes, queue = data.new(64), fifo.new(64)
	shared.never = never
	task("local queue, event = ... while require('mailbox').inbox(queue, event):receive() do end", inbox.queue, inbox.event)
	task("(...).never:wait()", shared)
	while not thread.shouldstop() do
		pcall(outbox.send, outbox, "message")
		queue:push("bytes")
		queue:pop(5)
		pcall(fib.newrule, 4711, 4711)
		pcall(fib.delrule, 4711, 4711)
		packet.tcp(bytes)
		syscall.address(syscall.number("read"))
		shared[tostring(bytes)] = data.new(8)
	end
end
