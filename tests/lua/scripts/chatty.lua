-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=50ms
-- Prints a line for whatever is written to any terminal.
local notifier = require("notifier")

notifier.vterm(function(event, character)
	print("chatty: " .. event .. " " .. character)
end)
