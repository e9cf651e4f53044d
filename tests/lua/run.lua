-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Runs the tests of a file in the kernel: a table of functions by what they prove, each of which
-- raises when it is not so. Returns the outcome in TAP: "ok NAME" or "not ok NAME", a line each.

return function(name)
	package.loaded["tests." .. name] = nil
	local tests = require("tests." .. name)
	local titles, lines = {}, {}
	for title in pairs(tests) do
		titles[#titles + 1] = title
	end
	table.sort(titles)
	for _, title in ipairs(titles) do
		local good, message = xpcall(tests[title], debug.traceback)
		lines[#lines + 1] = (good and "ok " or "not ok ") .. name .. ": " .. title
		if not good then
			lines[#lines + 1] = "# " .. tostring(message):gsub("\n", "\n# ")
		end
	end
	return table.concat(lines, "\n")
end
