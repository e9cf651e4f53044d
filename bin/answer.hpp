/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_ANSWER_HPP
#define COMMAND_ANSWER_HPP

#include <string>
#include <string_view>

/* What /dev/lunatik answers to a request. */
struct Answer {
	enum class Status { Ok, Error, Incomplete } status;
	std::string text;	/* output and results, or the message; each line ends in '\n' */
};

/* Throws Failure when the bytes are no answer. */
Answer parse_answer(std::string_view bytes);

#endif
