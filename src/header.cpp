// SPDX-License-Identifier: MIT OR GPL-2.0-only
// How a script is to be run: the line in its first comment, "-- lunatik: softirq percpu budget=20 memory=8M",
// the same words from elsewhere, and what holds without them.
#include "state.hpp"
#include "kernel/watch.h"

extern "C" {
#include <errno.h>
#include <stdio.h>
#include <string.h>
}

namespace lunatik {

static const char *const contexts[] = { "process", "softirq", "hardirq" };

const char *context_name(lunatik_context context)
{
	return contexts[context];
}

static bool is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && !memcmp(word, name, length);
}

bool context_named(const char *name, size_t length, lunatik_context &context)
{
	for (unsigned int i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		if (is(name, length, contexts[i])) {
			context = static_cast<lunatik_context>(i);
			return true;
		}
	}
	return false;
}

const char header_words[] = "process, softirq, hardirq, percpu, budget=MILLISECONDS, memory=BYTES";

struct Unit {
	const char *name;
	unsigned long long factor;
};
static const Unit times[] = { { "", 1 }, { "ms", 1 }, { "s", 1000 }, { nullptr, 0 } };
static const Unit sizes[] = { { "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { nullptr, 0 } };

/* A number above zero and a unit, as "name=20ms" has it. Zero when the word is none such. */
static unsigned long long parse_amount(const char *word, size_t length, const char *name, const Unit *units)
{
	unsigned long long amount = 0;
	size_t at = strlen(name);

	if (length <= at || memcmp(word, name, at))
		return 0;
	for (; at < length && word[at] >= '0' && word[at] <= '9'; at++) {
		amount = amount * 10 + static_cast<unsigned long long>(word[at] - '0');
		if (amount > 1ULL << 32)
			return 0;
	}
	for (; units->name; units++)
		if (is(word + at, length - at, units->name))
			return amount * units->factor;
	return 0;
}

static bool parse_limit(const char *word, size_t length, Limits &limits)
{
	unsigned long long amount = parse_amount(word, length, "budget=", times);

	if (amount) {
		/* What does not fit is out of every range, too. */
		limits.budget = amount > ~0u ? ~0u : static_cast<unsigned int>(amount);
		return true;
	}
	amount = parse_amount(word, length, "memory=", sizes);
	if (amount)
		limits.quota = amount;
	return amount;
}

/* Where nothing may sleep, what walks all of the memory, as the collector does, has to end soon. */
struct Bounds {
	size_t quota;			/* usual */
	Limits most;
};
static const Bounds bounds[] = {
	{ 16 << 20, { LUNATIK_PROCESS_BUDGET_MAX, 1 << 30 } },
	{ 4 << 20, { LUNATIK_SOFTIRQ_BUDGET_MAX, 64 << 20 } },
	{ 4 << 20, { LUNATIK_HARDIRQ_BUDGET_MAX, 64 << 20 } },
};
/* An empty state has a third of it. */
static const size_t quota_least = 64 << 10;

void override_options(Options &options, const Options &over)
{
	if (over.has_context || over.percpu) {
		/* What fits one context does not another. */
		if (options.context != (over.has_context ? over.context : LUNATIK_SOFTIRQ))
			options.limits.budget = 0;
		options.has_context = over.has_context;
		options.context = over.context;
		options.percpu = over.percpu;
	}
	if (over.limits.budget)
		options.limits.budget = over.limits.budget;
	if (over.limits.quota)
		options.limits.quota = over.limits.quota;
}

bool complete_options(Options &options, const char *script, Failure &failure)
{
	if (!options.has_context)
		options.context = options.percpu ? LUNATIK_SOFTIRQ : LUNATIK_PROCESS;
	options.has_context = true;
	if (options.percpu && options.context == LUNATIK_PROCESS) {
		failure.say(-EINVAL, "%s: a process runtime cannot be percpu: make it softirq or hardirq", script);
		return false;
	}

	const Bounds &range = bounds[options.context];

	if (!options.limits.budget)
		options.limits.budget = lunatik_usual_budget(options.context);
	if (!options.limits.quota)
		options.limits.quota = range.quota;
	if (options.limits.budget > range.most.budget) {
		failure.say(-EINVAL, "%s: the budget of a %s runtime is 1 to %u ms", script, context_name(options.context),
			    range.most.budget);
		return false;
	}
	if (options.limits.quota < quota_least || options.limits.quota > range.most.quota) {
		failure.say(-EINVAL, "%s: the memory of a %s runtime is %zu to %zu bytes", script,
			    context_name(options.context), quota_least, range.most.quota);
		return false;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool parse_header(const char *words, size_t length, Options &options, const char *&wrong, size_t &wrong_length)
{
	size_t at = 0;

	for (;;) {
		size_t start;

		while (at < length && is_blank(words[at]))
			at++;
		if (at == length)
			return true;
		start = at;
		while (at < length && !is_blank(words[at]))
			at++;
		if (is(words + start, at - start, "percpu")) {
			options.percpu = true;
		} else if (context_named(words + start, at - start, options.context)) {
			options.has_context = true;
		} else if (!parse_limit(words + start, at - start, options.limits)) {
			wrong = words + start;
			wrong_length = at - start;
			return false;
		}
	}
}

/* Reads a line without its end, cut at `size`. False at the end of the file. */
static bool read_line(FILE *file, char *line, size_t size, size_t &length)
{
	int c = getc(file);

	if (c == EOF)
		return false;
	for (length = 0; c != EOF && c != '\n'; c = getc(file))
		if (length < size)
			line[length++] = static_cast<char>(c);
	return true;
}

bool read_header(const char *path, Options &options, Failure &failure)
{
	static const char mark[] = "lunatik:";
	char line[160];
	size_t length;
	bool good = true;
	FILE *file = fopen(path, "r");

	if (!file) {
		failure.say(-errno, "cannot open %s: %s", path, strerror(errno));
		return false;
	}
	while (good && read_line(file, line, sizeof(line), length)) {
		size_t at = 2, wrong_length;
		const char *wrong;

		if (length < 2 || line[0] != '-' || line[1] != '-')
			break;
		while (at < length && is_blank(line[at]))
			at++;
		if (length - at < sizeof(mark) - 1 || memcmp(line + at, mark, sizeof(mark) - 1))
			continue;
		if (length == sizeof(line)) {
			failure.say(-EINVAL, "%s: the line '-- lunatik:' is too long", path);
			good = false;
			break;
		}
		at += sizeof(mark) - 1;
		good = parse_header(line + at, length - at, options, wrong, wrong_length);
		if (!good)
			failure.say(-EINVAL, "%s: unknown word '%.*s' after '-- lunatik:' (%s)", path,
				    static_cast<int>(wrong_length), wrong, header_words);
	}
	fclose(file);
	return good;
}

} // namespace lunatik
