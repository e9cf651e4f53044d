-- SPDX-License-Identifier: MIT OR GPL-2.0-only
return function() while true do pcall(function() while true do end end) end end
