// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Out of memory at every allocation: an error, no leak, no crash, and all goes on afterwards.
#include "support.hpp"
#include "lunatik_core.h"
#include "lunatik_table.hpp"

#include <cstring>

using namespace lunatik;
using kernel::Then;

class Memory : public Core {
protected:
	void SetUp() override
	{
		Core::SetUp();
		script("cycle", cycle);
		script("other", "local function again(...) return again(coroutine.yield(...)) end return again");
		script("small", "local t = { 'a', 'b' } return function() return #t end");
	}

	/*
	 * Does it with the first allocation failing, then the second, and so on, until it makes fewer than
	 * that. What it returns is checked for each: "" is success. Returns how many allocations it makes.
	 */
	unsigned long sweep(Then then, const std::function<std::string()> &doing, unsigned int step = 1)
	{
		size_t blocks;

		/* Once before, so that what stays is there. */
		EXPECT_EQ(doing(), "");
		kernel::settle();
		blocks = kernel::blocks_used();
		for (unsigned long n = 1;; n += step) {
			std::string outcome;

			kernel::fail_allocation(n, then);
			outcome = doing();
			if (kernel::allocations() < n) {
				EXPECT_EQ(outcome, "");
				kernel::fail_allocation(0, Then::Works);
				return n;
			}
			kernel::fail_allocation(0, Then::Works);
			EXPECT_TRUE(outcome.empty() || is_told(outcome)) << "allocation " << n << ": " << outcome;
			kernel::settle();
			EXPECT_EQ(kernel::blocks_used(), blocks) << "allocation " << n << " leaks: " << outcome;
			if (HasFailure())
				return 0;
		}
	}

	static bool is_told(const std::string &text)
	{
		return text.find("not enough memory") != std::string::npos ||
		       text.find("Cannot allocate memory") != std::string::npos;
	}

private:
	static const char cycle[];
};

/* A script that does a little of everything. */
const char Memory::cycle[] = R"lua(
local data, rcu, lunatik = require("data"), require("rcu"), require("lunatik")
local t = rcu.table(4)
local d = data.new(16)
t.text, t.data, t.number = ("x"):rep(300), d, 42
local function work(argument)
	local parts = {}
	for word in ("some words to split"):gmatch("%a+") do parts[#parts + 1] = word:upper() end
	local text = table.concat(parts, ", ") .. string.format("%d %s %q", 42, t.text, "x")
	local wrapped = coroutine.wrap(function(...) local a <close> = nil; return ... end)
	local copy = setmetatable({}, { __index = function(_, key) return key .. "!" end })
	t.data:setstring(0, text:sub(1, 16))
	t.more = text
	t.more = nil
	local keys = 0
	rcu.map(t, function() keys = keys + 1 end)
	local good, message = pcall(error, { code = 1 })
	return wrapped(copy.x, keys, argument), load("return " .. keys)()
end
work(1)
function callback(argument) work(argument) end
return function(...)
	while true do work(coroutine.yield(...)) end
end
)lua";

TEST_F(Memory, MakingARuntimeFailsCleanlyAtEveryAllocation)
{
	for (const char *options : { "process", "softirq", "hardirq" }) {
		for (Then then : { Then::Works, Then::Fails }) {
			unsigned long made = sweep(then, [&]() -> std::string {
				Handle *handle = make("cycle", options);

				if (!handle)
					return failure.text;
				release(handle);
				return "";
			});

			EXPECT_GT(made, heap_small ? 50u : 300u) << options;
			if (HasFailure())
				return;
			if (options != std::string("process"))
				break;
		}
	}
}

TEST_F(Memory, MakingAPercpuRuntimeFailsCleanlyAtEveryAllocation)
{
	kernel::set_processors(2);
	sweep(Then::Fails, [&]() -> std::string {
		Handle *handle = make("small", "softirq percpu");

		if (!handle)
			return failure.text;
		release(handle);
		return "";
	});
}

