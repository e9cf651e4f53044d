// SPDX-License-Identifier: MIT OR GPL-2.0-only
// rcu.table: values, keys, walks, and tables that go away while they are used.
#include "support.hpp"
#include "lunatik_table.hpp"

#include <unordered_map>

using namespace lunatik;

class TableTest : public Core {};

LUA(TableTest, KeepsEveryShareableType, R"lua(
	local data, rcu, lunatik = require("data"), require("rcu"), require("lunatik")
	local t = rcu.table()
	local d = data.new(3)
	d:setstring(0, "abc")
	for key, value in pairs { yes = true, no = false, zero = 0, most = math.maxinteger, least = math.mininteger, text = "text",
				  empty = "", zeros = "a\0b\0", long = ("x"):rep(100000), bytes = "\xff\xfe" } do
		t[key] = value
		same(t[key], value)
	end
	same(t.yes, true)
	t.data = d
	same(t.data:getstring(0), "abc")
	t.table = rcu.table()
	t.table.inner = 1
	same(t.table.inner, 1)
	t.runtime = lunatik.runtime("check")
	same(t.runtime:info().script, "check")
	same(t.absent, nil)
)lua")

LUA(TableTest, RefusesWhatCannotBeShared, R"lua(
	local t = require("rcu").table()
	t.x = 1
	local closed = require("data").new(1)
	do local closing <close> = closed end
	for _, value in ipairs { {}, print, function() end, coroutine.create(print), require("host").foreign(),
				 require("host").foreign(8), closed } do
		fails("bad argument #3", function() t.x = value end)
		fails("nil, boolean, integer, string or shared object expected", function() t.x = value end)
	end
	fails("a table cannot hold itself", function() t.x = t end)
	same(t.x, 1)
)lua")

LUA(TableTest, KeysAreStrings, R"lua(
	local t = require("rcu").table()
	t[""] = "empty"
	t["a\0b"] = "zero"
	t["a"] = "short"
	t["a\0c"] = "other"
	local long = ("k"):rep(5000)
	t[long] = "long"
	t[long .. "k"] = "longer"
	same(t[""], "empty")
	same(t["a\0b"], "zero")
	same(t.a, "short")
	same(t["a\0c"], "other")
	same(t[long], "long")
	same(t[long .. "k"], "longer")
	t[1] = "one"
	same(t["1"], "one")
	for _, key in ipairs { {}, print, true, require("data").new(1) } do
		fails("string expected", function() return t[key] end)
		fails("string expected", function() t[key] = 1 end)
	end
)lua")

LUA(TableTest, ReplacesAndClears, R"lua(
	local t = require("rcu").table()
	for _, value in ipairs { 1, "text", true, require("data").new(1), false, ("long"):rep(100), 2 } do
		t.key = value
		if type(value) ~= "userdata" then same(t.key, value) end
	end
	t.key = nil
	same(t.key, nil)
	t.key = nil
	t.other = 1
	same(t.key, nil)
	t.key = 3
	same(t.key, 3)
	same(t.other, 1)
)lua")

