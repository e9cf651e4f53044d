-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The libraries syscall and syscall.table: numbers, and addresses of functions.
local syscall = require("syscall")
local calls = require("syscall.table")
local check = require("tests.lib.check")

local equal, fails = check.equal, check.fails

return {
	["number() knows the calls of x86-64"] = function()
		equal(syscall.number("read"), 0)
		equal(syscall.number("write"), 1)
		equal(syscall.number("openat"), 257)
		equal(syscall.number("clone3"), 435)
	end,

	["number() of what is no call is nil"] = function()
		equal(syscall.number("no such call"), nil)
		equal(syscall.number(""), nil)
		-- the number of them, which the header has too
		equal(syscall.number("syscalls"), nil)
		fails("string expected", syscall.number)
	end,

	["address() is a light userdata, another for each call"] = function()
		local read, write = syscall.address(0), syscall.address(1)
		equal(type(read), "userdata")
		equal(debug.getmetatable(read), nil)
		assert(read ~= write)
		equal(read, syscall.address(0))
	end,

	["address() refuses numbers out of range"] = function()
		fails("out of range", syscall.address, -1)
		fails("out of range", syscall.address, 1 << 20)
		fails("out of range", syscall.address, math.mininteger)
		fails("number expected", syscall.address, "read")
	end,

	["address() has none for numbers that no call has"] = function()
		-- between the last of the old ones and the first that all architectures share
		equal(syscall.address(400), nil)
	end,

	["the table has the address of each call by its name"] = function()
		local count = 0
		for name, address in pairs(calls) do
			equal(address, syscall.address(syscall.number(name)))
			count = count + 1
		end
		assert(count > 300, count)
		-- those whose functions have other names
		for _, name in ipairs { "stat", "umount2", "sendfile", "uname", "exit" } do
			equal(type(calls[name]), "userdata")
		end
		equal(calls.syscalls, nil)
	end,
}
