-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=50ms
-- Prints the events of the terminals from tty8 on, and keeps the character # from these.
local notifier = require("notifier")
local vt = notifier.vt

local names = {}
for name, event in pairs(vt) do
	names[event] = name
end

notifier.vterm(function(event, character, terminal)
	if terminal >= 7 and event ~= vt.UPDATE then
		print(("vt: %s %d %d"):format(names[event], character, terminal))
	end
	if terminal >= 7 and event == vt.PREWRITE and character == 35 then
		return notifier.notify.STOP
	end
end)
