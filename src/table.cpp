// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The RCU hash table: an entry never changes; a write replaces it and frees the old one later.
#include "lunatik_table.hpp"
#include "state.hpp"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

struct TableEntry {
	lunatik_deferred deferred;
	TableEntry *next;
	Account *payer;			/* null in tables of the core's own */
	unsigned int hash;
	int type;			/* LUA_TBOOLEAN, LUA_TNUMBER, LUA_TSTRING, LUA_TUSERDATA */
	union {
		lua_Integer integer;
		Object *object;
		size_t length;		/* of the string behind the key */
	};
	size_t key_length;
	char bytes[];			/* key, string */
};

/* What a reader copies out of an entry. */
struct Value {
	int type;
	lua_Integer integer;
	Object *object;			/* with a reference */
	size_t length;
};

/* The new value of a key. */
struct Update {
	int type;
	lua_Integer integer;
	Object *object;			/* the caller's reference */
	const char *text;
	size_t length;
};

/* An entry more than these in a bucket is refused: all of them are walked with interrupts off. */
static const unsigned int chain_max = 1024;

static unsigned int hash_of(const Table *table, const char *key, size_t length)
{
	unsigned int hash = table->seed;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ static_cast<unsigned char>(key[i])) * 16777619u;
	return hash ^ hash >> 15;
}

/* The caller is an RCU reader, or the writer. */
static TableEntry *find(const Table *table, unsigned int hash, const char *key, size_t length)
{
	TableEntry *entry = __atomic_load_n(&table->buckets[hash & table->mask], __ATOMIC_CONSUME);

	while (entry) {
		if (entry->hash == hash && entry->key_length == length && !memcmp(entry->bytes, key, length))
			return entry;
		entry = __atomic_load_n(&entry->next, __ATOMIC_CONSUME);
	}
	return nullptr;
}

static size_t size_of(size_t key, int type, size_t text)
{
	return sizeof(TableEntry) + key + (type == LUA_TSTRING ? text : 0);
}

static void entry_free(lunatik_deferred *deferred)
{
	TableEntry *entry = reinterpret_cast<TableEntry *>(deferred);

	if (entry->type == LUA_TUSERDATA)
		put_later(entry->object);
	account_give(entry->payer, size_of(entry->key_length, entry->type, entry->length));
	lunatik_memory_free(entry);
}

/* Whether the entry can take the new value where it is, with no reader seeing half of it. */
static bool overwrite(TableEntry *entry, const Update &update)
{
	if (entry->type != update.type || (update.type != LUA_TNUMBER && update.type != LUA_TBOOLEAN))
		return false;
	__atomic_store_n(&entry->integer, update.integer, __ATOMIC_RELAXED);
	return true;
}

static unsigned int count(const TableEntry *entry)
{
	unsigned int entries = 0;

	for (; entry; entry = entry->next)
		entries++;
	return entries;
}

/* Sets a key whose value is of the same type. False when there is none. */
static bool set_again(Table *table, const char *key, size_t length, const Update &update)
{
	unsigned long flags = lunatik_writer_lock(table->writer);
	TableEntry *entry = find(table, hash_of(table, key, length), key, length);
	bool done = entry && overwrite(entry, update);

	lunatik_writer_unlock(table->writer, flags);
	return done;
}

/*
 * The state that writes, unless it is the core, pays for the entry. 0; -ENOMEM; -ENOSPC when the bucket is
 * full. Does not raise.
 */
