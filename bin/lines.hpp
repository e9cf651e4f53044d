/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_LINES_HPP
#define COMMAND_LINES_HPP

#include <memory>
#include <string>

/* Where the lines to evaluate come from. */
class Lines {
public:
	virtual ~Lines() = default;

	/* End: no more lines. Dropped: the user gave up the line, and what it continues. */
	enum class Next { Line, Dropped, End };
	/* `continued`: the line goes on with what the lines before it began. */
	virtual Next next(bool continued, std::string &line) = 0;
};

/* Lines typed at the terminal, with editing and a history that is kept. */
std::unique_ptr<Lines> terminal_lines();

/* Lines of standard input as they are. */
std::unique_ptr<Lines> plain_lines();

#endif
