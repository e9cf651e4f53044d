// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "quote.hpp"

#include <gtest/gtest.h>

TEST(Quote, PlainTextIsAsItIs)
{
	EXPECT_EQ(quote("examples/filter/sni"), "\"examples/filter/sni\"");
	EXPECT_EQ(quote(""), "\"\"");
}

TEST(Quote, NothingEndsTheLiteral)
{
	EXPECT_EQ(quote("\"); error(\""), "\"\\034); error(\\034\"");
	EXPECT_EQ(quote("a\\"), "\"a\\092\"");
	EXPECT_EQ(quote("a\nb\r"), "\"a\\010b\\013\"");
}

TEST(Quote, ADigitBehindAnEscapeIsNoPartOfIt)
{
	EXPECT_EQ(quote("\0011"), "\"\\0011\"");
}

TEST(Quote, AnyByteIsPrintable)
{
	for (int byte = 0; byte < 256; byte++) {
		std::string literal = quote(std::string(1, static_cast<char>(byte)));

		for (unsigned char c : literal)
			EXPECT_TRUE(c >= ' ' && c <= '~') << byte;
	}
	EXPECT_EQ(quote(std::string("\0\xff", 2)), "\"\\000\\255\"");
}
