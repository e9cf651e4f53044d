-- SPDX-License-Identifier: MIT OR GPL-2.0-only
local environment = require("lunatik")._ENV
return function()
	environment.tests_answer = environment.tests_question + 1
	return environment.tests_answer
end
