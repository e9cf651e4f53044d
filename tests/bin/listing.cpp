// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "failure.hpp"
#include "listing.hpp"

#include <gtest/gtest.h>

static const char three[] = "examples/filter/sni\tsoftirq\ttrue\t103424\t4194304\t10\t0\trunning\n"
			    "tap\tprocess\tfalse\t512\t65536\t5000\t3\tstopped\n"
			    "spin\thardirq\tfalse\t0\t65536\t1\t8\tcondemned";

TEST(Listing, Parses)
{
	std::vector<Script> scripts = parse_listing(three);

	ASSERT_EQ(scripts.size(), 3u);
	EXPECT_EQ(scripts[0].name, "examples/filter/sni");
	EXPECT_EQ(scripts[0].context, "softirq");
	EXPECT_TRUE(scripts[0].percpu);
	EXPECT_EQ(scripts[0].memory, 103424u);
	EXPECT_EQ(scripts[0].quota, 4194304u);
	EXPECT_EQ(scripts[0].budget, 10u);
	EXPECT_EQ(scripts[1].breaches, 3u);
	EXPECT_TRUE(scripts[0].running);
	EXPECT_FALSE(scripts[1].percpu);
	EXPECT_FALSE(scripts[1].running);
	EXPECT_FALSE(scripts[1].condemned);
	EXPECT_FALSE(scripts[2].running);
	EXPECT_TRUE(scripts[2].condemned);
	EXPECT_TRUE(parse_listing("").empty());
}

TEST(Listing, RefusesWhatIsNone)
{
	for (const char *lines : { "a", "a\tb\tc\t1", "a\tb\tc\tx\t1\t1\t1\trunning", "a\tb\tc\t\t1\t1\t1\trunning",
				   "a\tb\tc\t-1\t1\t1\t1\trunning", "a\tb\tc\t1\t1\t1\tx\trunning",
				   "a\tb\tc\t1\t1\t1\t1\trunning\tmore", "a\tb\tc\t1\t1\t1\t1\trunning\n" })
		EXPECT_THROW(parse_listing(lines), Failure) << lines;
}

TEST(Listing, Table)
{
	EXPECT_EQ(listing_table(parse_listing(three)),
		  "SCRIPT               CONTEXT  PERCPU  MEMORY     BREACHES  STATE\n"
		  "examples/filter/sni  softirq  yes     101.0 KiB  0         running\n"
		  "tap                  process  no      0.5 KiB    3         stopped\n"
		  "spin                 hardirq  no      0.0 KiB    8         stopped for its breaches\n");
	EXPECT_EQ(listing_table({}), "");
}

TEST(Listing, Json)
{
	EXPECT_EQ(listing_json({}), "[]\n");
	EXPECT_EQ(listing_json({ { "a\"\\\x01", "hardirq", true, 7, 8, 9, 10, true, false },
				 { "b", "process", false, 0, 0, 0, 0, false, true } }),
		  "[{\"script\":\"a\\\"\\\\\\u0001\",\"context\":\"hardirq\",\"percpu\":true,\"memory\":7,\"quota\":8,"
		  "\"budget\":9,\"breaches\":10,\"running\":true,\"condemned\":false},"
		  "{\"script\":\"b\",\"context\":\"process\",\"percpu\":false,\"memory\":0,\"quota\":0,"
		  "\"budget\":0,\"breaches\":0,\"running\":false,\"condemned\":true}]\n");
}
