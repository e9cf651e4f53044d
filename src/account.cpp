// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What a script has allocated through bindings, counted in its state's quota.
#include "state.hpp"

namespace lunatik {

Account *account_new()
{
	Account *account = static_cast<Account *>(lunatik_memory_new(sizeof(Account), LUNATIK_MEMORY_SLEEP));

	if (account)
		account->references = 1;
	return account;
}

void account_put(Account *account)
{
	if (!__atomic_sub_fetch(&account->references, 1, __ATOMIC_ACQ_REL))
		lunatik_memory_free(account);
}

Account *account_take(State *state, size_t bytes)
{
	Account *account = state->account;

	/* Who is inside of the state is alone in adding. */
	if (bytes > room_of(state))
		return nullptr;
	__atomic_fetch_add(&account->used, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->references, 1, __ATOMIC_RELAXED);
	return account;
}

void account_give(Account *account, size_t bytes)
{
	if (!account)
		return;
	__atomic_fetch_sub(&account->used, bytes, __ATOMIC_RELAXED);
	account_put(account);
}

size_t used_by(const State *state)
{
	return __atomic_load_n(&state->used, __ATOMIC_RELAXED) + __atomic_load_n(&state->account->used, __ATOMIC_RELAXED);
}

size_t room_of(const State *state)
{
	size_t used = used_by(state);

	return used < state->quota ? state->quota - used : 0;
}

bool charge(lua_State *L, Object *object, size_t bytes)
{
	State *state = state_of(L);
	Account *payer;

	if (bytes >> 10)
		lua_gc(L, LUA_GCSTEP, static_cast<int>(bytes >> 10));
	if (bytes > room_of(state))
		lua_gc(L, LUA_GCCOLLECT);
	payer = account_take(state, bytes);
	if (!payer)
		return false;
	if (object->payer)
		account_put(payer); /* it is the same, and counted once for each object */
	object->payer = payer;
	object->charged += bytes;
	return true;
}

} // namespace lunatik
