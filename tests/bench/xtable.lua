-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- The empty match, of every packet, and the empty target of iptables.
local xtable = require("xtable")

local CONTINUE <const> = require("netfilter").action.CONTINUE

xtable.match { name = "luaplain", match = function() return true end }
xtable.target { name = "luaplain", target = function() return CONTINUE end }
