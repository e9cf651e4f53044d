-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What a callback may get wrong about its packet.
local data = require("data")

-- f(packet), which raises; #packet and its end stay as they were.
local function unchanged(f)
	return function(packet)
		local length = #packet
		local good, message = pcall(f, packet)
		assert(not good and #packet == length, "it changed the packet")
		assert(packet:getbyte(length - 1) and not pcall(packet.getbyte, packet, length), "it moved the bounds")
		error(message, 0)
	end
end

return {
	resize_zero = unchanged(function(packet) packet:resize(0) end),
	resize_below_header = unchanged(function(packet) packet:resize(13) end),
	resize_negative = unchanged(function(packet) packet:resize(-1) end),
	resize_least = unchanged(function(packet) packet:resize(math.mininteger) end),
	resize_greatest = unchanged(function(packet) packet:resize(math.maxinteger) end),
	resize_wraps = unchanged(function(packet) packet:resize(1 << 32 | 60) end),
	resize_beyond_frame = unchanged(function(packet) packet:resize(4096) end),
	resize_nothing = unchanged(function(packet) packet:resize() end),
	resize_text = unchanged(function(packet) packet:resize("long") end),
	resize_other_data = unchanged(function(packet) packet.resize(data.new(100), 60) end),
	resize_forever = function(packet)
		while true do packet:resize(60) packet:resize(1000) end
	end,
	cut_off = function(packet)
		packet:resize(60)
		packet:getbyte(60)
	end,
	redirect_gone = unchanged(function(packet) return packet:redirect("gone0") end),
	redirect_zero = unchanged(function(packet) return packet:redirect(0) end),
	redirect_negative = unchanged(function(packet) return packet:redirect(-1) end),
	redirect_greatest = unchanged(function(packet) return packet:redirect(math.maxinteger) end),
	redirect_long_name = unchanged(function(packet) return packet:redirect(("x"):rep(10000)) end),
	redirect_nothing = unchanged(function(packet) return packet:redirect() end),
	redirect_table = unchanged(function(packet) return packet:redirect({}) end),
	redirect_then_error = function(packet)
		packet:redirect("lo")
		error("after redirect()")
	end,
}
