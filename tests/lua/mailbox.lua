-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library mailbox: messages that runtimes of any context send and process runtimes wait for.
local completion = require("completion")
local fifo = require("fifo")
local linux = require("linux")
local lunatik = require("lunatik")
local mailbox = require("mailbox")
local thread = require("thread")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task

return {
	["receive() returns what send() sent, in that order, empty messages too"] = function()
		local inbox = mailbox.inbox(64)
		local outbox = mailbox.outbox(inbox.queue, inbox.event)
		for _, message in ipairs { "one", "", "t\0wo" } do outbox:send(message) end
		for _, message in ipairs { "one", "", "t\0wo" } do equal(inbox:receive(1000), message) end
	end,
	["an inbox is made from the queue and the event of an outbox, too"] = function()
		local outbox = mailbox.outbox(64)
		local inbox = mailbox.inbox(outbox.queue, outbox.event)
		outbox:send("message")
		equal(inbox:receive(), "message")
	end,
	["a queue of one's own and an event of one's own are taken"] = function()
		local queue, event = fifo.new(64), completion.new()
		mailbox.outbox(queue, event):send("message")
		equal(mailbox.inbox(queue, event):receive(0), "message")
	end,
	["receive(timeout) without a message is nil and 'timeout'"] = function()
		local inbox = mailbox.inbox(64)
		local message, reason = inbox:receive(10)
		equal(message, nil)
		equal(reason, "timeout")
	end,
	["an outbox does not receive, and an inbox does not send"] = function()
		fails("only sends", mailbox.outbox(64).receive, mailbox.outbox(64))
		fails("only receives", mailbox.inbox(64).send, mailbox.inbox(64), "x")
	end,
	["a message that does not fit is an error, and what was sent before stays whole"] = function()
		local inbox = mailbox.inbox(32)
		local outbox = mailbox.outbox(inbox.queue, inbox.event)
		outbox:send("0123456789")
		fails("no room for 20 bytes", outbox.send, outbox, ("x"):rep(20))
		outbox:send("last")
		equal(inbox:receive(0), "0123456789")
		equal(inbox:receive(0), "last")
		equal(select(2, inbox:receive(0)), "timeout")
	end,
	["runtimes of each context send, and what is beyond the room they are told"] = function()
		for _, context in ipairs { "process", "softirq", "hardirq budget=50ms" } do
			local inbox = mailbox.inbox(64)
			local sender = lunatik.runtime("tests/scripts/sender", context)
			sender:resume(inbox.queue, inbox.event)
			equal(sender:resume("from " .. context), nil)
			equal(sender:resume("again"), nil)
			assert(sender:resume(("x"):rep(64)):find("no room"))
			equal(inbox:receive(1000), "from " .. context)
			equal(inbox:receive(1000), "again")
			equal(inbox:receive(0), nil)
			sender:stop()
		end
	end,
	["a thread that waits gets the message of a hardirq runtime at once"] = function()
		local there, back = mailbox.inbox(256), mailbox.inbox(256)
		local waiter = thread.run(task("process", [[
			local queue, event, back, answered = ...
			local mailbox = require("mailbox")
			local inbox, outbox = mailbox.inbox(queue, event), mailbox.outbox(back, answered)
			for _ = 1, 20 do outbox:send("got " .. inbox:receive()) end
		]], there.queue, there.event, back.queue, back.event), "waiter")
		local sender = lunatik.runtime("tests/scripts/sender", "hardirq budget=50ms")
		sender:resume(there.queue, there.event)
		for i = 1, 20 do
			equal(sender:resume(("message %d"):format(i)), nil)
			equal(back:receive(5000), ("got message %d"):format(i))
		end
		waiter:stop()
		sender:stop()
	end,
	["a thread that waits is interrupted when it is stopped"] = function()
		local inbox, back = mailbox.inbox(64), mailbox.inbox(64)
		local waiter = thread.run(task("process", [[
			local queue, event, back, answered = ...
			local mailbox = require("mailbox")
			local outbox = mailbox.outbox(back, answered)
			outbox:send("ready")
			outbox:send(select(2, mailbox.inbox(queue, event):receive()))
		]], inbox.queue, inbox.event, back.queue, back.event), "waiter")
		equal(back:receive(5000), "ready")
		waiter:stop()
		equal(back:receive(5000), "interrupt")
	end,
	["receive() in a callback that may not sleep is an error"] = function()
		local inbox = mailbox.inbox(64)
		local runtime = lunatik.runtime("tests/scripts/task", "hardirq")
		runtime:resume("local event = ... return event:wait(1)", inbox.event)
		fails("may sleep", runtime.resume, runtime)
		runtime:stop()
	end,
}
