-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What the tests in Lua are written with.

local check = {}

function check.expect(given, wanted)
	if given ~= wanted then
		error(("expected %q, got %q"):format(wanted, given), 2)
	end
end

function check.expect_match(given, pattern)
	if not given:find(pattern) then
		error(("expected a match of %q, got %q"):format(pattern, given), 2)
	end
end

---Runs a table of test functions and ends the program.
function check.run(title, tests)
	local failed, count = 0, 0
	for name, test in pairs(tests) do
		local good, message = xpcall(test, debug.traceback)
		count = count + 1
		if not good then
			failed = failed + 1
			io.stderr:write(title, ": ", name, ": ", message, "\n")
		end
	end
	io.write(("%s: %d tests, %d failed\n"):format(title, count, failed))
	os.exit(failed == 0)
end

return check
