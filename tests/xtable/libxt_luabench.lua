-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The match and the target of tests/bench/xtable.lua, without options.

local luaxt = require("luaxt")

luaxt.match {}
luaxt.target {}
