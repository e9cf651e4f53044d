// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "failure.hpp"
#include "listing.hpp"

#include <gtest/gtest.h>

static const char two[] = "examples/filter/sni\tsoftirq\ttrue\t103424\ttrue\n"
			  "tap\tprocess\tfalse\t512\tfalse";

TEST(Listing, Parses)
{
	std::vector<Script> scripts = parse_listing(two);

	ASSERT_EQ(scripts.size(), 2u);
	EXPECT_EQ(scripts[0].name, "examples/filter/sni");
	EXPECT_EQ(scripts[0].context, "softirq");
	EXPECT_TRUE(scripts[0].percpu);
	EXPECT_EQ(scripts[0].memory, 103424u);
	EXPECT_TRUE(scripts[0].running);
	EXPECT_FALSE(scripts[1].percpu);
	EXPECT_FALSE(scripts[1].running);
	EXPECT_TRUE(parse_listing("").empty());
}

TEST(Listing, RefusesWhatIsNone)
{
	for (const char *lines : { "a", "a\tb\tc\t1", "a\tb\tc\tx\ttrue", "a\tb\tc\t\ttrue", "a\tb\tc\t-1\ttrue",
				   "a\tb\tc\t1\ttrue\tmore", "a\tb\tc\t1\ttrue\n" })
		EXPECT_THROW(parse_listing(lines), Failure) << lines;
}

TEST(Listing, Table)
{
	EXPECT_EQ(listing_table(parse_listing(two)),
		  "SCRIPT               CONTEXT  PERCPU  MEMORY     STATE\n"
		  "examples/filter/sni  softirq  yes     101.0 KiB  running\n"
		  "tap                  process  no      0.5 KiB    stopped\n");
	EXPECT_EQ(listing_table({}), "");
}

TEST(Listing, Json)
{
	EXPECT_EQ(listing_json({}), "[]\n");
	EXPECT_EQ(listing_json({ { "a\"\\\x01", "hardirq", true, 7, true }, { "b", "process", false, 0, false } }),
		  "[{\"script\":\"a\\\"\\\\\\u0001\",\"context\":\"hardirq\",\"percpu\":true,\"memory\":7,\"running\":true},"
		  "{\"script\":\"b\",\"context\":\"process\",\"percpu\":false,\"memory\":0,\"running\":false}]\n");
}
