-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Faults of memory: functions that want more than there is, each of which has to end in an error.
local data = require("data")
require("mailbox")

local memory = {}

function memory.table() local t = {} for i = 1, math.maxinteger do t[i] = i end end
function memory.hash() local t = {} for i = 1, math.maxinteger do t["key" .. i] = i end end
function memory.tables() local t = {} while true do t = { t } end end
function memory.string() local s = "x" while true do s = s .. s end end
function memory.rep() return ("x"):rep(1 << 40) end
function memory.separated() return ("x"):rep(1 << 62, "y") end
function memory.concat() local t = {} for i = 1, 1 << 10 do t[i] = ("x"):rep(1 << 14) end return table.concat(t) end
function memory.closures() local t = {} while true do t[#t + 1] = function() return t end end end
function memory.coroutines() local t = {} while true do t[#t + 1] = coroutine.create(function() end) end end
function memory.gsub() return (("x"):rep(1 << 12):gsub("x", ("y"):rep(1 << 12))) end
function memory.format() return ("%s"):rep(1 << 10):format(table.unpack((function() local t = {} for i = 1, 1 << 10 do t[i] = ("x"):rep(1 << 15) end return t end)())) end
function memory.unpack() return table.unpack({}, 1, 1 << 24) end
function memory.byte() return ("x"):rep(1 << 21):byte(1, -1) end
function memory.stack() local function f(...) return select("#", ...) + f(1, ...) end return f() end
function memory.source() local n = 0 return assert(load(function() n = n + 1 return n < 1 << 24 and ("a" .. n .. "=" .. n .. "\n"):rep(50) or nil end)) end
function memory.constant() return assert(load("return '" .. ("x"):rep(1 << 21) .. "', '" .. ("y"):rep(1 << 21) .. "'")) end
function memory.error() error(("x"):rep(1 << 22) .. ("y"):rep(1 << 22) .. ("z"):rep(1 << 24)) end
function memory.caught() while true do local good, message = pcall(memory.tables) if not good then error(message, 0) end end end
function memory.finalizers() while true do setmetatable({ ("x"):rep(100) }, { __gc = function(t) memory.kept = { memory.kept, t } end }) end end
function memory.data() local t = {} while true do t[#t + 1] = data.new(1 << 16) end end
function memory.small_data() local t = {} while true do t[#t + 1] = data.new(1) end end
function memory.huge_data() return data.new(1 << 22), data.new(1 << 22), data.new(1 << 22), data.new(1 << 22), data.new(1 << 22) end
function memory.substrings() local d, t = data.new(1 << 16), {} while true do t[#t + 1] = d:getstring(0) .. #t end end
function memory.fifos() local t = {} while true do t[#t + 1] = require("fifo").new(1 << 16) end end
function memory.completions() local t = {} while true do t[#t + 1] = require("completion").new() end end
function memory.mailboxes() local t = {} while true do t[#t + 1] = require("mailbox").inbox(1 << 12) end end
function memory.messages()
	local inbox, t = require("mailbox").inbox(1 << 16), {}
	while true do
		inbox.queue:send(("x"):rep(60000) .. #t)
		t[#t + 1] = inbox.queue:receive()
	end
end
function memory.environment()
	local shared = require("lunatik")._ENV.faults
	for i = 1, math.maxinteger do shared["key" .. i] = ("x"):rep(1000) end
end

return memory
