-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- Drops TCP packets to listed ports, at XDP. 9999 is listed when the script is first run; the list may be
-- changed at any time.
--
--	lunatik attach examples/drop eth0
--	echo 'require("lunatik")._ENV.drop_ports["8080"] = true' | lunatik

local environment = require("lunatik")._ENV
local packet = require("packet")
local rcu = require("rcu")
local xdp = require("xdp")
local action = require("linux.xdp")

local ports = environment.drop_ports
if not ports then
	ports = rcu.table(64)
	ports["9999"] = true
	environment.drop_ports = ports
end

xdp.attach(function(frame)
	-- A frame that is no TCP, or too short for its headers, has no port, and passes.
	local _, _, port = packet.tcp(frame)
	return port and ports[tostring(port)] and action.DROP or action.PASS
end)
