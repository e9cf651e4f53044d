// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `rcu`: makes tables that runtimes share. The class is the core's (src/table.cpp).
#include "lunatik_table.hpp"
#include "kernel.h"

namespace lunatik {

/* rcu.table([size]): size is the number of buckets, rounded up to a power of two. */
static int new_table(lua_State *L)
{
	lua_Integer size = luaL_optinteger(L, 1, 1024);

	luaL_argcheck(L, size > 0 && size <= table_buckets_max, 1, "size out of range (1 to 1048576 buckets)");
	check_may_sleep(L, "rcu.table");
	if (!table_init(push_new<Table>(L), static_cast<unsigned int>(size)))
		return luaL_error(L, "not enough memory");
	return 1;
}

} // namespace lunatik

int luaopen_rcu(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "table", lunatik::new_table },
		{ "map", lunatik::table_map },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
