-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- A runtime for a test to fill: the first resume brings the source of a function's body and its
-- arguments, the second, or a thread, runs it.
completion = require("completion")
linux = require("linux")
lunatik = require("lunatik")
thread = require("thread")

return function(source, ...)
	local body = assert(load(source, "=task"))
	coroutine.yield()
	return body(...)
end
