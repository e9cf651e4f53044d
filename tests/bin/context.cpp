// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "context.hpp"
#include "failure.hpp"

#include <gtest/gtest.h>

TEST(Context, NoWordLeavesItToTheScript)
{
	EXPECT_EQ(parse_context({}), "");
}

TEST(Context, WordsInAnyOrder)
{
	EXPECT_EQ(parse_context({ "process" }), "process");
	EXPECT_EQ(parse_context({ "softirq", "percpu" }), "softirq percpu");
	EXPECT_EQ(parse_context({ "percpu", "hardirq" }), "hardirq percpu");
	EXPECT_EQ(parse_context({ "percpu" }), "percpu");
}

TEST(Context, TheOlderForm)
{
	EXPECT_EQ(parse_context({ "true" }), "process");
	EXPECT_EQ(parse_context({ "false" }), "softirq");
	EXPECT_EQ(parse_context({ "false", "percpu" }), "softirq percpu");
}

TEST(Context, UnknownWordsAreMisuse)
{
	for (const char *word : { "", "soft", "Softirq", "softirq percpu", "nil" })
		EXPECT_THROW(parse_context({ word }), Misuse) << word;
}

TEST(Context, ContradictionsAreMisuse)
{
	EXPECT_THROW(parse_context({ "softirq", "hardirq" }), Misuse);
	EXPECT_THROW(parse_context({ "true", "false" }), Misuse);
	EXPECT_THROW(parse_context({ "process", "percpu" }), Misuse);
	EXPECT_THROW(parse_context({ "percpu", "true" }), Misuse);
	EXPECT_EQ(parse_context({ "false", "softirq" }), "softirq");
}
