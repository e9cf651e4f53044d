-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Sends what it is resumed with to the mailbox that it was resumed with first; returns the error, if there is one.
local mailbox = require("mailbox")

return function(queue, event)
	local outbox, problem = mailbox.outbox(queue, event), nil
	while true do
		local good
		good, problem = pcall(outbox.send, outbox, (coroutine.yield(problem)))
		problem = not good and problem or nil
	end
end
