// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The memory of a state: what it has, and what it may have.
#include "state.hpp"

namespace lunatik {

static size_t load(const size_t *bytes)
{
	return __atomic_load_n(bytes, __ATOMIC_RELAXED);
}

Account *account_new(size_t quota, Account *maker)
{
	Account *account = static_cast<Account *>(lunatik_memory_new(sizeof(Account), LUNATIK_MEMORY_SLEEP));

	if (!account)
		return nullptr;
	account->references = 1;
	account->quota = quota;
	account->maker = maker;
	if (maker)
		account_get(maker);
	return account;
}

void account_get(Account *account)
{
	__atomic_fetch_add(&account->references, 1, __ATOMIC_RELAXED);
}

void account_put(Account *account)
{
	while (account && !__atomic_sub_fetch(&account->references, 1, __ATOMIC_ACQ_REL)) {
		Account *maker = account->maker;

		lunatik_memory_free(account);
		account = maker;
	}
}

size_t account_used(const Account *account)
{
	return load(&account->lua) + load(&account->outside);
}

static void give(Account *account, size_t bytes)
{
	for (; account; account = account->maker)
		__atomic_fetch_sub(&account->outside, bytes, __ATOMIC_RELAXED);
}

/* Takes the bytes from the account and from all that made it, or from none. Others may do so meanwhile. */
static bool take(Account *account, size_t bytes)
{
	for (Account *from = account; from; from = from->maker) {
		__atomic_fetch_add(&from->outside, bytes, __ATOMIC_RELAXED);
		if (bytes > from->quota || account_used(from) > from->quota) {
			Account *behind = from->maker;

			for (; account != behind; account = account->maker)
				__atomic_fetch_sub(&account->outside, bytes, __ATOMIC_RELAXED);
			return false;
		}
	}
	return true;
}

static bool refuse(State *state)
{
	state->age |= LUNATIK_FULL;
	return false;
}

bool account_resize(State *state, size_t old, size_t size)
{
	Account *account = state->account;

	if (size > old) {
		size_t more = size - old, used = account_used(account);

		if (used > account->quota || more > account->quota - used)
			return refuse(state);
		if (account->maker && !take(account->maker, more))
			return refuse(state);
	} else if (account->maker) {
		give(account->maker, old - size);
	}
	/* Others only read it. */
	__atomic_store_n(&account->lua, account->lua + size - old, __ATOMIC_RELAXED);
	return true;
}

Account *account_take(State *state, size_t bytes)
{
	if (!take(state->account, bytes)) {
		refuse(state);
		return nullptr;
	}
	account_get(state->account);
	return state->account;
}

void account_give(Account *account, size_t bytes)
{
	if (!account)
		return;
	give(account, bytes);
	account_put(account);
}

bool may_collect(State *state)
{
	if (state->age & LUNATIK_COLLECTED)
		return false;
	state->age |= LUNATIK_COLLECTED;
	return true;
}

bool charge(lua_State *L, Object *object, size_t bytes)
{
	State *state = state_of(L);
	Account *payer;

	if (bytes >> 10)
		lua_gc(L, LUA_GCSTEP, static_cast<int>(bytes >> 10));
	payer = account_take(state, bytes);
	if (!payer && may_collect(state)) {
		lua_gc(L, LUA_GCCOLLECT);
		payer = account_take(state, bytes);
	}
	if (!payer)
		return false;
	if (object->payer)
		account_put(payer); /* it is the same, and counted once for each object */
	object->payer = payer;
	object->charged += bytes;
	return true;
}

} // namespace lunatik
