-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=50ms
-- Prints the events of the keyboard; answers STOP to the keycode of x, and goes wrong at others.
local notifier = require("notifier")
local kbd, notify = notifier.kbd, notifier.notify

local names = {}
for name, event in pairs(kbd) do
	names[event] = name
end

local X, E, W, L, D = 45, 18, 17, 38, 32
local watch

watch = notifier.keyboard(function(event, down, shift, key)
	print(("kbd: %s %s %s %d"):format(names[event], down, shift, key))
	if event ~= kbd.KEYCODE or not down then return end
	if key == X then return notify.STOP end
	if key == E then error("on purpose") end
	if key == W then return {} end
	if key == L then while true do end end
	if key == D then watch:delete() end
end)
