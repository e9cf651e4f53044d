-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What sni.lua does, by the library `packet`; it finds the payload itself.
local xdp = require("xdp")
local sni = require("packet").sni

local PASS <const>, DROP <const> = 2, 1
local listed = { ["ebpf.io"] = true }

xdp.attach(function(packet)
  local name = sni(packet)
  return name and listed[name] and DROP or PASS
end)
