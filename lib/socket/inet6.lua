-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- IPv6 sockets, with addresses in text: "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%2" (the number of an interface).

local socket = require("socket")
local inet = require("socket.inet")
local ip = require("socket.ip")

---@class inet6
local inet6 = {
	any = "::",
	localhost = "::1",
}

-- Appends the groups of text between colons, the last of which may be an IPv4 address; nil when it is none.
local function groups(text, last)
	local found = {}
	if text == "" then
		return found
	end
	for group in (text .. ":"):gmatch("([^:]*):") do
		if #found > 8 then
			return nil
		end
		if group:match("^%x%x?%x?%x?$") then
			found[#found + 1] = tonumber(group, 16)
		else
			local good, address = pcall(inet.aton, group)
			if not (good and last) or found.ended then
				return nil
			end
			found[#found + 1] = address >> 16
			found[#found + 1] = address & 0xffff
			found.ended = true
		end
	end
	-- Nothing follows an IPv4 address.
	if found.ended and not text:match("%.%d+$") then
		return nil
	end
	return found
end

-- The eight groups and the scope, or nil.
local function parse(text)
	local address, scope = text:match("^([^%%]*)%%(%d+)$")
	address, scope = address or text, math.tointeger(tonumber(scope or 0))
	local left, right = address:match("^(.-)::(.*)$")
	if not scope or scope > 0xffffffff then
		return nil
	end
	if not left then
		local all = groups(address, true)
		return all and #all == 8 and all or nil, scope
	end
	local first, second = groups(left, false), groups(right, true)
	if not first or not second or #first + #second > 7 then
		return nil
	end
	for _ = 1, 8 - #first - #second do
		first[#first + 1] = 0
	end
	return table.move(second, 1, #second, #first + 1, first), scope
end

---@param text string "2001:db8::1"
---@return string address of 16 bytes, as the sockets of `socket` take it
---@return integer scope
function inet6.aton(text)
	local all, scope
	if type(text) == "string" and #text <= 64 then
		all, scope = parse(text)
	end
	if not all then
		error(("'%.64s' is no IPv6 address, such as 2001:db8::1 or fe80::1%%2"):format(tostring(text)), 2)
	end
	return string.pack(">I2I2I2I2I2I2I2I2", table.unpack(all, 1, 8)), scope
end

-- Where the longest run of zeros begins, and its length.
local function longest(all)
	local at, length, run = 0, 1, 0
	for i = 1, 8 do
		run = all[i] == 0 and run + 1 or 0
		if run > length then
			at, length = i - run + 1, run
		end
	end
	return at, length
end

---@param address string of 16 bytes
---@param scope? integer
---@return string text as RFC 5952 has it
function inet6.ntoa(address, scope)
	local all = { string.unpack(">I2I2I2I2I2I2I2I2", address) }
	local suffix = scope and scope ~= 0 and "%" .. scope or ""
	if address:sub(1, 12) == ("\0"):rep(10) .. "\xff\xff" then
		return "::ffff:" .. inet.ntoa(all[7] << 16 | all[8]) .. suffix
	end
	local text = {}
	for i = 1, 8 do
		text[i] = ("%x"):format(all[i])
	end
	local at, length = longest(all)
	if at == 0 then
		return table.concat(text, ":") .. suffix
	end
	return table.concat(text, ":", 1, at - 1) .. "::" .. table.concat(text, ":", at + length, 8) .. suffix
end

local function pack(text, port, flags)
	if text == nil then
		return nil, nil, nil, flags
	end
	local address, scope = inet6.aton(text)
	return address, port, scope, flags
end

local function unpack(count, ...)
	if count == 1 then
		local message, address, port, scope = ...
		return message, address and inet6.ntoa(address, scope), port
	end
	local address, port, scope = ...
	return address and inet6.ntoa(address, scope), port
end

return ip.complete(inet6, socket.af.INET6, pack, unpack)
