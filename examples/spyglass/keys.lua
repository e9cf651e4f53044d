-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: hardirq budget=10ms
-- The half of spyglass that the keyboard enters: puts what is typed into a fifo.
-- First resumed with the fifo, then with true or false: whether to log.

local notifier = require("notifier")
local kbd = notifier.kbd

local log, enabled

-- The types of keysyms in <linux/keyboard.h>: in the second byte, less 0xf0
local LATIN, FUNCTION, SPECIAL, ARROW, LETTER = 0, 1, 2, 6, 11

local control = {}
for name in ("nul soh stx etx eot enq ack bel bs ht lf vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em " ..
	"sub esc fs gs rs us"):gmatch("%g+") do
	control[#control + 1] = "<" .. name .. ">"
end
local arrows = { [0] = "<down>", "<left>", "<right>", "<up>" }
local ENTER = 1

local function ascii(code)
	return code < 32 and control[code + 1] or code == 127 and "<del>" or utf8.char(code)
end

-- What is logged for a keysym; nil for Shift and the like.
local function text_of(keysym)
	local kind, code = (keysym >> 8) - 0xf0, keysym & 0xff
	if kind == LATIN or kind == LETTER then
		return ascii(code)
	elseif kind == SPECIAL and code == ENTER then
		return "<cr>"
	elseif kind == ARROW then
		return arrows[code]
	elseif kind == FUNCTION and code < 20 then
		return ("<f%d>"):format(code + 1)
	end
end

notifier.keyboard(function(event, down, _, key)
	if not (enabled and down) then
		return
	end
	local text
	if event == kbd.KEYSYM then
		text = text_of(key)
	elseif event == kbd.UNICODE then
		text = ascii(key)
	end
	if text then
		-- What does not fit, because nobody reads, is not logged.
		pcall(log.push, log, text)
	end
end)

return function(queue)
	log = queue
	while true do
		enabled = coroutine.yield()
	end
end
