-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: process memory=64M
-- The driver of /dev/lunatik. One write is one request, Lua source; its answer is what the same
-- open file reads next, until end of file. The answer's first line is "ok", "error" or
-- "incomplete" (the source lacks its end); then come what was printed and the results, or the
-- message.

local device = require("device")

-- What the request under way has printed. Only one is: the others wait to enter this runtime.
local printed

local function join(...)
	local values = table.pack(...)
	for i = 1, values.n do
		values[i] = tostring(values[i])
	end
	return table.concat(values, "\t")
end

local log = print

function print(...)
	local line = join(...)
	log(line)
	if printed then
		printed[#printed + 1] = line .. "\n"
	end
end

-- The error as text, and whether a traceback helps to understand it.
local function explain(value)
	local kind = type(value)
	if kind == "string" or kind == "number" then
		return tostring(value), true
	end
	local metatable = debug.getmetatable(value)
	if metatable and metatable.__tostring then
		local good, text = pcall(tostring, value)
		if good then
			return text, false
		end
	end
	return "(error object is a " .. kind .. " value)", true
end

local function finish(thread, good, ...)
	if good and coroutine.status(thread) == "dead" then
		return true, ...
	end
	local message, traced = "attempt to yield from outside a coroutine", true
	if not good then
		message, traced = explain(...)
	end
	if traced then
		message = debug.traceback(thread, message)
	end
	coroutine.close(thread)
	return false, message
end

-- Calls f(...) on a stack of its own, so that a traceback shows nothing of this file.
local function try(f, ...)
	local thread = coroutine.create(f)
	return finish(thread, coroutine.resume(thread, ...))
end

local function is_incomplete(message)
	return message:sub(-5) == "<eof>"
end

-- Compiles pieces of text, put together. The end of line makes a string without its end an error,
-- not an incomplete source.
local function load_pieces(environment, ...)
	local pieces, next_piece = { ... }, 0
	return load(function()
		next_piece = next_piece + 1
		return pieces[next_piece]
	end, "=stdin", "t", environment)
end

-- Compiles the source as an expression or else as statements. Without a function: the answer's
-- first line and the message.
local function compile(source, environment)
	local expression, why_not = load_pieces(environment, "return ", source, "\n")
	if expression then
		return expression
	end
	local statements, message = load_pieces(environment, source, "\n")
	if statements then
		return statements
	end
	for _, reason in ipairs { message, why_not } do
		if is_incomplete(reason) then
			return nil, "incomplete", reason
		end
	end
	return nil, "error", message
end

local function show(good, ...)
	if not good then
		return "error", ...
	end
	if select("#", ...) == 0 then
		return "ok"
	end
	local shown, line = try(join, ...)
	return shown and "ok" or "error", line
end

-- The whole answer to a request.
local function answer(source, environment)
	local chunk, status, text = compile(source, environment)
	printed = {}
	if chunk then
		status, text = show(try(chunk))
	end
	local output = table.concat(printed)
	printed = nil
	return status .. "\n" .. output .. (text and text .. "\n" or "")
end

local driver = { name = "lunatik", mode = 6 << 6, limit = 1 << 20, privileged = true }

-- A table with all that the original has, also with what it gets later; writes stay in it.
local function derive(original)
	local derived = setmetatable({}, { __index = original })
	for key, value in pairs(original) do
		derived[key] = value
	end
	return derived
end

-- Each open file has globals and library tables of its own over those of this runtime.
function driver:open(file)
	local environment = derive(_G)
	for name, value in pairs(environment) do
		if type(value) == "table" then
			environment[name] = derive(value)
		end
	end
	environment._G = environment
	file.environment = environment
	file.answer = ""
end

function driver:read(length, offset, file)
	return file.answer:sub(offset + 1, offset + length)
end

function driver:write(source, _, file)
	file.answer = ""
	file.answer = answer(source, file.environment)
	return #source, 0
end

function driver:release()
end

device.new(driver)
