-- SPDX-License-Identifier: MIT OR GPL-2.0-only
return function()
	local self = require("lunatik")._ENV.tests_self
	local _, stopped = pcall(self.stop, self)
	local _, resumed = pcall(self.resume, self)
	return stopped, resumed
end
