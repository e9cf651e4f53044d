-- SPDX-License-Identifier: MIT OR GPL-2.0-only
return function(...)
	local values = table.pack(...)
	while true do
		values = table.pack(coroutine.yield(table.unpack(values, 1, values.n)))
	end
end
