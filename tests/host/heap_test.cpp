// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The heap of a state: blocks of its own, that hold what was written, and cost the account what the kernel gave.
#include "support.hpp"
#include "state.hpp"

#include <cstring>
#include <random>

using namespace lunatik;
using kernel::Then;

class HeapTest : public Core {
protected:
	/* Code inside of a state whose memory is all its own. */
	void with(const std::function<void(State *)> &code)
	{
		inside(run("heap", ""), [&](lua_State *L) { code(state_of(L)); });
	}
};

TEST_F(HeapTest, BlocksHoldWhatWasWrittenAndAllOfThemGoBackToTheKernel)
{
	with([](State *state) {
		struct Block {
			unsigned char *at;
			size_t size;
			unsigned char mark;
		};
		std::vector<Block> blocks(300);
		std::minstd_rand random(2026);
		size_t before = account_used(state->account), kept = kernel::bytes_used();

		for (int step = 0; step < 200000; step++) {
			Block &block = blocks[random() % blocks.size()];
			size_t size = random() % 8 ? random() % 256 : random() % 3000;

			for (size_t i = 0; i < block.size; i++)
				ASSERT_EQ(block.at[i], block.mark);
			void *at = heap_resize(state, block.at, block.size, size);
			ASSERT_EQ(at == nullptr, size == 0);
			block.at = static_cast<unsigned char *>(at);
			for (size_t i = 0; i < std::min(size, block.size); i++)
				ASSERT_EQ(block.at[i], block.mark);
			block.size = size;
			block.mark = static_cast<unsigned char>(step);
			if (size) {
				ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % heap_step, 0u);
				memset(at, block.mark, size);
			}
		}
		for (Block &block : blocks)
			heap_resize(state, block.at, block.size, 0);
		/* One empty slab of each size may stay. */
		EXPECT_LE(account_used(state->account), before + heap_small / heap_step * 1024);
		EXPECT_EQ(kernel::bytes_used() - kept, account_used(state->account) - before);
	});
}

TEST_F(HeapTest, ABlockThatComesAndGoesTakesNothingFromTheKernel)
{
	with([](State *state) {
		for (size_t size = 1; size <= heap_small; size++) {
			void *kept = heap_resize(state, nullptr, 0, size);

			kernel::fail_allocation(0, Then::Works);
			for (int i = 0; i < 100; i++)
				heap_resize(state, heap_resize(state, nullptr, 0, size), size, 0);
			EXPECT_LE(kernel::allocations(), 1u);
			heap_resize(state, kept, size, 0);
		}
	});
}

TEST_F(HeapTest, WhatCannotBeHadLeavesTheOldBlockAsItWas)
{
	with([](State *state) {
		for (size_t old : { 1, 100, 192, 193, 1000 })
			for (size_t size : { 1, 17, 100, 192, 193, 500, 3000 }) {
				/* All slabs that there are, are full. */
				std::vector<void *> others;
				auto *block = static_cast<char *>(heap_resize(state, nullptr, 0, old));

				memset(block, 'x', old);
				kernel::fail_allocation(1, Then::Fails);
				while (void *other = heap_resize(state, nullptr, 0, size))
					others.push_back(other);
				auto *resized = static_cast<char *>(heap_resize(state, block, old, size));
				kernel::fail_allocation(0, Then::Works);
				if (resized)
					block = resized;
				for (size_t i = 0; i < (resized ? std::min(old, size) : old); i++)
					ASSERT_EQ(block[i], 'x') << old << " to " << size;
				heap_resize(state, block, resized ? size : old, 0);
				for (void *other : others)
					heap_resize(state, other, size, 0);
			}
	});
}

TEST_F(HeapTest, TheAccountPaysForWhatTheKernelGaveUpToItsQuota)
{
	with([](State *state) {
		std::vector<void *> blocks;
		size_t kept = kernel::bytes_used() - account_used(state->account);

		state->account->quota = 100000;
		while (void *block = heap_resize(state, nullptr, 0, 48))
			blocks.push_back(block);
		EXPECT_EQ(kernel::bytes_used() - kept, account_used(state->account));
		EXPECT_LE(account_used(state->account), 100000u);
		EXPECT_GT(account_used(state->account) + 1024, 100000u);
		for (void *block : blocks)
			heap_resize(state, block, 48, 0);
	});
}
