/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A hash table of strings to values that any runtime reads without a lock (RCU) and any runtime
 * writes. The class rcu.table of Lua, and the registry of running scripts.
 */
#ifndef LUNATIK_TABLE_HPP
#define LUNATIK_TABLE_HPP

#include "lunatik.hpp"

namespace lunatik {

struct TableEntry;

struct Table : Object {
	static const Class type LUNATIK_KIT(table_type);

	lunatik_writer *writer;
	TableEntry **buckets;
	unsigned int seed;		/* of the hashes: nobody chooses keys that collide */
	unsigned int mask;		/* the number of buckets, a power of two, less one */
	unsigned int generation;	/* changes with every write, before an old entry is freed */
	unsigned long number;		/* in the order in which tables were made */
};

/* --- for C++ --- */

static const unsigned int table_buckets_max = 1 << 20;

/* The bytes of a table's buckets. */
size_t table_size(unsigned int buckets) LUNATIK_KIT(table_size);

/* Gives a new table, from allocate(), its buckets. False when out of memory. May sleep. */
bool table_init(Table *table, unsigned int buckets) LUNATIK_KIT(table_init);

/* A table of the core's own, outside of every state. Null when out of memory. May sleep. */
Table *table_new(unsigned int buckets);

/*
 * The object under `key`, or null. The caller is an RCU reader, and the object lives as long as it
 * stays one.
 */
Object *table_find_object(const Table *table, const char *key, size_t length);

/* Sets `key` to the object, of which the table takes a reference; null clears it. 0 or -ENOMEM. */
int table_set_object(Table *table, const char *key, size_t length, Object *object);

/* Forgets everything, so that objects that hold the table and are held by it are freed. */
void table_clear(Table *table);

/* --- for Lua --- */

/* Pushes the value of the table in argument 1 under the string at `key`. Raises. */
int table_get(lua_State *L, int key);

/* map(table, callback): calls callback(key, value) for each entry. */
int table_map(lua_State *L) LUNATIK_KIT(table_map);

} // namespace lunatik

#endif