LUA(TableTest, StringsOfEveryLengthNearTheBuffers, R"lua(
	local t = require("rcu").table()
	for _, length in ipairs { 0, 1, 63, 64, 65, 127, 255, 256, 257, 511, 512, 1023, 1024, 1025, 4096, 70000 } do
		local text = ("\0y"):rep(length // 2) .. ("z"):rep(length % 2)
		t.text = text
		same(t.text, text)
		t[text] = length
		same(t[text], length)
	end
	local n = 0
	require("rcu").map(t, function(key, value)
		if key ~= "text" then same(#key, value) n = n + 1 end
	end)
	same(n, 16)
)lua")

LUA(TableTest, SizesAreNumbersOfBuckets, R"lua(
	local rcu = require("rcu")
	for _, size in ipairs { 1, 2, 3, 1000, 1024, 1 << 20 } do
		local t = rcu.table(size)
		for i = 1, 50 do t["key" .. i] = i end
		for i = 1, 50 do same(t["key" .. i], i) end
		local sum = 0
		rcu.map(t, function(_, value) sum = sum + value end)
		same(sum, 1275)
	end
	rcu.table(nil)
	for _, size in ipairs { 0, -1, (1 << 20) + 1, 1 << 32, math.maxinteger, math.mininteger } do
		fails("size out of range (1 to 1048576 buckets)", rcu.table, size)
	end
	fails("number expected", rcu.table, {})
)lua")

/* Two strings with the same hash (32 bits, FNV-1a). */
static std::pair<std::string, std::string> collision()
{
	std::unordered_map<unsigned int, std::string> seen;

	for (unsigned int i = 0;; i++) {
		std::string key = "k" + std::to_string(i * 2654435761u);
		unsigned int hash = 2166136261u;

		for (char c : key)
			hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
		auto [at, fresh] = seen.emplace(hash, key);
		if (!fresh && at->second.size() == key.size() && at->second != key)
			return { at->second, key };
	}
}

TEST_F(TableTest, KeysThatCollideAreKeptApart)
{
	auto [first, second] = collision();

	lua("local first, second = '" + first + "', '" + second + "' " + R"lua(
		local rcu = require("rcu")
		local t = rcu.table()
		t[first] = 1
		same(t[second], nil)
		t[second] = 2
		same({ t[first], t[second] }, { 1, 2 })
		t[first] = nil
		same({ t[first] == nil, t[second] }, { true, 2 })
		t[first] = 3
		t[second] = nil
		same({ t[first], t[second] == nil }, { 3, true })
	)lua");
}

LUA(TableTest, OneBucketHoldsAll, R"lua(
	local rcu = require("rcu")
	local t = rcu.table(1)
	local wanted = {}
	for i = 1, 200 do t["k" .. i] = i wanted["k" .. i] = i end
	for i = 1, 200, 3 do t["k" .. i] = nil wanted["k" .. i] = nil end
	for i = 1, 200, 7 do t["k" .. i] = -i wanted["k" .. i] = -i end
	local got = {}
	rcu.map(t, function(key, value) got[key] = value end)
	same(got, wanted)
)lua")

LUA(TableTest, MapSeesEachEntryOnce, R"lua(
	local rcu = require("rcu")
	local t, seen, n = rcu.table(16), {}, 0
	rcu.map(t, function() error("empty") end)
	for i = 1, 100 do t["key" .. i] = i end
	rcu.map(t, function(key, value)
		same(key, "key" .. value)
		same(seen[key], nil)
		seen[key] = true
		n = n + 1
	end)
	same(n, 100)
	same(select("#", rcu.map(t, function() return 1, 2 end)), 0)
	fails("on purpose", rcu.map, t, function() error("on purpose") end)
	fails("function expected", rcu.map, t)
	fails("function expected", rcu.map, t, {})
	fails("rcu.table expected", rcu.map, {}, print)
	fails("attempt to yield across a C-call boundary", coroutine.wrap(function()
		rcu.map(t, function() coroutine.yield() end)
	end))
)lua")

LUA(TableTest, MapGoesOnThroughChanges, R"lua(
	local rcu = require("rcu")
	local t = rcu.table(8)
	for i = 1, 50 do t["key" .. i] = i end
	local n = 0
	rcu.map(t, function(key, value)
		n = n + 1
		t[key] = nil			-- the one it is at
	end)
	same(n, 50)
	for i = 1, 50 do t["key" .. i] = i end
	n = 0
	rcu.map(t, function(key)
		n = n + 1
		for i = 1, 50 do t["key" .. i] = nil end
	end)
	same(n, 1)
	t.a, t.b = 1, 2
	local values = {}
	rcu.map(t, function(key, value)
		values[#values + 1] = value
		t.a, t.b = 10, 10
	end)
	table.sort(values)
	assert(#values == 2 and values[2] == 10, table.concat(values, " "))
	n = 0
	rcu.map(t, function(key)
		n = n + 1
		for i = 1, 100 do t["new" .. n .. "." .. i] = i end
	end)
	same(n, 2)
	rcu.map(t, function() rcu.map(t, function() collectgarbage("step") end) end)
)lua")

LUA(TableTest, ManyEntriesInOneTable, R"lua(
	local rcu, host = require("rcu"), require("host")
	local t = rcu.table(64)
	for round = 1, 3 do
		for i = 1, 5000 do t["k" .. i] = i * round end
	end
	for i = 1, 5000, 100 do same(t["k" .. i], i * 3) end
	for i = 1, 5000 do t["k" .. i] = nil end
	host.settle()
)lua")

LUA(TableTest, ObjectsAreReleasedWhenReplacedClearedOrWithTheTable, R"lua(
	local rcu, data, host = require("rcu"), require("data"), require("host")
	local function buffers(count)
		local used = host.memory()
		return used
	end
	collectgarbage()
	local t = rcu.table()
	collectgarbage("stop")
	host.settle()
	t.a = data.new(1 << 20)
	t.b = data.new(1 << 20)
	collectgarbage()
	local full = host.memory()
	t.a = 1
	t.b = nil
	host.settle()
	assert(full - host.memory() >= 2 << 20)
	t.c = data.new(1 << 20)
	collectgarbage()
	full = host.memory()
	t = nil
	collectgarbage()
	host.settle()
	assert(full - host.memory() >= 1 << 20)
)lua")

LUA(TableTest, TablesHoldTables, R"lua(
	local rcu, host = require("rcu"), require("host")
	local outer = rcu.table()
	local inner = outer
	for i = 1, 50 do
		local next_one = rcu.table(4)
		inner.next = next_one
		inner = next_one
	end
	inner.value = "deep"
	collectgarbage()
	local at = outer
	for i = 1, 50 do at = at.next end
	same(at.value, "deep")
	fails("a table cannot hold itself", function() at.x = at end)
	at, inner, outer = nil, nil, nil
	collectgarbage()
	host.settle()
)lua")

LUA(TableTest, ValueIsTheSameObjectEachTime, R"lua(
	local t = require("rcu").table()
	local d = require("data").new(4)
	t.d = d
	t.d:setbyte(0, 9)
	same(d:getbyte(0), 9)
	do local closing <close> = t.d end
	same(t.d:getbyte(0), 9)
)lua")

TEST_F(TableTest, SurvivesTheRuntimeThatMadeIt)
{
	script("maker", "return function() local t = require('rcu').table() t.x = 'y' return t end");
	lua(R"lua(
		local maker = require("lunatik").runtime("maker")
		local t = maker:resume()
		maker:stop()
		same(t.x, "y")
		t.z = 1
		same(t.z, 1)
	)lua");
}

TEST_F(TableTest, IsReadAndWrittenInEveryContext)
{
	script("packets", R"lua(
		return function(t)
			t.count = t.count + 1
			t.text = ("from a packet"):rep(100)
			t.gone = nil
			local keys = 0
			require("rcu").map(t, function() keys = keys + 1 end)
			collectgarbage()
			return keys, t.object:getbyte(0)
		end
	)lua");
	for (const char *context : { "softirq", "hardirq" })
		lua(std::string("local context = '") + context + "' " + R"lua(
			local t = require("rcu").table()
			t.count, t.gone, t.object = 1, 2, require("data").new(1)
			local packets = require("lunatik").runtime("packets", context)
			fails("not found", packets.resume, packets, t)
		)lua");
	script("packets", R"lua(
		local rcu = require("rcu")
		return function(t)
			t.count = t.count + 1
			t.text = ("from a packet"):rep(100)
			t.gone = nil
			local keys = 0
			rcu.map(t, function() keys = keys + 1 end)
			collectgarbage()
			return keys, t.object:getbyte(0)
		end
	)lua");
	for (const char *context : { "softirq", "hardirq" })
		lua(std::string("local context = '") + context + "' " + R"lua(
			local t = require("rcu").table()
			t.count, t.gone, t.object = 1, 2, require("data").new(1)
			local packets = require("lunatik").runtime("packets", context)
			same({ packets:resume(t) }, { 3, 0 })
			same(t.count, 2)
			same(#t.text, 1300)
		)lua");
}

TEST_F(TableTest, LastReferenceGivenUpByAPacketIsReleasedWhereItMaySleep)
{
	Handle *handle = run("packets", "t = require('rcu').table() t.x = require('rcu').table() "
					"function drop() t = nil collectgarbage() end", "softirq");

	EXPECT_TRUE(call(handle, "drop"));
	kernel::settle();
	EXPECT_EQ(kernel::reports(), "");
}

/* --- tables that are closed while they are used --- */

TEST_F(TableTest, MayBeClosedInTheMiddleOfAWalk)
{
	SURVIVES(R"lua(
		local rcu = require("rcu")
		local t = rcu.table(4)
		for i = 1, 20 do t["key" .. i] = ("value"):rep(i) end
		local n = 0
		fails("rcu.table is closed", rcu.map, t, function(key, value)
			n = n + 1
			do local closing <close> = t end
		end)
		same(n, 1)
	)lua");
}

TEST_F(TableTest, MayBeClosedByAFinalizerInTheMiddleOfARead)
{
	SURVIVES(R"lua(
		local rcu = require("rcu")
		for round = 1, 30 do
			local t = rcu.table(4)
			for i = 1, 20 do t["key" .. i] = ("value"):rep(20) end
			setmetatable({}, { __gc = function() local closing <close> = t end })
			local good, message = pcall(function()
				for i = 1, 3000 do local v = t.key7 end
			end)
			assert(good or message:find("is closed", 1, true), message)
		end
	)lua");
}

TEST_F(TableTest, MayBeClosedByAFinalizerInTheMiddleOfAnObjectRead)
{
	SURVIVES(R"lua(
		local rcu, data = require("rcu"), require("data")
		for round = 1, 30 do
			local t = rcu.table(4)
			t.d = data.new(8)
			setmetatable({}, { __gc = function() t.d = nil local closing <close> = t end })
			local good, message = pcall(function()
				for i = 1, 3000 do local v = t.d if not v then break end v:setbyte(0, 1) end
			end)
			assert(good or message:find("is closed", 1, true), message)
		end
	)lua");
}

TEST_F(TableTest, TablesHoldYoungerOnesOnly)
{
	lua(R"lua(
		local rcu = require("rcu")
		local a, b = rcu.table(), rcu.table()
		a.b = b
		fails("make the outer one first", function() b.a = a end)
		fails("make the outer one first", function() b.a = require("lunatik")._ENV end)
		require("lunatik")._ENV.a = a
		require("lunatik")._ENV.a = nil
	)lua");
}

TEST_F(TableTest, MayBeClosedByAFinalizerInTheMiddleOfAWrite)
{
	SURVIVES(R"lua(
		local rcu = require("rcu")
		for round = 1, 30 do
			local t = rcu.table(4)
			setmetatable({}, { __gc = function() local closing <close> = t end })
			local good, message = pcall(function()
				for i = 1, 3000 do t[1000000 + i % 10] = i end
			end)
			assert(good or message:find("is closed", 1, true), message)
		end
	)lua");
}

TEST_F(TableTest, MayBeClosedByAFinalizerInTheMiddleOfAWalk)
{
	SURVIVES(R"lua(
		local rcu = require("rcu")
		for round = 1, 30 do
			local t = rcu.table(64)
			for i = 1, 300 do t["key" .. ("x"):rep(300) .. i] = i end
			setmetatable({}, { __gc = function() local closing <close> = t end })
			local good, message = pcall(function()
				for i = 1, 30 do rcu.map(t, function() end) end
			end)
			assert(good or message:find("is closed", 1, true), message)
		end
	)lua");
}
