-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Never ends, and nearly always is in another runtime, which does not either.
local lunatik = require("lunatik")

return function()
	while true do pcall(lunatik.runtime, "tests/scripts/endless/start") end
end
