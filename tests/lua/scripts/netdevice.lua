-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Prints the events of network devices whose names begin with "nt", answers to some, and goes wrong at others.
local notifier = require("notifier")
local netdev, notify = notifier.netdev, notifier.notify

local names = {}
for name, event in pairs(netdev) do
	names[event] = name
end

local answers = { BAD = notify.BAD, OK = notify.OK, STOP = notify.STOP }
local watch

watch = notifier.netdevice(function(event, name)
	local what = name:match("^nt%-?(.*)")
	if not what then
		return
	end
	print("nt: " .. (names[event] or event) .. " " .. name)
	if event == netdev.PRE_UP then
		if what == "error" then error("on purpose") end
		if what == "wrong" then return "BAD" end
		if what == "number" then return 3 end
		if what == "loop" then while true do end end
		if what == "delete" then watch:delete() return end
		return answers[what]
	end
end)
