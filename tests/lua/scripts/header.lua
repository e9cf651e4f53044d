-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Any comment may come first.
-- lunatik: softirq percpu
return function() end
