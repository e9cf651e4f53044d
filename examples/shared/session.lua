-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process memory=8M
-- One connection to the store of examples/shared.lua.

local data = require("data")

local LINE <const> = 1024	-- bytes, its end not counted
local LENGTH <const> = 4096

-- What is left of the session's memory for other things than values, and how often that is looked at: bytes
local ROOM <const> = 1 << 19
local STEP <const> = 1 << 16
local OVERHEAD <const> = 256

local store
local unseen = STEP	-- of memory, about, since the last look

local function check_room(bytes)
	unseen = unseen + bytes + OVERHEAD
	if unseen >= STEP then
		local _ <close> = data.new(ROOM)
		unseen = 0
	end
end

-- Values are objects of their own, which count in the memory of the session that assigned them.
local function assign(key, value)
	local object
	if value ~= "" then
		check_room(#key + #value)
		object = data.new(#value)
		object:setstring(0, value)
	end
	store[key] = object
end

-- The answer to a line, if it has one.
local function answer(line)
	local key, value = line:match("^([^=]*)=(.*)$")
	if not key then
		local object = store[line]
		return (object and object:getstring(0) or "") .. "\n"
	end
	if key == "" then
		return "error: no key\n"
	end
	local good, message = pcall(assign, key, value)
	return not good and "error: " .. message:gsub("^[^ ]*: ", "") .. "\n" or nil
end

-- Calls line(text) for each line of the connection, and too_long() for each that is longer than LINE.
local function lines(connection, line, too_long)
	local rest, skips = "", false
	while true do
		local message = connection:receive(LENGTH)
		if message == "" then
			return
		end
		rest = rest .. message
		local from, at = 1, rest:find("\n", 1, true)
		while at do
			local text = rest:sub(from, rest:byte(at - 1) == 13 and at > from and at - 2 or at - 1)
			if not skips then
				if #text > LINE then too_long() else line(text) end
			end
			skips, from = false, at + 1
			at = rest:find("\n", from, true)
		end
		rest = rest:sub(from)
		if #rest > LINE + 1 then
			if not skips then
				too_long()
			end
			rest, skips = "", true
		end
	end
end

local function talk(connection)
	lines(connection, function(text)
		local reply = answer(text)
		if reply then
			connection:send(reply)
		end
	end, function()
		connection:send("error: the line is longer than " .. LINE .. " bytes\n")
	end)
end

return function(connection, shared)
	store = shared
	coroutine.yield()
	-- A client that is gone, or the word to stop: either way it ends here.
	pcall(talk, connection)
	connection:close()
end
