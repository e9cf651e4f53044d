-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process
-- /dev/systrack: how many times each of these system calls was called since the script was started.
local data = require("data")
local device = require("device")
local linux = require("linux")
local lunatik = require("lunatik")

local calls = { "read", "readv", "write", "writev", "openat", "close" }

-- A device is read where the kernel may sleep, and probes are handled where it may not: two runtimes, which
-- share the counters. The other one finds them here when it starts.
local environment = lunatik._ENV
local counters = data.new(8 * #calls)

environment.systrack_calls = table.concat(calls, " ")
environment.systrack_counters = counters
local started, probes = pcall(lunatik.runtime, "examples/systrack/probes")
environment.systrack_calls, environment.systrack_counters = nil
if not started then
	error(probes, 0)
end

local function nop() end

local function report()
	local lines = {}
	for i, name in ipairs(calls) do
		lines[i] = name .. ": " .. counters:getint64(8 * (i - 1)) .. "\n"
	end
	local missed = probes:resume()
	if missed > 0 then
		lines[#lines + 1] = "not counted: " .. missed .. "\n"
	end
	return table.concat(lines)
end

device.new {
	name = "systrack",
	mode = linux.stat.IRUGO,
	open = nop,
	release = nop,
	-- One report for each time that the file is opened; what a read is too short for, the next one gets.
	read = function(_, length, offset, file)
		file.report = file.report or report()
		return file.report:sub(offset + 1, offset + length)
	end,
}
