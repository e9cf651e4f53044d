-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq
-- Returns, or does instead, what the argument names.
local xdp = require("xdp")
local action = require("linux.xdp")

local function descend() return 1 + descend() end

local nested = setmetatable({}, { __index = function(self, key) return self[key] .. key end })

-- At once more than there is: to fill it by and by takes some machines longer than a callback may.
local function fill(held)
	while true do held[#held + 1] = ("x"):rep(1000):rep(5000) end
end

local function do_nothing() end

local verdicts = {
	aborted = function() return action.ABORTED end,
	drop = function() return action.DROP end,
	pass = function() return action.PASS end,
	tx = function() return action.TX end,
	redirect = function() return action.REDIRECT end,

	nothing = do_nothing,
	["nil"] = function() return nil end,
	several = function() return action.DROP, action.PASS end,

	negative = function() return -1 end,
	behind = function() return action.REDIRECT + 1 end,
	wide = function() return 1 << 32 | action.DROP end,
	text = function() return "1" end,
	boolean = function() return true end,
	table = function() return {} end,

	error = function() error("deliberate") end,
	["error table"] = function() error({}) end,
	["error nil"] = function() error(nil) end,
	["error text"] = function() error(setmetatable({}, { __tostring = function() return "in words" end })) end,
	["Lua recursion"] = function() return descend() end,
	["C recursion"] = function() return nested.key end,
	memory = function() fill({}) end,
	yield = function() coroutine.yield(action.DROP) end,
	attach = function() xdp.attach(do_nothing) end,

	detach = function() xdp.detach() return action.DROP end,
	argument = function(argument) return #argument end,
}

xdp.attach(function(_, argument)
	-- Without an argument: its size, 0.
	local name = #argument > 0 and argument:getstring(0) or "argument"
	return verdicts[name](argument)
end)
