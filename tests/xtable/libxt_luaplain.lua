-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- A match and a target without options: of tests/bench/xtable.lua and tests/lua/faults.

local luaxt = require("luaxt")

luaxt.match {}
luaxt.target {}
