-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library linux: random numbers, sleep, time, byte order, constants.
local linux = require("linux")
local lunatik = require("lunatik")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task

local millisecond = 1000000
local forever = math.maxinteger

-- Counts how many of `draws` numbers are in each of the parts, of `width` integers each, of a range.
local function spread(draws, parts, low, width)
	local counts = {}
	for part = 0, parts - 1 do
		counts[part] = 0
	end
	for _ = 1, draws do
		local offset = linux.random(low, low + parts * width - 1) - low
		local part = 0
		while part < parts and not math.ult(offset, width * (part + 1)) do
			part = part + 1
		end
		counts[part] = counts[part] + 1
	end
	return counts
end

local function all_bits(...)
	local ones, zeros = 0, -1
	for _ = 1, 200 do
		local n = linux.random(...)
		ones, zeros = ones | n, zeros & n
	end
	equal(ones, -1)
	equal(zeros, 0)
end

-- Milliseconds that f took, rounded down, and its first result.
local function timed(f, ...)
	local start = linux.time()
	local result = f(...)
	return (linux.time() - start) // millisecond, result
end

local byte_order = {
	-- little-endian, as every machine is that this runs on
	[16] = { 0x1234, 0x3412 },
	[32] = { 0x12345678, 0x78563412 },
	[64] = { 0x0123456789abcdef, 0xefcdab8967452301 },
}

