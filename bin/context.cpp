// SPDX-License-Identifier: MIT OR GPL-2.0-only
// How a script is run: the words for it on the command line.
#include "context.hpp"
#include "failure.hpp"

#include <algorithm>
#include <array>

static constexpr std::array<std::string_view, 6> words_known = {
	"process", "softirq", "hardirq", "percpu", "true", "false",
};

std::span<const std::string_view> context_words()
{
	return words_known;
}

/* The older form of a context tells whether the script may sleep. */
static std::string modern(const std::string &word)
{
	return word == "true" ? "process" : word == "false" ? "softirq" : word;
}

std::string parse_context(const std::vector<std::string> &words)
{
	std::string context;
	bool percpu = false;

	for (const std::string &word : words) {
		if (std::find(words_known.begin(), words_known.end(), word) == words_known.end())
			throw Misuse("unknown context '" + word +
				     "': it is process (or true), softirq (or false) or hardirq, and perhaps percpu");
		if (word == "percpu") {
			percpu = true;
		} else {
			if (!context.empty() && context != modern(word))
				throw Misuse("a script has one context, not both " + context + " and " + modern(word));
			context = modern(word);
		}
	}
	if (percpu && context == "process")
		throw Misuse("a process script is not percpu: make it softirq or hardirq");
	if (percpu)
		context += context.empty() ? "percpu" : " percpu";
	return context;
}

std::string limit_words(const Limits &limits)
{
	std::string words;

	if (limits.budget)
		words += " budget=" + std::to_string(limits.budget);
	if (limits.memory)
		words += " memory=" + std::to_string(limits.memory);
	return words;
}
