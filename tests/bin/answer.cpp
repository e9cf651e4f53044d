// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "answer.hpp"
#include "failure.hpp"

#include <gtest/gtest.h>

TEST(Answer, HasAStatusAndAText)
{
	EXPECT_EQ(parse_answer("ok\n42\n").status, Answer::Status::Ok);
	EXPECT_EQ(parse_answer("ok\n42\n").text, "42\n");
	EXPECT_EQ(parse_answer("error\na\nb\n").status, Answer::Status::Error);
	EXPECT_EQ(parse_answer("error\na\nb\n").text, "a\nb\n");
	EXPECT_EQ(parse_answer("incomplete\n").status, Answer::Status::Incomplete);
	EXPECT_EQ(parse_answer("ok\n").text, "");
	EXPECT_EQ(parse_answer(std::string_view("ok\na\0b", 6)).text, std::string("a\0b", 3));
}

TEST(Answer, AnythingElseIsNone)
{
	for (const char *bytes : { "", "ok", "\n", "okay\n", "OK\n", "error", " ok\n", "42\n" })
		EXPECT_THROW(parse_answer(bytes), Failure) << bytes;
}
