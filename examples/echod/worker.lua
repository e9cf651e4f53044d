-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process memory=1M
-- Sends back what comes on one connection, until its end. Run by daemon.lua.

local LENGTH <const> = 4096

local function echo(connection)
	local message
	repeat
		message = connection:receive(LENGTH)
		connection:send(message)
	until message == ""
end

return function(connection)
	coroutine.yield()
	-- A client that is gone, or the word to stop: either way it ends here.
	pcall(echo, connection)
	connection:close()
end
