-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Tests driver.lua under a Lua 5.4 of user space, with a stand-in for the binding of devices.
-- usage: lua5.4 tests/bin/driver.lua (in the project's folder)

local check = dofile("tests/bin/support/check.lua")
local expect, expect_match = check.expect, check.expect_match

local driver
package.preload.device = function()
	return { new = function(given) driver = given end }
end
local logged = {}
function print(line)
	logged[#logged + 1] = line
end
dofile("driver.lua")

local function open()
	local file = {}
	driver:open(file)
	return file
end

-- All that the file reads, in pieces of the given size.
local function read_all(file, size)
	local pieces, offset = {}, 0
	repeat
		local piece = driver:read(size, offset, file)
		pieces[#pieces + 1] = piece
		offset = offset + #piece
	until piece == ""
	return table.concat(pieces)
end

local function ask(file, source)
	local length, offset = driver:write(source, 5, file)
	assert(length == #source and offset == 0)
	return read_all(file, 7)
end

local tests = {}

function tests.device()
	expect(driver.name, "lunatik")
	expect(driver.mode, tonumber("600", 8))
	expect(driver.limit, 1024 * 1024)
	driver:release(open())
end

function tests.no_request_no_answer()
	expect(read_all(open(), 100), "")
end

function tests.expressions_and_statements()
	local file = open()
	expect(ask(file, "return 42"), "ok\n42\n")
	expect(ask(file, "6*7"), "ok\n42\n")
	expect(ask(file, "6*7 -- why"), "ok\n42\n")
	expect(ask(file, "1, 'a', nil, true, nil"), "ok\n1\ta\tnil\ttrue\tnil\n")
	expect(ask(file, "x = 6"), "ok\n")
	expect(ask(file, "x, x + 1"), "ok\n6\t7\n")
	expect(ask(file, "''"), "ok\n\n")
	expect(ask(file, ""), "ok\n")
	expect(ask(file, "local y = 2\nreturn y, 'two\\nlines'"), "ok\n2\ttwo\nlines\n")
	expect(ask(file, "setmetatable({}, { __tostring = function() return 'T' end })"), "ok\nT\n")
end

function tests.print_goes_to_the_log_and_to_the_answer()
	logged = {}
	expect(ask(open(), "print(1, 'a', nil) print() return 3"), "ok\n1\ta\tnil\n\n3\n")
	expect(table.concat(logged, "|"), "1\ta\tnil|")
	expect_match(ask(open(), "print('before') error('boom')"), "^error\nbefore\nstdin:1: boom\n")
end

function tests.print_of_no_request()
	print("alone")
	expect(ask(open(), "1"), "ok\n1\n")
end

function tests.errors()
	local file = open()
	expect(ask(file, "error('boom')"), "error\nstdin:1: boom\nstack traceback:\n" ..
		"\t[C]: in function 'error'\n\tstdin:1: in main chunk\n")
	expect_match(ask(file, "x y z"), "^error\nstdin:1: syntax error near 'y'\n$")
	expect_match(ask(file, "\n\nnil()"), "^error\nstdin:3: ")
	expect_match(ask(file, "error()"), "^error\n%(error object is a nil value%)\nstack traceback:\n")
	expect_match(ask(file, "error({})"), "^error\n%(error object is a table value%)\n")
	expect_match(ask(file, "error(7)"), "^error\n7\nstack traceback:\n")
	expect(ask(file, "error(setmetatable({}, { __tostring = function() return 'T' end }))"), "error\nT\n")
	expect_match(ask(file, "error(setmetatable({}, { __tostring = error }))"), "^error\n%(error object is a table value%)\n")
	expect_match(ask(file, "setmetatable({}, { __tostring = function() error('inner') end })"), "^error\nstdin:1: inner\n")
	expect_match(ask(file, "coroutine.yield(1)"), "^error\nattempt to yield from outside a coroutine\n")
	expect_match(ask(file, "local function f() return f() + 1 end f()"), "^error\nstdin:1: stack overflow")
	expect(ask(file, "6*7"), "ok\n42\n")
end

function tests.closes_what_is_to_be_closed()
	local file = open()
	ask(file, "closed = 0; local c <close> = setmetatable({}, { __close = function() closed = closed + 1 end }) error('x')")
	ask(file, "local c <close> = setmetatable({}, { __close = function() closed = closed + 1 end }) coroutine.yield()")
	expect(ask(file, "closed"), "ok\n2\n")
end

function tests.incomplete()
	local file = open()
	for _, source in ipairs { "if x then", "f(", "x = ", "return [[", "6 *", "'a' ..", "function f()" } do
		expect_match(ask(file, source), "^incomplete\nstdin:2: .*<eof>\n$")
	end
	expect(ask(file, "6 *\n7"), "ok\n42\n")
	expect_match(ask(file, "'<eof>"), "^error\nstdin:1: unfinished string")
end

function tests.precompiled_chunks_are_refused()
	local file = open()
	expect_match(ask(file, string.dump(function() end)), "^error\nattempt to load a binary chunk")
	expect_match(ask(file, "\27Lua"), "^error\nattempt to load a binary chunk")
end

function tests.files_do_not_mix()
	local one, two = open(), open()
	ask(one, "x = 'one'")
	ask(two, "_G.x = 'two'; function tostring() end")
	driver:write("return x", 0, one)
	driver:write("return x", 0, two)
	expect(read_all(one, 3), "ok\none\n")
	expect(read_all(two, 100), "ok\ntwo\n")
	expect(rawget(_G, "x"), nil)
	expect(ask(one, "math == _G.math, x == _G.x"), "ok\ntrue\ttrue\n")
end

function tests.a_request_does_not_break_the_libraries_of_others()
	local one, two = open(), open()
	expect(ask(one, "string.rep = error; table.concat = error; coroutine = 1; debug.traceback = error"), "ok\n")
	expect(ask(one, "string.rep == error, 7"), "ok\ntrue\t7\n")
	expect(ask(two, "('x'):rep(2), table.concat({ 1, 2 })"), "ok\nxx\t12\n")
end

function tests.globals_can_be_listed()
	local file = open()
	_G.later = "later"
	expect(ask(file, "later"), "ok\nlater\n")
	_G.later = nil
	expect(ask(file, "local n = 0 for name in pairs(_G) do n = n + 1 end for name in pairs(string) do n = n + 1 end return n > 30"),
		"ok\ntrue\n")
end

function tests.an_answer_ends_with_the_next_request()
	local file = open()
	ask(file, "'a long answer'")
	expect(ask(file, "1"), "ok\n1\n")
	expect(read_all(file, 100), "ok\n1\n")
end

function tests.large_answers()
	expect(ask(open(), "('x'):rep(100000)"), "ok\n" .. ("x"):rep(100000) .. "\n")
	expect(ask(open(), "--" .. ("x"):rep(1000000)), "ok\n")
end

check.run("driver.lua", tests)