local tests = {
	["random() has all 64 bits"] = function() all_bits() end,
	["random(0) has all 64 bits"] = function() all_bits(0) end,
	["random(m) is in [1, m] and reaches both ends"] = function()
		local seen = {}
		for _ = 1, 500 do
			local n = linux.random(6)
			assert(n >= 1 and n <= 6, n)
			seen[n] = true
		end
		for n = 1, 6 do
			assert(seen[n], n .. " never came")
		end
	end,
	["random(1) and random(n, n) are that number"] = function()
		equal(linux.random(1), 1)
		equal(linux.random(-7, -7), -7)
		equal(linux.random(math.maxinteger, math.maxinteger), math.maxinteger)
		equal(linux.random(math.mininteger, math.mininteger), math.mininteger)
	end,
	["random() is uniform over a small range"] = function()
		for part, count in pairs(spread(6000, 6, 1, 1)) do
			assert(count > 800 and count < 1200, part .. ": " .. count)
		end
	end,
	["random() is unbiased where the range does not divide 2^64"] = function()
		-- 3/4 of all integers: a plain remainder would hit the first third twice as often
		for part, count in pairs(spread(3000, 3, math.mininteger, 1 << 62)) do
			assert(count > 820 and count < 1180, part .. ": " .. count)
		end
	end,
	["random() is uniform over a range just above 2^32"] = function()
		for part, count in pairs(spread(3000, 3, -1, 1 << 31)) do
			assert(count > 820 and count < 1180, part .. ": " .. count)
		end
	end,
	["random() covers the whole range of integers"] = function()
		local negative, huge = false, false
		for _ = 1, 200 do
			local n = linux.random(math.mininteger, math.maxinteger)
			negative = negative or n < 0
			huge = huge or n > 1 << 61
		end
		assert(negative and huge)
	end,
	["random() refuses an empty interval"] = function()
		fails("interval is empty", linux.random, 5, 4)
		fails("interval is empty", linux.random, -1)
		fails("interval is empty", linux.random, math.maxinteger, math.mininteger)
	end,
	["random() refuses three arguments"] = function()
		fails("wrong number of arguments", linux.random, 1, 2, 3)
	end,
	["random() refuses what is no integer"] = function()
		fails("number expected, got table", linux.random, {})
		fails("number expected, got nil", linux.random, 1, nil)
	end,

	["stat has the bits of linux/stat.h"] = function()
		local expected = {
			IFMT = 0xf000, IFSOCK = 0xc000, IFLNK = 0xa000, IFREG = 0x8000, IFBLK = 0x6000, IFDIR = 0x4000,
			IFCHR = 0x2000, IFIFO = 0x1000, ISUID = 1 << 11, ISGID = 1 << 10, ISVTX = 1 << 9,
			IRWXU = 7 << 6, IRUSR = 4 << 6, IWUSR = 2 << 6, IXUSR = 1 << 6,
			IRWXG = 7 << 3, IRGRP = 4 << 3, IWGRP = 2 << 3, IXGRP = 1 << 3,
			IRWXO = 7, IROTH = 4, IWOTH = 2, IXOTH = 1,
			IRWXUGO = 0x1ff, IALLUGO = 0xfff, IRUGO = 0x124, IWUGO = 0x92, IXUGO = 0x49,
		}
		for name, bits in pairs(expected) do
			equal(linux.stat[name], bits)
		end
		for name in pairs(linux.stat) do
			assert(expected[name], name .. " is unknown to this test")
		end
	end,
	["errno has the numbers 1 to 34"] = function()
		local names = "PERM NOENT SRCH INTR IO NXIO 2BIG NOEXEC BADF CHILD AGAIN NOMEM ACCES FAULT NOTBLK " ..
			"BUSY EXIST XDEV NODEV NOTDIR ISDIR INVAL NFILE MFILE NOTTY TXTBSY FBIG NOSPC SPIPE ROFS " ..
			"MLINK PIPE DOM RANGE"
		local number = 0
		for name in names:gmatch("%S+") do
			number = number + 1
			equal(linux.errno[name], number)
		end
		equal(number, 34)
	end,
	["task has the five states"] = function()
		local names = {}
		for name, state in pairs(linux.task) do
			assert(math.tointeger(state), name)
			names[#names + 1] = name
		end
		table.sort(names)
		equal(table.concat(names, " "), "IDLE INTERRUPTIBLE KILLABLE RUNNING UNINTERRUPTIBLE")
	end,
	["require() finds the tables of constants by their own names"] = function()
		for _, name in ipairs{ "stat", "task", "errno" } do
			equal(require("linux." .. name), linux[name])
		end
	end,
	["require() of linux.errno alone opens it, and linux has the same table then"] = function()
		local runtime = lunatik.runtime("tests/scripts/constants")
		equal(runtime:resume(), linux.errno.RANGE)
		runtime:stop()
	end,

	["schedule() sleeps for the timeout in each state"] = function()
		for _, state in ipairs{ "INTERRUPTIBLE", "UNINTERRUPTIBLE", "KILLABLE", "IDLE" } do
			local took, remained = timed(linux.schedule, 100, linux.task[state])
			equal(remained, 0)
			-- where ticks come late, as in virtual machines, timers come early
			assert(took >= 50, state .. ": " .. took)
		end
	end,
	["schedule() without a state is interruptible and returns 0 in the end"] = function()
		local took, remained = timed(linux.schedule, 50)
		equal(remained, 0)
		assert(took >= 25, took)
	end,
	["schedule(0) returns 0"] = function()
		equal(linux.schedule(0), 0)
	end,
	["schedule() in state RUNNING returns the timeout at once"] = function()
		local took, remained = timed(linux.schedule, 5000, linux.task.RUNNING)
		equal(remained, 5000)
		assert(took < 2500, took)
		equal(linux.schedule(nil, linux.task.RUNNING), forever)
	end,
	["schedule() refuses timeouts out of range"] = function()
		for _, timeout in ipairs{ -1, math.mininteger, 1 << 31, forever - 1 } do
			fails("timeout out of range", linux.schedule, timeout)
		end
		fails("number expected, got string", linux.schedule, "soon")
	end,
	["schedule() refuses a sleep that nothing would end"] = function()
		for _, state in ipairs{ "UNINTERRUPTIBLE", "IDLE" } do
			fails("needs a timeout", linux.schedule, nil, linux.task[state])
			fails("needs a timeout", linux.schedule, forever, linux.task[state])
		end
	end,
	["schedule() refuses what is no state"] = function()
		for _, state in ipairs{ -1, 3, 4, 8, 1 << 32, 1 << 32 | 1, math.mininteger } do
			fails("no state of linux.task", linux.schedule, 1, state)
		end
	end,
	["schedule() is refused in the callbacks of runtimes that may not sleep"] = function()
		for _, context in ipairs{ "softirq", "hardirq" } do
			local runtime = task(context, "linux.schedule(1)")
			fails("'linux.schedule' may sleep", runtime.resume, runtime)
			runtime:stop()
		end
	end,

	["time() is nanoseconds since the epoch"] = function()
		assert(linux.time() > 1704067200 * 1000000000, "before 2024")
		assert(linux.time() < 7258118400 * 1000000000, "after 2200")
	end,
	["time() goes on"] = function()
		local start = linux.time()
		linux.schedule(50)
		local passed = linux.time() - start
		assert(passed >= 25 * millisecond and passed < 5000 * millisecond, passed)
	end,

	["conversions take the lowest bits only"] = function()
		equal(linux.hton16(0x7fff1234), 0x3412)
		equal(linux.htole16(-1), 0xffff)
		equal(linux.ntoh32(-1), 0xffffffff)
		equal(linux.le32toh(1 << 32 | 5), 5)
	end,
	["conversions of 64 bits work on negative integers"] = function()
		equal(linux.hton64(-2), 0xfeffffffffffffff)
		equal(linux.ntoh64(0xfeffffffffffffff), -2)
		equal(linux.htole64(-2), -2)
		equal(linux.be64toh(math.mininteger), 0x80)
	end,
	["conversions refuse what is no integer"] = function()
		fails("number expected, got nil", linux.hton16, nil)
		fails("number expected, got table", linux.le64toh, {})
	end,
	["conversions and random numbers work where nothing may sleep"] = function()
		local runtime = task("hardirq", "return linux.hton16(1), linux.random(3, 3), linux.time() > 0")
		local swapped, three, later = runtime:resume()
		equal(swapped, 256)
		equal(three, 3)
		equal(later, true)
		runtime:stop()
	end,
}

for bits, numbers in pairs(byte_order) do
	for _, name in ipairs{ "hton%d", "ntoh%d", "htobe%d", "be%dtoh" } do
		name = name:format(bits)
		tests[name .. " swaps the bytes"] = function()
			equal(linux[name](numbers[1]), numbers[2])
			equal(linux[name](numbers[2]), numbers[1])
		end
	end
	for _, name in ipairs{ "htole%d", "le%dtoh" } do
		name = name:format(bits)
		tests[name .. " leaves the bytes"] = function()
			equal(linux[name](numbers[1]), numbers[1])
			equal(linux[name](numbers[2]), numbers[2])
		end
	end
end

return tests
