-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What the tests in Lua check with.
local lunatik = require("lunatik")

local check = {}

function check.equal(got, expected)
	if got ~= expected then
		error(("got %s, expected %s"):format(got, expected), 2)
	end
end

local function expect(plain, message, f, ...)
	local good, err = pcall(f, ...)
	if good then
		error(("no error where '%s' was expected"):format(message), 3)
	elseif not tostring(err):find(message, 1, plain) then
		error(("'%s' instead of '%s'"):format(tostring(err), message), 3)
	end
end

-- f(...) raises an error that holds this text.
function check.fails(message, f, ...)
	expect(true, message, f, ...)
end

-- f(...) raises an error that this pattern finds.
function check.fails_like(pattern, f, ...)
	expect(false, pattern, f, ...)
end

-- A runtime in which :resume(), or a thread, runs the source with these arguments.
function check.task(context, source, ...)
	local runtime = lunatik.runtime("tests/scripts/task", context)
	runtime:resume(source, ...)
	return runtime
end

return check
