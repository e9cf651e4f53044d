-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Takes two megabytes.
text = ("wide"):rep(1 << 19)
