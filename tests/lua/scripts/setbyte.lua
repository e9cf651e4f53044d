-- SPDX-License-Identifier: MIT OR GPL-2.0-only
return function(data, offset, byte)
	data:setbyte(offset, byte)
end
