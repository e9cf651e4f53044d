-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=100ms
-- Runs the source in lunatik._ENV.probe_source when it starts, with `d`, memory that is shared with the test.
probe = require("probe")
lunatik = require("lunatik")
d = lunatik._ENV.probe_data

-- Counts in the slot of this number.
function count(slot)
	d:setint64(slot * 8, d:getint64(slot * 8) + 1)
end

function put(slot, value)
	d:setint64(slot * 8, value)
end

return assert(load(lunatik._ENV.probe_source, "=probed"))()
