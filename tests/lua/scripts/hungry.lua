-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Grows until it may not, then works on.
return function()
	local _, message = pcall(function()
		local list = {}
		while true do list[#list + 1] = ("x"):rep(1000) .. #list end
	end)
	collectgarbage()
	local sum = 0
	for i = 1, 100 do sum = sum + i end
	return message, sum
end
