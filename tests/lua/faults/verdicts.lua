-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Results that are no verdict for a packet.
return {
	negative = function() return -1 end,
	beyond = function() return 5 end,
	huge = function() return 1 << 40 end,
	wraps = function() return 1 << 32 | 1 end,
	least = function() return math.mininteger end,
	string = function() return "DROP" end,
	number_string = function() return "1" end,
}
