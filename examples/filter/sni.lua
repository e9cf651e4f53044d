-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Drops TLS connections to listed servers, by the name in the ClientHello (RFC 6066, server_name).
-- The XDP program beside it (https.c) calls this script for TCP segments to port 443 and hands
-- over where their payload begins.

local xdp = require("xdp")
local action = require("linux.xdp")
local common = require("examples.filter.common")

local HANDSHAKE <const> = 22    -- content type of a record
local CLIENT_HELLO <const> = 1  -- type of a handshake message
local SERVER_NAME <const> = 0   -- type of an extension
local HOST_NAME <const> = 0     -- type of a name in it

-- What precedes the session identifier: record (5), handshake (4), version (2), random (32).
local SESSION <const> = 43

local function u16(packet, offset)
	return packet:getbyte(offset) << 8 | packet:getbyte(offset + 1)
end

-- Returns the server's name in the ClientHello at `offset`, or nil when there is none in this
-- segment. A message that is cut short or lies about a length raises "out of bounds".
local function server_name(packet, offset)
	if packet:getbyte(offset) ~= HANDSHAKE or packet:getbyte(offset + 5) ~= CLIENT_HELLO then
		return nil
	end
	offset = offset + SESSION
	offset = offset + 1 + packet:getbyte(offset) -- session identifier
	offset = offset + 2 + u16(packet, offset)    -- cipher suites
	offset = offset + 1 + packet:getbyte(offset) -- compression methods

	local stop = offset + 2 + u16(packet, offset)
	offset = offset + 2
	while offset < stop do
		local kind, length = u16(packet, offset), u16(packet, offset + 2)
		if kind == SERVER_NAME and packet:getbyte(offset + 6) == HOST_NAME then
			return packet:getstring(offset + 9, u16(packet, offset + 7))
		end
		offset = offset + 4 + length
	end
end

local function filter(packet, argument)
	-- Anything that is no whole ClientHello passes: the server will judge it.
	local whole, name = pcall(server_name, packet, u16(argument, 0))
	if not whole or not name then
		return action.PASS
	end
	return common.is_blocked(name) and action.DROP or action.PASS
end

xdp.attach(filter)
