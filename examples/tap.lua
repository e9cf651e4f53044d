-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- /dev/tap shows the frames of all interfaces, a line each: destination, source, Ethernet type, size.

local device = require("device")
local linux = require("linux")
local socket = require("socket")

local af, sock = socket.af, socket.sock

local ALL <const> = 0x0003	-- ETH_P_ALL
local HEADER <const> = 14
local LONGEST <const> = 65550	-- what interfaces make of many segments (GSO), with the header

local function mac(bytes)
	return ("%02x:%02x:%02x:%02x:%02x:%02x"):format(bytes:byte(1, 6))
end

local driver = { name = "tap", mode = linux.stat.IRUSR }

-- Each reader has a socket of its own: frames are kept for it from now on.
function driver:open(file)
	file.socket = socket.new(af.PACKET, sock.RAW, linux.hton16(ALL))
end

function driver:release(file)
	file.socket:close()
end

function driver:read(_, _, file)
	local frame
	repeat
		frame = file.socket:receive(LONGEST)
	until #frame >= HEADER
	return ("%s\t%s\t0x%04x\t%d\n"):format(mac(frame), mac(frame:sub(7)), string.unpack(">I2", frame, 13), #frame)
end

device.new(driver)
