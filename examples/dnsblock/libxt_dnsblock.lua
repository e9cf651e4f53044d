-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What iptables knows of the match that dnsblock.lua is; it has no options.

local luaxt = require("luaxt")

luaxt.match {
	revision = 1,
	family = luaxt.family.UNSPEC,
	help = function()
		print("dnsblock match: DNS queries for names that examples/dnsblock/common.lua lists; no options")
	end,
	print = function()
		return "blocked DNS question"
	end,
}
