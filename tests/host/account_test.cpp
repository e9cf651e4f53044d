// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What a script allocates by bindings counts in its quota, whoever holds it.
#include "support.hpp"

using namespace lunatik;

class Quota : public Core {
protected:
	void SetUp() override
	{
		Core::SetUp();
		script("filler", "return function() local t = {} while true do t[#t + 1] = ('x'):rep(1 << 16) .. #t end end");
		script("keeper", "return function(t) for i = 1, 1 << 20 do t['key' .. i] = ('x'):rep(1 << 16) end end");
		script("writer", "return function(table) for i = 1, 1 << 20 do table['key' .. i] = ('x'):rep(10000) end end");
	}
};

LUA(Quota, DataCountsUntilItsLastHolderLetsGo, R"lua(
	local data, rcu, lunatik = require("data"), require("rcu"), require("lunatik")
	local shared = rcu.table(4)
	fails("not enough memory", function()
		for i = 1, 1000 do shared["d" .. i] = data.new(1 << 20) end
	end)
	local held = 0
	rcu.map(shared, function() held = held + 1 end)
	same(held < 17 and held > 10, true)
	rcu.map(shared, function(key) shared[key] = nil end)
	collectgarbage()
	require("host").settle()
	same(#data.new(1 << 20), 1 << 20)
)lua")

LUA(Quota, EntriesOfATableCount, R"lua(
	local rcu = require("rcu")
	local shared = rcu.table(4)
	fails("not enough memory", function()
		for i = 1, 1 << 20 do shared["key" .. i] = ("x"):rep(10000) end
	end)
	for i = 1, 100 do shared["key" .. i] = nil end
	require("host").settle()
	shared.key1 = ("x"):rep(10000)
)lua")

LUA(Quota, BucketsOfATableCount, R"lua(
	local rcu = require("rcu")
	local tables = {}
	fails("not enough memory", function()
		for i = 1, 100 do tables[i] = rcu.table(1 << 18) end
	end)
	tables = nil
	collectgarbage()
	require("host").settle()
	rcu.table(1 << 18)
)lua")

LUA(Quota, AnEntryCountsForWhoWroteIt, R"lua(
	local lunatik, rcu = require("lunatik"), require("rcu")
	local shared = rcu.table(4)
	local writer = lunatik.runtime("writer", "memory=1M")
	fails("not enough memory", writer.resume, writer, shared)
	shared.mine = ("x"):rep(3 << 20)
)lua")

LUA(Quota, RuntimesCountForWhoMakesThem, R"lua(
	local lunatik = require("lunatik")
	local made = {}
	fails("not enough memory", function()
		for i = 1, 1000 do made[i] = lunatik.runtime("writer") end
	end)
	same(#made > 100 and #made < 1500, true)
)lua")

LUA(Quota, WhatARuntimeUsesCountsForItsMakers, R"lua(
	local lunatik = require("lunatik")
	local filler = lunatik.runtime("filler", "memory=64M")
	fails("not enough memory", filler.resume, filler)
	fails("not enough memory", function() return ("x"):rep(4 << 20) end)
	filler:stop()
	same(#(("x"):rep(4 << 20)), 4 << 20)
	-- what it left in a table that outlives it, too
	local shared = require("rcu").table(64)
	local keeper = lunatik.runtime("keeper", "memory=64M")
	fails("not enough memory", keeper.resume, keeper, shared)
	keeper:stop()
	fails("not enough memory", function() return ("x"):rep(15 << 20) end)
)lua")

TEST_F(Quota, IsGivenBackWhenAnotherRuntimeReleases)
{
	Handle *maker = run("maker", "local data, lunatik = require('data'), require('lunatik') "
			    "function make() lunatik._ENV.d = data.new(1 << 20) collectgarbage() end");
	Handle *user = run("user", "local lunatik = require('lunatik') function forget() lunatik._ENV.d = nil end");
	State *state = maker->runtime->states[0];
	size_t before = state->account->outside;

	EXPECT_TRUE(call(maker, "make"));
	EXPECT_GT(state->account->outside, before + (1 << 20) - 1);
	EXPECT_TRUE(call(user, "forget"));
	kernel::settle();
	EXPECT_EQ(state->account->outside, before);
	EXPECT_TRUE(call(maker, "make"));
	release(maker);
	/* The account outlives its state. */
	EXPECT_TRUE(call(user, "forget"));
	kernel::settle();
}
