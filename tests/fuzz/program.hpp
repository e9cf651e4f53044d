/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Lua programs made at random from a grammar of the API, a statement a line. */
#ifndef FUZZ_PROGRAM_HPP
#define FUZZ_PROGRAM_HPP

#include <random>
#include <string>

namespace fuzz {

/* What a program is made of by chance. */
using Chance = std::minstd_rand;

/* A line of a program. */
std::string make_line(Chance &chance);

/* The program with a few lines, or parts of them, changed. */
std::string mutate(const std::string &program, Chance &chance);

/* Lines of one program and of the other. */
std::string cross(const std::string &one, const std::string &other, Chance &chance);

} // namespace fuzz

#endif
