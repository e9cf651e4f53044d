-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- /dev/spyglass: what is typed on the keyboard of the console. docs/examples/spyglass.md tells more.
--
-- Keys come with interrupts off, where nothing may sleep; files and sockets may sleep. So there are two
-- runtimes, this one and that of spyglass/keys.lua, and a fifo between them.

local device = require("device")
local fifo = require("fifo")
local linux = require("linux")
local lunatik = require("lunatik")

local log = fifo.new(1 << 16)
local keys = lunatik.runtime("examples/spyglass/keys")
keys:resume(log)
keys:resume(true)

-- Where what is read is sent, too: a function of the text, or nil
local forward

local settings = {}

function settings.enable(value)
	if value ~= "true" and value ~= "false" then
		return false
	end
	keys:resume(value == "true")
	return true
end

function settings.net(value)
	local address, port = value:match("^(%d+%.%d+%.%d+%.%d+):(%d+)$")
	port = tonumber(port)
	if not port or port < 1 or port > 65535 then
		return false
	end
	local socket = require("socket.inet").udp()
	forward = function(text) socket:send(text, address, port) end
	return true
end

local function nop() end

device.new {
	name = "spyglass",
	mode = linux.stat.IRUSR | linux.stat.IWUSR,
	open = nop,
	release = nop,
	read = function(_, length)
		local text = log:pop(length)
		if forward and text ~= "" then
			local sent, reason = pcall(forward, text)
			if not sent then
				print("spyglass: not sent: " .. reason)
			end
		end
		return text
	end,
	write = function(_, line)
		local name, value = line:match("^(%l+)=(%g+)%s*$")
		if not (settings[name] and settings[name](value)) then
			error("spyglass: write enable=true, enable=false or net=ADDRESS:PORT", 0)
		end
	end,
}