static int set(Table *table, const char *key, size_t length, const Update &update, lunatik_memory how, State *state)
{
	size_t size = size_of(length, update.type, update.length);
	unsigned int hash = hash_of(table, key, length);
	TableEntry *fresh = nullptr, *old;
	TableEntry **link;
	unsigned long flags;
	bool full = false;

	if (set_again(table, key, length, update))
		return 0;
	if (update.type != LUA_TNIL) {
		Account *payer = state ? account_take(state, size) : nullptr;

		if (state && !payer)
			return -ENOMEM;
		fresh = static_cast<TableEntry *>(lunatik_memory_new(size, how));
		if (!fresh) {
			account_give(payer, size);
			return -ENOMEM;
		}
		fresh->payer = payer;
		fresh->hash = hash;
		fresh->type = update.type;
		fresh->key_length = length;
		memcpy(fresh->bytes, key, length);
		if (update.type == LUA_TSTRING) {
			fresh->length = update.length;
			memcpy(fresh->bytes + length, update.text, update.length);
		} else if (update.type == LUA_TUSERDATA) {
			get(update.object);
			fresh->object = update.object;
		} else {
			fresh->integer = update.integer;
		}
	}

	flags = lunatik_writer_lock(table->writer);
	old = find(table, hash, key, length);
	link = &table->buckets[hash & table->mask];
	if (old) {
		while (*link != old)
			link = &(*link)->next;
		if (fresh)
			fresh->next = old->next;
		__atomic_store_n(link, fresh ? fresh : old->next, __ATOMIC_RELEASE);
	} else if (fresh && count(*link) >= chain_max) {
		full = true;
	} else if (fresh) {
		fresh->next = *link;
		__atomic_store_n(link, fresh, __ATOMIC_RELEASE);
	}
	__atomic_fetch_add(&table->generation, 1, __ATOMIC_RELEASE);
	lunatik_writer_unlock(table->writer, flags);

	if (full) {
		/* Nobody has seen it. */
		if (fresh->type == LUA_TUSERDATA)
			put(fresh->object);
		account_give(fresh->payer, size);
		lunatik_memory_free(fresh);
		return -ENOSPC;
	}
	if (old) {
		old->deferred.run = entry_free;
		lunatik_defer(&old->deferred);
	}
	return 0;
}

static unsigned int rounded(unsigned int buckets)
{
	unsigned int count = 1;

	while (count < buckets)
		count <<= 1;
	return count;
}

size_t table_size(unsigned int buckets)
{
	return rounded(buckets) * sizeof(TableEntry *);
}

bool table_init(Table *table, unsigned int buckets)
{
	static unsigned long tables;

	table->number = __atomic_add_fetch(&tables, 1, __ATOMIC_RELAXED);
	table->mask = rounded(buckets) - 1;
	table->seed = lunatik_random();
	table->writer = lunatik_writer_new();
	if (!table->writer)
		return false;
	table->buckets = static_cast<TableEntry **>(lunatik_memory_new(table_size(buckets), LUNATIK_MEMORY_LARGE));
	return table->buckets;
}

Table *table_new(unsigned int buckets)
{
	Table *table = static_cast<Table *>(lunatik_memory_new(sizeof(Table), LUNATIK_MEMORY_SLEEP));

	if (!table)
		return nullptr;
	table->klass = &Table::type;
	table->references = 1;
	if (!table_init(table, buckets)) {
		put(table);
		return nullptr;
	}
	return table;
}

void table_clear(Table *table)
{
	if (!table->buckets)
		return;
	for (unsigned int i = 0; i <= table->mask; i++) {
		unsigned long flags = lunatik_writer_lock(table->writer);
		TableEntry *entry = table->buckets[i];

		__atomic_store_n(&table->buckets[i], nullptr, __ATOMIC_RELEASE);
		__atomic_fetch_add(&table->generation, 1, __ATOMIC_RELEASE);
		lunatik_writer_unlock(table->writer, flags);
		while (entry) {
			TableEntry *next = entry->next;

			entry->deferred.run = entry_free;
			lunatik_defer(&entry->deferred);
			entry = next;
		}
	}
}

static void release(Object *object)
{
	Table *table = static_cast<Table *>(object);

	table_clear(table);
	lunatik_memory_free(table->buckets);
	if (table->writer)
		lunatik_writer_free(table->writer);
}

Object *table_find_object(const Table *table, const char *key, size_t length)
{
	TableEntry *entry = find(table, hash_of(table, key, length), key, length);

	return entry && entry->type == LUA_TUSERDATA ? entry->object : nullptr;
}

int table_set_object(Table *table, const char *key, size_t length, Object *object)
{
	Update update = {};

	update.type = object ? LUA_TUSERDATA : LUA_TNIL;
	update.object = object;
	return set(table, key, length, update, LUNATIK_MEMORY_SLEEP, nullptr);
}

/*
 * Copies the value under the key. Up to `size` bytes of a string go to `text`; an object comes with
 * a reference if `takes`, and is not told otherwise.
 */
