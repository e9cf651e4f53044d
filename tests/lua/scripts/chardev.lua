-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Devices for tests/vm/device.bats.

local device = require("device")

local function nop() end

local function add(name, driver)
	driver.name = "chardev" .. name
	driver.open = driver.open or nop
	driver.release = driver.release or nop
	return device.new(driver)
end

local text = "hello world"
add("", {
	mode = 6 << 6 | 4 << 3,
	read = function(_, length, offset)
		return offset == 0 and length > #text and text or text:sub(offset + 1)
	end,
})

add("-offset", { read = function(_, _, offset) return "at " .. offset, offset + 100 end })

local sunk = ""
add("-sink", {
	write = function(_, bytes, offset) sunk = offset .. ":" .. #bytes .. ":" .. bytes end,
	read = function(_, _, offset) return sunk:sub(offset + 1) end,
})

add("-part", { write = function() return 4 end })
add("-boast", { write = function() return math.maxinteger, 0 end })

add("-file", {
	write = function(_, bytes, _, file) file.written = bytes return #bytes, 0 end,
	read = function(_, _, offset, file) return file.written:sub(offset + 1) end,
})

add("-bare", {})
device.new({ name = "chardev-closed", read = function() return "never" end })

add("-bad", { read = function() error("bad read") end })
for kind, value in pairs { table = {}, ["function"] = nop, boolean = true } do
	add("-wrong-" .. kind, { read = function() return value end })
end
add("-wrong-negative", { read = function() return "x", -1 end, write = function() return -1 end })

add("-limit", { limit = 8, write = function(_, bytes) assert(#bytes <= 8) end })

local stopped = add("-stop", {})
add("-stopper", { write = function() stopped:stop() end })

local released = 0
add("-released", { release = function() released = released + 1 end })
add("-count", { read = function(_, _, offset) return offset == 0 and tostring(released) or "" end })

add("-privileged", { privileged = true, mode = 511, read = function() return "" end })

add("-runtime", { read = function(_, _, offset)
	return offset == 0 and tostring(select(2, pcall(require("lunatik").runtime, "tests/scripts/nothing"))) or ""
end })
