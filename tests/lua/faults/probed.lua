-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq
-- Carries the fault that lunatik._ENV.fault names to a probe of the system call getsid().
local carried = require("tests.faults.carried")
local environment = require("lunatik")._ENV
local calls = require("syscall.table")

require("probe").new(calls.getsid, { pre = function(_, _, registers)
	local fault = environment.fault
	if fault then
		environment.fault = nil
		carried(fault, registers)
		environment.fault_ended = fault
	end
end })
