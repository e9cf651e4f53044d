// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The line in a script's first comment that says how to run it: "-- lunatik: softirq percpu".
#include "state.hpp"

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
		} else {
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
	char line[128];
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
			failure.say(-EINVAL, "%s: unknown word '%.*s' after '-- lunatik:' "
				    "(process, softirq, hardirq, percpu)", path,
				    static_cast<int>(wrong_length), wrong);
	}
	fclose(file);
	return good;
}

} // namespace lunatik
