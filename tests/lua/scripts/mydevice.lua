-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What /dev/mydevice answers: one read of "42", an error for a size of 7, nothing at all for 8.
function myread(length, offset)
	if length == 7 then error("seven") end
	if length == 8 then return nil end
	return offset == 0 and "42" or ""
end