static Value read(const Table *table, const char *key, size_t length, char *text, size_t size, bool takes)
{
	Value value = { LUA_TNIL, 0, nullptr, 0 };
	TableEntry *entry;

	lunatik_rcu_read_lock();
	entry = find(table, hash_of(table, key, length), key, length);
	if (entry) {
		value.type = entry->type;
		if (entry->type == LUA_TUSERDATA) {
			if (takes) {
				value.object = entry->object;
				get(value.object);
			}
		} else if (entry->type == LUA_TSTRING) {
			value.length = entry->length;
			if (value.length <= size)
				memcpy(text, entry->bytes + entry->key_length, value.length);
		} else {
			value.integer = __atomic_load_n(&entry->integer, __ATOMIC_RELAXED);
		}
	}
	lunatik_rcu_read_unlock();
	return value;
}

/* Holds a reference while what comes next may raise; the collector gives it up if it does. */
static const Class carrier = {
	.name = "carrier",
	.size = sizeof(Object),
	.methods = nullptr,
	.release = nullptr,
	.sleeps = false,
	.release_sleeps = false,
	.shared = false,
	.owner = &__this_module,
};

/* Pushes the object under the key of the table at 1. False when there is none any more. Raises. */
static bool push_object(lua_State *L, const char *key, size_t length)
{
	Box *box = push_box(L, carrier);
	/* Only now: a finalizer may have closed the table. */
	Value value = read(check<Table>(L, 1), key, length, nullptr, 0, true);

	if (value.type != LUA_TUSERDATA) {
		lua_pop(L, 1);
		return false;
	}
	box->object = value.object;
	push(L, value.object);
	box->object = nullptr;
	put(value.object);
	return true;
}

/* Pushes the string of `room` bytes under the key. False when there is none any more. Raises. */
static bool push_string(lua_State *L, const char *key, size_t length, size_t room)
{
	luaL_Buffer buffer;
	char *text = luaL_buffinitsize(L, &buffer, room);
	Value value = read(check<Table>(L, 1), key, length, text, room, false);
	bool found = value.type == LUA_TSTRING && value.length <= room;

	luaL_pushresultsize(&buffer, found ? value.length : 0);
	if (!found)
		lua_pop(L, 1);
	return found;
}

int table_get(lua_State *L, int key_index)
{
	size_t length;
	const char *key = luaL_checklstring(L, key_index, &length);
	char text[64];

	for (;;) {
		Value value = read(check<Table>(L, 1), key, length, text, sizeof(text), false);

		switch (value.type) {
		case LUA_TBOOLEAN:
			lua_pushboolean(L, value.integer != 0);
			return 1;
		case LUA_TNUMBER:
			lua_pushinteger(L, value.integer);
			return 1;
		case LUA_TSTRING:
			if (value.length <= sizeof(text)) {
				lua_pushlstring(L, text, value.length);
				return 1;
			}
			if (push_string(L, key, length, value.length))
				return 1;
			break;
		case LUA_TUSERDATA:
			if (push_object(L, key, length))
				return 1;
			break;
		default:
			lua_pushnil(L);
			return 1;
		}
	}
}

static int index(lua_State *L)
{
	check<Table>(L, 1);
	return table_get(L, 2);
}

/* The shared object in argument `arg`, null for another value that can be shared. Raises. */
static Object *check_shared(lua_State *L, int arg)
{
	luaL_argcheck(L, is_shareable(L, arg), arg, "nil, boolean, integer, string or shared object expected");
	return to_object(L, arg);
}

/*
 * The object in argument 3, which the table is to hold. Objects that hold each other would be there for ever, and
 * run for ever: so a table holds younger ones only, and what runs is in lunatik._ENV's own tables. Raises.
 */
static Object *check_held(lua_State *L, const Table *table)
{
	Object *object = check_shared(L, 3);

	luaL_argcheck(L, object != table, 3, "a table cannot hold itself");
	if (!table->payer)
		return object;
	if (object->klass == &Table::type && static_cast<const Table *>(object)->number < table->number)
		luaL_argerror(L, 3, "a table holds only tables that were made after it: make the outer one first");
	if (object->klass->runs)
		luaL_error(L, "of tables, only lunatik._ENV and those that are there from the start hold a %s",
			   object->klass->name);
	return object;
}

