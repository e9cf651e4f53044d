-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- /dev/passwd gives random printable ASCII characters, as long as somebody reads.

local device = require("device")
local linux = require("linux")

local MOST <const> = 256	-- at a time; a program that wants more reads again

local function nop() end

local driver = { name = "passwd", open = nop, release = nop, mode = linux.stat.IRUGO }

function driver:read(length)
	local characters = {}
	for i = 1, math.min(length, MOST) do
		characters[i] = string.char(linux.random(32, 126))
	end
	return table.concat(characters)
end

device.new(driver)
