-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What drop.lua does, by the library `packet`.
local xdp = require("xdp")
local tcp = require("packet").tcp

local PASS <const>, DROP <const> = 2, 1

xdp.attach(function(packet)
  local _, _, port = tcp(packet)
  if port == 9999 then return DROP end
  return PASS
end)
