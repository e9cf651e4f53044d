-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- IPv4 sockets, with addresses in numbers and dots.

local socket = require("socket")
local ip = require("socket.ip")

---@class inet
local inet = {
	any = "0.0.0.0",
	localhost = "127.0.0.1",
	broadcast = "255.255.255.255",
}

-- A byte of an address, or nil. No zero in front: some read such numbers as octal.
local function byte(digits)
	local number = #digits <= 3 and tonumber(digits)
	return number and number <= 255 and (#digits == 1 or digits:byte() ~= 48) and number
end

local function parse(text)
	local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
	a, b, c, d = a and byte(a), b and byte(b), c and byte(c), d and byte(d)
	return a and b and c and d and a << 24 | b << 16 | c << 8 | d or nil
end

---@param text string "127.0.0.1"
---@return integer address as the sockets of `socket` take it
function inet.aton(text)
	local address = type(text) == "string" and parse(text)
	if not address then
		error(("'%s' is no IPv4 address: four numbers up to 255, with dots between"):format(tostring(text)), 2)
	end
	return address
end

---@param address integer
---@return string text
function inet.ntoa(address)
	return ("%d.%d.%d.%d"):format(address >> 24 & 255, address >> 16 & 255, address >> 8 & 255, address & 255)
end

local function pack(text, port, flags)
	if text == nil then
		return nil, nil, flags
	end
	return inet.aton(text), port, flags
end

local function unpack(count, ...)
	if count == 1 then
		local message, address, port = ...
		return message, address and inet.ntoa(address), port
	end
	local address, port = ...
	return address and inet.ntoa(address), port
end

return ip.complete(inet, socket.af.INET, pack, unpack)
