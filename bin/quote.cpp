// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Text of the user inside of Lua source.
#include "quote.hpp"

static bool is_plain(unsigned char byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

std::string quote(std::string_view bytes)
{
	std::string literal = "\"";

	for (unsigned char byte : bytes) {
		if (is_plain(byte)) {
			literal += static_cast<char>(byte);
		} else {
			/* Three digits, so that a digit behind them is not one of them. */
			literal += '\\';
			literal += static_cast<char>('0' + byte / 100);
			literal += static_cast<char>('0' + byte / 10 % 10);
			literal += static_cast<char>('0' + byte % 10);
		}
	}
	return literal + '"';
}
