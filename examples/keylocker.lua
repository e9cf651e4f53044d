-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=10ms
-- Locks the keyboard of the console when the Konami code is typed, and unlocks it when that is typed again.
-- docs/examples/keylocker.md tells more.

local notifier = require("notifier")
local kbd, notify = notifier.kbd, notifier.notify

-- Keycodes, as in <linux/input-event-codes.h>
local UP, DOWN, LEFT, RIGHT, LCTRL, LALT = 103, 108, 105, 106, 29, 56

-- A word for each key, with a space before it, so that the end of one is not taken for another.
local code = ""
for _, key in ipairs { UP, UP, DOWN, DOWN, LEFT, RIGHT, LEFT, RIGHT, LCTRL, LALT } do
	code = code .. " " .. key
end

local locked, typed = false, ""

notifier.keyboard(function(event, down, _, key)
	if event ~= kbd.KEYCODE then
		return notify.OK
	end
	local was_locked = locked
	if down then
		typed = (typed .. " " .. key):sub(-#code)
		if typed == code then
			locked, typed = not locked, ""
			print("keylocker: " .. (locked and "locked" or "unlocked"))
		end
	end
	-- The code's last key is for the kernel only when nothing was locked before it.
	return (locked and was_locked) and notify.STOP or notify.OK
end)
