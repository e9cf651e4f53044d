-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What iptables knows of the target that dnsdoctor.lua is; it has no options.

local luaxt = require("luaxt")

luaxt.target {
	revision = 0,
	family = luaxt.family.IPV4,
	help = function()
		print("dnsdoctor target: changes DNS answers as examples/dnsdoctor/common.lua says; no options")
	end,
}
