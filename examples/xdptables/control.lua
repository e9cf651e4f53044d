-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process
--
-- /dev/xdptables: the rules of forward.lua, for the tool xdptables. One write is one command: "A", key and rule to
-- add a rule, "D" and key to delete one, packed as forward.lua has them. What is read are all rules, in
-- hexadecimal digits, a line each.

local device = require("device")
local rcu = require("rcu")
local rules = require("examples.xdptables.tables")()

local KEY_SIZE <const>, RULE_SIZE <const> = (">I4 I4 I2 B"):packsize(), (">I4 I2 I4 I2 I4 c6 c6 I4"):packsize()

local function hexadecimal(bytes)
	return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local driver = { name = "xdptables", mode = 6 << 6, limit = 1 + KEY_SIZE + RULE_SIZE, privileged = true }

function driver:open() end

function driver:release() end

function driver:write(command)
	local what, key, rule = command:sub(1, 1), command:sub(2, KEY_SIZE + 1), command:sub(KEY_SIZE + 2)
	if what == "A" and #rule == RULE_SIZE then
		rules[key] = rule
	elseif what == "D" and #key == KEY_SIZE and #rule == 0 and rules[key] then
		rules[key] = nil
	else
		error("no command, or no such rule", 0)
	end
end

function driver:read(length, offset)
	local lines = {}
	rcu.map(rules, function(key, rule)
		lines[#lines + 1] = hexadecimal(key .. rule) .. "\n"
	end)
	table.sort(lines)
	return table.concat(lines):sub(offset + 1, offset + length)
end

device.new(driver)
