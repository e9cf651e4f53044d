// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lines of standard input when that is no terminal.
#include "lines.hpp"

#include <iostream>

namespace {

class Plain : public Lines {
public:
	Next next(bool, std::string &line) override
	{
		return std::getline(std::cin, line) ? Next::Line : Next::End;
	}
};

} // namespace

std::unique_ptr<Lines> plain_lines()
{
	return std::make_unique<Plain>();
}
