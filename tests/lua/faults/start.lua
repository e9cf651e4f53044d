-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Carries a fault to the start of a script.
require("tests.faults.carried")(require("lunatik")._ENV.fault)
