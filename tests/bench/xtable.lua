-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- The empty match, of every packet, and the empty target of iptables.
local xtable = require("xtable")

local CONTINUE <const> = require("netfilter").action.CONTINUE

xtable.match { name = "luabench", match = function() return true end }
xtable.target { name = "luabench", target = function() return CONTINUE end }
