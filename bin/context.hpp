/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_CONTEXT_HPP
#define COMMAND_CONTEXT_HPP

#include <span>
#include <string>
#include <string_view>
#include <vector>

/* What a script may use; zero leaves it to the script's first comment. */
struct Limits {
	unsigned long long budget = 0;	/* milliseconds for each time it is entered */
	unsigned long long memory = 0;	/* bytes for each of its states */
};

/* All words that say how a script is run. */
std::span<const std::string_view> context_words();

/*
 * The words of the command line as lunatik.runtime() takes them ("softirq percpu"); empty when there
 * are none. Throws Misuse for words that are unknown or contradict each other.
 */
std::string parse_context(const std::vector<std::string> &words);

/* The words for the limits (" budget=20 memory=65536"); empty when none is set. */
std::string limit_words(const Limits &limits);

#endif
