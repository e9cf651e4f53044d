-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Errors, and results that no callback may have: what each returns or raises.
local completion = require("completion")
local data = require("data")
local fib = require("fib")
local fifo = require("fifo")
local mailbox = require("mailbox")
local netfilter = require("netfilter")
local notifier = require("notifier")
local packet = require("packet")
local probe = require("probe")
local syscall = require("syscall")
local xtable = require("xtable")

local errors = {}

function errors.error() error("on purpose") end
function errors.error_nil() error(nil) end
function errors.error_table() error({}) end
function errors.error_boolean() error(false) end
function errors.error_function() error(print) end
function errors.error_object() error(setmetatable({}, { __tostring = function() return "an object" end })) end
function errors.error_in_tostring() error(setmetatable({}, { __tostring = function() error("inner") end })) end
function errors.tostring_no_string() error(setmetatable({}, { __tostring = function() return {} end })) end
function errors.error_in_close() local x <close> = setmetatable({}, { __close = function() error("closing") end }) error("first") end
function errors.nil_index() local t return t.x end
function errors.nil_call() local t t() end
function errors.arithmetic() return {} + 1 end
function errors.zero() return 1 // (#"" * 1) end
function errors.modulo() return 1 % (#"" * 1) end
function errors.division() return assert(load("return 1 / 2")) end
function errors.power() return assert(load("return 2 ^ 2")) end
function errors.comparison() return {} < {} end
function errors.yield() coroutine.yield(1) end
function errors.binary() return assert(load("\27Lua", "x", "b")) end
function errors.dump() return assert(load(string.dump(function() end))) end
function errors.registry() return debug.getregistry() end
function errors.absent() return require("no.such.module") end
function errors.failing() return require("lunatik").runtime("tests/scripts/syntax") end

-- Of sockets: the kernel's errors, and in the contexts that have none, that they have none
local function socket(family, type)
	return require("socket").new(family, type, 0)
end
function errors.socket_family() return socket(46, 1) end
function errors.socket_unconnected() return socket(2, 1):receive(1) end
function errors.socket_address() return socket(2, 2):send("x", 1 << 32, 1) end
function errors.socket_length() return socket(2, 2):receive(math.maxinteger) end

-- Of the other libraries: what does not fit, what is no argument, and what is too late in a callback
function errors.fifo_room() fifo.new(8):push(("x"):rep(9)) end
function errors.fifo_malformed() local f = fifo.new(64) f:push(("\255"):rep(8)) return f:receive() end
function errors.mailbox_room() mailbox.outbox(8):send("too long") end
function errors.mailbox_outbox() return mailbox.outbox(8):receive() end
function errors.completion_wait() return completion.new():wait(-1) end
function errors.packet_offset() return packet.tcp(data.new(64), "text") end
function errors.syscall_name() return syscall.number({}) end
function errors.syscall_number() return syscall.address(-1) end
function errors.fib_table() return fib.newrule(-1, 1) end
function errors.fib_absent() return fib.delrule(1234567, 54321) end
local function nothing() end
function errors.late_hook()
	return netfilter.register({ pf = netfilter.family.ARP, hooknum = 0, priority = 0, hook = nothing })
end
function errors.late_match() return xtable.match({ name = "lualate", match = nothing }) end
function errors.late_target() return xtable.target({ name = "lualate", target = nothing }) end
function errors.late_probe() return probe.new("vfs_read", { pre = nothing }) end
function errors.notifier_callback() return notifier.keyboard({}) end

-- Results that are wrong for a read and for a packet
function errors.result_table() return {} end
function errors.result_function() return print end
function errors.result_boolean() return true end
function errors.result_coroutine() return coroutine.create(print) end

return errors