static int newindex(lua_State *L)
{
	/* A key that is a number becomes a string, and meanwhile a finalizer may close the table. */
	check<Table>(L, 1);
	Update update = {};
	size_t length;
	const char *key = luaL_checklstring(L, 2, &length);
	Table *table = check<Table>(L, 1);
	lunatik_memory how = may_sleep(L) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC;

	check_shared(L, 3);
	update.type = lua_type(L, 3);
	switch (update.type) {
	case LUA_TBOOLEAN:
		update.integer = lua_toboolean(L, 3);
		break;
	case LUA_TNUMBER:
		update.integer = lua_tointeger(L, 3);
		break;
	case LUA_TSTRING:
		update.text = lua_tolstring(L, 3, &update.length);
		break;
	case LUA_TUSERDATA:
		update.object = check_held(L, table);
		break;
	}
	int error = set(table, key, length, update, how, state_of(L));

	if (error == -ENOMEM && may_collect(state_of(L))) {
		/* What is garbage may be what fills the quota; a finalizer may close the table meanwhile. */
		lua_gc(L, LUA_GCCOLLECT);
		if (may_sleep(L) && lunatik_may_sleep())
			lunatik_rcu_synchronize(); /* so may entries that were replaced */
		table = check<Table>(L, 1);
		if (update.type == LUA_TUSERDATA)
			update.object = check_held(L, table);
		error = set(table, key, length, update, how, state_of(L));
	}
	if (error == -ENOSPC)
		return luaL_error(L, "too many entries for the size of the table");
	if (error)
		return luaL_error(L, "not enough memory");
	return 0;
}

static const luaL_Reg methods[] = {
	{ "__index", index },
	{ "__newindex", newindex },
	{ nullptr, nullptr },
};

const Class Table::type = {
	.name = "rcu.table",
	.size = sizeof(Table),
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = true,
	.owner = &__this_module,
};

/* Copies the key of the n-th entry of a bucket; its length, or -1 behind the last entry. */
static long key_at(const Table *table, unsigned int bucket, unsigned int n, char *text, size_t size)
{
	long length = -1;
	TableEntry *entry;

	lunatik_rcu_read_lock();
	entry = __atomic_load_n(&table->buckets[bucket], __ATOMIC_CONSUME);
	while (entry && n--)
		entry = __atomic_load_n(&entry->next, __ATOMIC_CONSUME);
	if (entry) {
		length = static_cast<long>(entry->key_length);
		if (entry->key_length <= size)
			memcpy(text, entry->bytes, entry->key_length);
	}
	lunatik_rcu_read_unlock();
	return length;
}

/* Pushes the key of the n-th entry of a bucket of the table at 1. False behind the last. Raises. */
static bool push_key(lua_State *L, unsigned int bucket, unsigned int n)
{
	for (size_t room = 64;;) {
		luaL_Buffer buffer;
		char *text = luaL_buffinitsize(L, &buffer, room);
		long length = key_at(check<Table>(L, 1), bucket, n, text, room);

		if (length >= 0 && static_cast<size_t>(length) <= room) {
			luaL_pushresultsize(&buffer, static_cast<size_t>(length));
			return true;
		}
		luaL_pushresultsize(&buffer, 0);
		lua_pop(L, 1);
		if (length < 0)
			return false;
		room = static_cast<size_t>(length);
	}
}

int table_map(lua_State *L)
{
	unsigned int last = check<Table>(L, 1)->mask;
	lua_Integer count = 0;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	lua_newtable(L);
	for (unsigned int bucket = 0; bucket <= last; bucket++) {
		luafast_attend(L);
		for (unsigned int n = 0; push_key(L, bucket, n); n++) {
			luafast_attend(L);
			lua_rawseti(L, 3, ++count);
		}
	}
	for (lua_Integer i = 1; i <= count; i++) {
		lua_settop(L, 3);
		lua_pushvalue(L, 2);
		lua_rawgeti(L, 3, i);
		table_get(L, 5);
		if (lua_isnil(L, -1))
			continue;	/* gone since */
		lua_copy(L, -1, 6);
		lua_settop(L, 6);
		lua_call(L, 2, 0);
	}
	return 0;
}

} // namespace lunatik
