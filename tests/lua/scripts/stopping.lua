-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Answers STOP to every event of network devices once it runs.
local notifier = require("notifier")

local running = false

notifier.netdevice(function() return running and notifier.notify.STOP or nil end)
running = true
