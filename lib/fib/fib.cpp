// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `fib`: the rules by which the kernel chooses a routing table, as `ip rule` shows them.
#include "lunatik.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
}

namespace lunatik {

static uint32_t check_u32(lua_State *L, int arg, lua_Integer least, const char *range)
{
	lua_Integer value = check_integer(L, arg);

	luaL_argcheck(L, value >= least && value <= 0xffffffff, arg, range);
	return static_cast<uint32_t>(value);
}

/* What is the matter with a change that the kernel refused. */
static const char *reason(int error, const char *why)
{
	switch (error) {
	case -EEXIST:
		return "it exists already";
	case -ENOENT:
		return "there is none";
	case -EINTR:
		return "the wait for RTNL was interrupted";
	case -ENOMEM:
		return "not enough memory";
	case -ENOSPC:
		return "there are 1024 rules already";
	case -ENXIO:
		return "the network namespace has ended";
	}
	return why ? why : "the kernel refused it";
}

static int change(lua_State *L, bool add)
{
	lua_Integer family;
	luafib_rule rule;
	const char *why;
	int error;

	rule.table = check_u32(L, 1, 1, "table out of range (1 to 4294967295)");
	rule.priority = check_u32(L, 2, 0, "priority out of range (0 to 4294967295)");
	family = luaL_optinteger(L, 3, luafib_inet);
	luaL_argcheck(L, family == luafib_inet || family == luafib_inet6, 3,
		      "family is neither fib.af.INET nor fib.af.INET6");
	rule.family = static_cast<int>(family);
	check_may_wait(L, add ? "fib.newrule" : "fib.delrule");
	error = luafib_change(&rule, add, net_of(L), &why);
	if (error)
		return luaL_error(L, "cannot %s the rule of priority %I for table %I: %s (error %d)", add ? "add" : "delete",
				  static_cast<LUAI_UACINT>(rule.priority), static_cast<LUAI_UACINT>(rule.table),
				  reason(error, why), -error);
	return 0;
}

/// Adds a rule that looks up every packet in a routing table, as `ip rule add table TABLE priority PRIORITY`, in the
/// network namespace of whoever runs the script. It stays when the script ends.
/// @param table integer 1 to 4294967295; 254 is main
/// @param priority integer 0 to 4294967295; the least is tried first
/// @param family? integer of fib.af; INET when omitted
/// Errors: an argument is out of range; there is such a rule; there are 1024 rules; the kernel refused it; not enough memory; the task was
/// killed meanwhile; called where the code may not sleep.
/// Context: process. Kernel: fib_nl_newrule().
/// @function fib.newrule(table, priority, family)
static int newrule(lua_State *L)
{
	return change(L, true);
}

/// Deletes the first rule with this table and priority, whatever else it matches, as
/// `ip rule del table TABLE priority PRIORITY`.
/// @param table integer 1 to 4294967295
/// @param priority integer 0 to 4294967295; as for the command, 0 matches only what has 0
/// @param family? integer of fib.af; INET when omitted
/// Errors: as those of fib.newrule(); there is no such rule.
/// Context: process. Kernel: fib_nl_delrule().
/// @function fib.delrule(table, priority, family)
static int delrule(lua_State *L)
{
	return change(L, false);
}

} // namespace lunatik

int luaopen_fib(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "newrule", lunatik::newrule },
		{ "delrule", lunatik::delrule },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	lua_newtable(L);
	lunatik::set_constants(L, luafib_af);
	lua_setfield(L, -2, "af");
	return 1;
}
