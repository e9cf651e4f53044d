-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- With the name of the script it is longer than a record of any kernel's log, too.
return function()
	error(("x"):rep(2000), 0)
end
