-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Faults of time: functions that never return by themselves, or not in time. Nested little: they are parsed near the
-- end of the stack where a kernel's checkers make frames large.
local data = require("data")
local mailbox = require("mailbox")
local packet = require("packet")
local syscall = require("syscall")

local function forever() while true do end end

local time = {}

time.loop = forever
time.pcall = function() while true do pcall(forever) end end
time.xpcall = function() xpcall(forever, forever) forever() end
local function forever_twice() pcall(forever) forever() end
time.coroutine = function() while true do pcall(coroutine.wrap(forever_twice)) end end
time.close = function() local x <close> = setmetatable({}, { __close = forever }) forever() end
time.gc = function() setmetatable({}, { __gc = forever }) collectgarbage() forever() end
time.hook = function() debug.sethook(function() debug.sethook() end, "l") forever() end
time.pattern = function() return ("a"):rep(200):find(("a*"):rep(100) .. "b") end
time.find = function() return ("a"):rep(300000):find(("a"):rep(150000) .. "b", 1, true) end
time.rep = function() while true do (("x"):rep(1 << 16)):rep(4, ",") end end
local last = 0
local function ascending() last = last + 1 return last end
local function nothing() end
local function always() return true end
local function endless() return 1 << 30 end
time.sort = function()
	table.sort(setmetatable({}, { __len = endless, __index = ascending, __newindex = nothing }), always)
end
local function empty() return "" end
time.concat = function() return table.concat(setmetatable({}, { __index = empty }), "", 1, 1 << 60) end
time.move = function() return table.move(setmetatable({}, { __index = rawget, __newindex = rawequal }), 1, 1 << 60, 2) end
time.insert = function() return table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1) end
time.pack = function() local s = ("x"):rep(10000) for i = 1, 1 << 60 do string.packsize(s) end end
time.utf8 = function() local s = ("x"):rep(10000) for i = 1, 1 << 60 do utf8.len(s) end end
time.gsub = function() local s = ("x"):rep(10000) while true do s:gsub(".", string.upper) end end
time.load = function() return assert(load(function() return " " end)) end
time.index = function() local t = {} for i = 1, 1900 do t = setmetatable({}, { __index = t }) end while true do pcall(function() return t.x end) end end
time.class = function() return ("a"):rep(1 << 18):find("[" .. ("b"):rep(1 << 18) .. "a]*") end
time.packet = function()
	-- As many TLS extensions as there may be, none of which is looked for; and DNS pointers
	local d = data.new(16384)
	d:setstring(0, "\22\3\1\63\255\1\0\63\251\3\3" .. ("R"):rep(32) .. "\0\0\2\19\1\1\0\63\208" .. ("\0\5\0\0"):rep(4000))
	for i = 1, 127 do d:setuint16be(8000 + i * 2, 0xc000 | 8000 + i * 2 - 2) end
	d:setuint16be(8000, 0)
	while true do
		assert(packet.sni(d, 0) == nil and packet.name(d, 8254, 0) == 8256)
	end
end
time.queue = function()
	local inbox = mailbox.inbox(64)
	local outbox = mailbox.outbox(inbox.queue, inbox.event)
	while true do
		outbox:send("message")
		assert(inbox.queue:receive() == "message" and not pcall(inbox.queue.push, inbox.queue, ("x"):rep(65)))
	end
end
time.syscall = function() while true do syscall.number("read") syscall.address(0) end end
time.sethook = function()
	local function f() local x <close> = nothing; forever() end
	debug.setmetatable(print, { __close = debug.sethook })
	while true do pcall(f) debug.sethook() end
end
time.memory = function()
	local held, list = {}, nil
	for i = 1, 4096 do held[i] = false end
	local function chain() while true do list = { list } end end
	local function fill() for i = 1, 4096 do held[i] = ("%x"):format(i) end end
	pcall(chain)
	pcall(fill)
	while true do pcall(forever) end
end
time.coroutines = function()
	local function nest(depth)
		if depth > 0 then for _ = 1, 150 do coroutine.wrap(nest)(depth - 1) end end
	end
	while true do nest(4) end
end
local function hold_open() local x <close> = setmetatable({}, { __close = forever }) coroutine.yield() end
time.closings = function()
	local held = {}
	for i = 1, 500 do
		held[i] = coroutine.create(hold_open)
		coroutine.resume(held[i])
	end
	debug.setmetatable(held[1], { __close = coroutine.close })
	local function descend(i) if i > 500 then forever() end local x <close> = held[i] descend(i + 1) end
	descend(1)
end
time.resume = function()
	-- Two coroutines that resume each other in turn
	local a, b
	a = coroutine.wrap(function() while true do b() coroutine.yield() end end)
	b = coroutine.wrap(function() while true do coroutine.yield() end end)
	while true do a() end
end
time.unpack = function() while true do select("#", string.unpack(("i8"):rep(100), ("x"):rep(800))) end end
time.tostring = function() local t = setmetatable({}, { __tostring = empty }) while true do tostring(t) end end
local function one() return 1 end
time.next = function() for _ in one do end end
time["goto"] = function() ::again:: goto again end
time.collect = function() while true do collectgarbage() end end
time.traceback = function() while true do debug.traceback(("x"):rep(1000)) end end
time.names = function()
	local fields = {}
	for i = 1, 8000 do fields["k" .. i] = 1 end
	for i = 1, 4000 do package.loaded["m" .. i] = fields end
	local function descend(i) if i == 0 then error("deep") end return (descend(i - 1)) end
	while true do xpcall(descend, debug.traceback, 25) end
end
time.jumps = function() while true do load("return " .. ("a and "):rep(30000) .. "a") end end
time.labels = function()
	local names = {}
	for i = 1, 10000 do names[i] = "goto a" .. i end
	for i = 1, 10000 do names[#names + 1] = "::a" .. i .. "::" end
	while true do load(table.concat(names, " ")) end
end
time.print = function() print(("x"):rep(1 << 16)) forever() end
time.searchpath = function() while true do pcall(package.searchpath, ("a"):rep(1 << 20), "?", ("a"):rep(1 << 19) .. "b") end end

return time
