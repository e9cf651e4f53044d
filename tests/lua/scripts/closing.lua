-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local environment = require("lunatik")._ENV
keep = setmetatable({}, { __gc = function() environment.tests_closed = true end })
