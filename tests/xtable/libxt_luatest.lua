-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The match and the target of tests/vm/xtable.bats, with options: what is said gets to the kernel's script.

local luaxt = require("luaxt")

local SAID <const> = 1

local function options(kind)
	return {
		revision = 2,
		family = luaxt.family.INET,
		options = { { name = "say", has_arg = true }, { name = "loudly" } },
		help = function()
			print("luatest " .. kind .. " options:\n  --say TEXT\n  --loudly")
		end,
		init = function(par)
			par.userargs = "nothing"
		end,
		parse = function(par)
			if par.option == "say" then
				par.userargs = (par.invert and "not " or "") .. par.arg
				par.flags = par.flags | SAID
			else
				par.userargs = par.userargs:upper()
			end
		end,
		final_check = function(flags)
			if flags & SAID == 0 then
				error("--say is needed", 0)
			end
		end,
		print = function(userargs)
			return kind .. " says " .. userargs
		end,
		save = function(userargs)
			io.write(" --say ", luaxt.quote(userargs))
		end,
	}
end

assert(tostring(luaxt.match(options("match"))):match("^luaxt: "))
assert(type(luaxt.target(options("target"))) == "userdata")
