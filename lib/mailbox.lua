-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Messages between runtimes of any context: a fifo that carries them, and a completion that the
-- receiver waits for.

---@class mailbox
---@field queue userdata fifo
---@field event userdata completion
local mailbox = {}

local completion = require("completion")
local fifo = require("fifo")

local inbox, outbox = {}, {}
inbox.__index, outbox.__index = inbox, outbox

local function new(class, queue, event)
	if type(queue) == "number" then
		queue = fifo.new(queue)
	end
	return setmetatable({ queue = queue, event = event or completion.new() }, class)
end

---A mailbox to receive from. Hand its queue and event to the runtime that is to send.
---@param queue integer|userdata bytes of a new fifo, of which a message takes 8 more than its own; or the fifo of an outbox
---@param event? userdata completion of that outbox; a new one when omitted
function mailbox.inbox(queue, event)
	return new(inbox, queue, event)
end

---A mailbox to send to. Hand its queue and event to the runtime that is to receive.
---@param queue integer|userdata as for an inbox
---@param event? userdata
function mailbox.outbox(queue, event)
	return new(outbox, queue, event)
end

---Waits for a message, which one receiver gets as a whole. Process runtimes only.
---@param timeout? integer milliseconds; no limit when omitted
---@return string? message
---@return string? reason "timeout" or "interrupt" when there is no message
function inbox:receive(timeout)
	local done, reason = self.event:wait(timeout)
	if not done then
		return nil, reason
	end
	local message = self.queue:receive()
	if not message then
		return nil, "timeout"
	end
	return message
end

---Sends a message, in any context. It is an error when it does not fit, and then nothing was sent.
---@param message string
function outbox:send(message)
	self.queue:send(message)
	self.event:complete()
end

function inbox.send()
	error("this mailbox is an inbox: it only receives", 2)
end

function outbox.receive()
	error("this mailbox is an outbox: it only sends", 2)
end

return mailbox
