// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `rcu`: makes tables that runtimes share. The class is the core's (src/table.cpp).
#include "lunatik_table.hpp"
#include "kernel.h"

namespace lunatik {

/// Makes a table that runtimes share: t[key] = value with a string key and nil (which clears the
/// entry), a boolean, an integer, a string or a shared object as value. Reading takes no lock. A table
/// holds only tables that were made after it: two that hold each other would be there for ever.
/// @param size? integer buckets, 1 to 1048576, rounded up to a power of two; 1024 when omitted
/// @return rcu.table
/// Errors: size out of range; not enough memory; called where the code may not sleep. Of the table:
/// the key is no string; the value cannot be shared, or is a table that was made before; a bucket has 1024
/// entries; not enough memory.
/// Context: process to make one, any to use it. Kernel: RCU.
/// @function rcu.table(size)
static int new_table(lua_State *L)
{
	lua_Integer size = luaL_optinteger(L, 1, 1024);

	luaL_argcheck(L, size > 0 && size <= table_buckets_max, 1, "size out of range (1 to 1048576 buckets)");
	check_may_sleep(L, "rcu.table");
	Table *table = push_new<Table>(L);

	/* A finalizer could close it. */
	get(table);
	bool made = charge(L, table, table_size(static_cast<unsigned int>(size))) &&
		    table_init(table, static_cast<unsigned int>(size));

	if (put(table) || !made)
		return luaL_error(L, "not enough memory");
	return 1;
}

} // namespace lunatik

/// Calls callback(key, value) for each entry. Entries that come or go meanwhile may be left out.
/// @param table rcu.table
/// @param callback function
/// Errors: those of the callback.
/// Context: any.
/// @function rcu.map(table, callback)
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
