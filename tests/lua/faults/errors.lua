-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Errors, and results that no callback may have: what each returns or raises.
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

-- Results that are wrong for a read and for a packet
function errors.result_table() return {} end
function errors.result_function() return print end
function errors.result_boolean() return true end
function errors.result_coroutine() return coroutine.create(print) end

return errors