TEST_F(Memory, OutOfMemoryIsItsErrno)
{
	sweep(Then::Fails, [&]() -> std::string {
		Handle *handle = make("small", nullptr);

		if (!handle) {
			/* A script that could not be read is another matter. */
			if (!strstr(failure.text, "cannot open")) {
				EXPECT_EQ(failure.code, -ENOMEM) << failure.text;
			}
			return failure.text;
		}
		release(handle);
		return "";
	});
}

TEST_F(Memory, CallbackFailsCleanlyAtEveryAllocation)
{
	for (const char *options : { "process", "softirq" }) {
		Handle *handle = make("cycle", options);

		ASSERT_NE(handle, nullptr) << failure.text;
		for (Then then : { Then::Works, Then::Fails }) {
			for (unsigned long n = 1, made = 1; made >= n; n++) {
				bool good;

				kernel::clear_log();
				kernel::fail_allocation(n, then);
				good = ::call(handle, "callback", "argument");
				made = kernel::allocations();
				kernel::fail_allocation(0, Then::Works);
				EXPECT_EQ(good, kernel::log().empty());
				EXPECT_TRUE(good || is_told(kernel::log())) << kernel::log();
				EXPECT_TRUE(::call(handle, "callback", "argument"));
				if (HasFailure())
					return;
			}
		}
		release(handle);
	}
}

TEST_F(Memory, ResumeFailsCleanlyAtEveryAllocation)
{
	for (const char *options : { "process", "softirq" }) {
		Handle *caller = run("caller", std::string(R"lua(
			local other
			local d, t = require("data").new(4), require("rcu").table(2)
			function renew()
				other = nil
				collectgarbage()
				other = require("lunatik").runtime("other", ")lua") + options + R"lua(")
			end
			function callback()
				local a, b, c, e = other:resume("text", d, t, 42)
				if a ~= "text" or c == nil or e ~= 42 then error("values are lost") end
				a, b, c = nil, nil, nil
			end
		)lua");

		for (unsigned long n = 1, made = 1; made >= n; n++) {
			bool good;

			kernel::clear_log();
			::call(caller, "renew");
			kernel::fail_allocation(n, Then::Fails);
			good = ::call(caller, "callback");
			made = kernel::allocations();
			kernel::fail_allocation(0, Then::Works);
			EXPECT_TRUE(good || is_told(kernel::log())) << kernel::log();
			if (HasFailure())
				return;
		}
		release(caller);
	}
}

TEST_F(Memory, StoppingNeedsNoMemory)
{
	Handle *handle = make("cycle");

	kernel::fail_allocation(1, Then::Fails);
	EXPECT_EQ(runtime_stop(handle->runtime, Wait::Always), 0);
	release(handle);
	kernel::fail_allocation(0, Then::Works);
}

TEST_F(Memory, CoreStartsOrFailsCleanlyAtEveryAllocation)
{
	/* Another core than the fixture's: that one is put aside first. */
	Core::TearDown();
	ASSERT_FALSE(HasFailure());
	for (Then then : { Then::Works, Then::Fails }) {
		for (unsigned long n = 1;; n++) {
			int error;

			kernel::fail_allocation(n, then);
			error = lunatik_core_init();
			if (!error && kernel::allocations() < n) {
				kernel::fail_allocation(0, Then::Works);
				lunatik_core_exit();
				break;
			}
			kernel::fail_allocation(0, Then::Works);
			EXPECT_EQ(error, -ENOMEM);
			EXPECT_EQ(kernel::blocks_used(), 0u) << "allocation " << n;
			ASSERT_LT(n, 100u);
		}
	}
	Core::SetUp();
}

TEST_F(Memory, TableWithoutMemoryForItsBucketsIsNoTable)
{
	Handle *handle = run("tables", "rcu = require('rcu') rcu.table(1) function callback() rcu.table(64) end");

	for (unsigned long n = 1; n < 10; n++) {
		kernel::fail_allocation(n, Then::Fails);
		::call(handle, "callback");
		kernel::fail_allocation(0, Then::Works);
		inside(handle, [](lua_State *L) { lua_gc(L, LUA_GCCOLLECT); });
	}
}
