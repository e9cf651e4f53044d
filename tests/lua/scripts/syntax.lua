-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local x = 1
local y = = 2
