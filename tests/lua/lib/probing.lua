-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Runtimes with probes, for the tests of the library probe.
local data = require("data")
local linux = require("linux")
local lunatik = require("lunatik")
local check = require("tests.lib.check")

local environment = lunatik._ENV
local probing = {}

-- Calls f(slot, runtime) while the source runs in a runtime of its own: slot(n) is what it has put there.
function probing.run(source, f, context)
	local d = data.new(1024)
	environment.probe_source, environment.probe_data = source, d
	local good, runtime = pcall(lunatik.runtime, "tests/scripts/probed", context)
	environment.probe_source, environment.probe_data = nil
	if not good then
		error(runtime, 0)
	end
	local message
	good, message = xpcall(f, debug.traceback, function(slot) return d:getint64(slot * 8) end, runtime)
	if pcall(runtime.info, runtime) then
		runtime:stop()
	end
	if not good then
		error(message, 0)
	end
end

-- The source fails with this message.
function probing.refused(message, source, context)
	check.fails(message, probing.run, source, function() end, context)
end

-- Has the kernel call lualinux_schedule(timeout, state), a function of the library linux.
function probing.call(timeout)
	linux.schedule(timeout, linux.task.UNINTERRUPTIBLE)
end

-- Has it call file_open_root(root, name, flags, mode) with the flag O_PATH (0x200000), which returns -ENOENT.
function probing.open_missing()
	assert(not loadfile("/lib/modules/lua/tests/no such file"))
end

return probing
