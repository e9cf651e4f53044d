// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The words of a script's header, of a whole file and after lunatik.runtime(): against a parser of C++ strings,
// with ranges as documented, and what is accepted written out and read again.
#include "support.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>

using namespace lunatik;

namespace {

bool same(const Options &a, const Options &b)
{
	return a.has_context == b.has_context && (!a.has_context || a.context == b.context) && a.percpu == b.percpu &&
	       a.limits.budget == b.limits.budget && a.limits.quota == b.limits.quota;
}

/* --- the parser to compare with ----------------------------------------------------------- */

/* A number, 1 to 2^32, and a unit. */
bool reference_amount(const std::string &text, const std::map<std::string, uint64_t> &units, uint64_t &amount)
{
	size_t digits = text.find_first_not_of("0123456789");
	std::string number = text.substr(0, digits), unit = digits == text.npos ? "" : text.substr(digits);

	number.erase(0, number.find_first_not_of('0'));
	if (number.empty() || number.size() > 10 || std::stoull(number) > 1ULL << 32 || !units.count(unit))
		return false;
	amount = std::stoull(number) * units.at(unit);
	return true;
}

/* Takes words of a line; the first that is none, or "". */
std::string reference_words(const std::string &line, Options &options)
{
	static const std::map<std::string, lunatik_context> contexts = {
		{ "process", LUNATIK_PROCESS }, { "softirq", LUNATIK_SOFTIRQ }, { "hardirq", LUNATIK_HARDIRQ },
	};
	static const std::map<std::string, uint64_t> times = { { "", 1 }, { "ms", 1 }, { "s", 1000 } };
	static const std::map<std::string, uint64_t> sizes = {
		{ "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	};
	static const std::string blanks = " \t\r";
	uint64_t amount;

	for (size_t end, at = 0; (at = line.find_first_not_of(blanks, at)) != line.npos; at = end) {
		end = std::min(line.find_first_of(blanks, at), line.size());
		std::string word = line.substr(at, end - at);

		if (word == "percpu") {
			options.percpu = true;
		} else if (contexts.count(word)) {
			options.has_context = true;
			options.context = contexts.at(word);
		} else if (!word.compare(0, 7, "budget=") && reference_amount(word.substr(7), times, amount)) {
			options.limits.budget = static_cast<unsigned int>(std::min<uint64_t>(amount, ~0u));
		} else if (!word.compare(0, 7, "memory=") && reference_amount(word.substr(7), sizes, amount)) {
			options.limits.quota = amount;
		} else {
			return word;
		}
	}
	return "";
}

/* Takes the first comment of a file. */
bool reference_file(const std::string &text, Options &options)
{
	for (size_t end, at = 0; at < text.size() && !text.compare(at, 2, "--"); at = end + 1) {
		end = std::min(text.find('\n', at), text.size());
		std::string line = text.substr(at, end - at);
		size_t mark = line.find_first_not_of(" \t\r", 2);

		/* Only so much of a line is looked at. */
		if (mark == line.npos || mark + 8 > 160 || line.compare(mark, 8, "lunatik:"))
			continue;
		if (line.size() >= 160 || !reference_words(line.substr(mark + 8), options).empty())
			return false;
	}
	return true;
}

/* --- properties --------------------------------------------------------------------------- */

/* Completed options are as documented; and they are the same when written out and read again. */
void check_complete(const Options &options)
{
	static const unsigned int budgets[] = { 3600000, 500, 100 };
	static const size_t quotas[] = { 1073741824, 67108864, 67108864 };
	static const char *const names[] = { "process", "softirq", "hardirq" };
	Options again = {};
	Failure failure;
	const char *wrong;
	size_t length;

	if (!options.has_context || options.context > LUNATIK_HARDIRQ)
		fuzz::finding("no context");
	if (options.percpu && options.context == LUNATIK_PROCESS)
		fuzz::finding("a process runtime is percpu");
	if (options.limits.budget < 1 || options.limits.budget > budgets[options.context])
		fuzz::finding("a budget of %u ms", options.limits.budget);
	if (options.limits.quota < 65536 || options.limits.quota > quotas[options.context])
		fuzz::finding("a quota of %zu bytes", options.limits.quota);

	std::string words = std::string(names[options.context]) + (options.percpu ? " percpu" : "") + " budget=" +
			    std::to_string(options.limits.budget) + " memory=" + std::to_string(options.limits.quota);

	if (!parse_header(words.data(), words.size(), again, wrong, length) || !same(again, options) ||
	    !complete_options(again, "again", failure) || !same(again, options))
		fuzz::finding("'%s' is not what was written", words.c_str());
}

/* The failure tells something, within its text. */
void check_failure(const Failure &failure)
{
	size_t length = strnlen(failure.text, sizeof(failure.text));

	if (!failure.code || !length || length == sizeof(failure.text))
		fuzz::finding("a failure without a reason");
}

void complete(Options options)
{
	static Failure failure;

	memset(&failure, 0, sizeof(failure));
	if (complete_options(options, "script", failure))
		check_complete(options);
	else
		check_failure(failure);
}

/* The words of one line, in a block of just their size. */
Options check_words(const std::string &line)
{
	std::unique_ptr<char[]> words(new char[line.size()]);
	Options options = {}, wanted = {};
	const char *wrong = nullptr;
	size_t length = 0;
	bool good;

	memcpy(words.get(), line.data(), line.size());
	good = parse_header(words.get(), line.size(), options, wrong, length);
	std::string unknown = reference_words(line, wanted);

	if (good != unknown.empty() || !same(options, wanted))
		fuzz::finding("words are read as others");
	if (!good && (wrong < words.get() || !length || wrong + length > words.get() + line.size() ||
		      std::string(wrong, length) != unknown))
		fuzz::finding("another word is told than the unknown one");
	complete(options);
	return options;
}

Options check_file(const std::string &text)
{
	static Failure failure;
	Options options = {}, wanted = {};
	bool good;

	memset(&failure, 0, sizeof(failure));
	fuzz::files["script.lua"] = text;
	good = read_header(LUA_ROOT "script.lua", options, failure);
	if (good != reference_file(text, wanted))
		fuzz::finding("a file is %s", good ? "accepted" : "refused");
	if (!good)
		check_failure(failure);
	else if (!same(options, wanted))
		fuzz::finding("a file's header is read as another");
	else
		complete(options);
	return options;
}

/* The words win over the file, and a budget goes only with its context. */
void check_override(const Options &file, const Options &words)
{
	Options options = file;

	override_options(options, words);
	if (words.has_context || words.percpu) {
		Options contexts = words;

		contexts.limits = options.limits;
		if (!same(options, contexts))
			fuzz::finding("a context is not overridden");
	} else if (options.has_context != file.has_context || options.percpu != file.percpu) {
		fuzz::finding("a context is overridden by none");
	}
	if (words.limits.budget ? options.limits.budget != words.limits.budget
				: options.limits.budget && options.limits.budget != file.limits.budget)
		fuzz::finding("the budget is neither of both");
	if (options.limits.quota != (words.limits.quota ? words.limits.quota : file.limits.quota))
		fuzz::finding("the quota is neither of both");
	complete(options);
}

} // namespace

/* The first line is of words, the rest is a file. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	std::string text(reinterpret_cast<const char *>(bytes), size);
	size_t end = std::min(text.find('\n'), text.size());

	kernel::reset();
	Options words = check_words(text.substr(0, end)), file = check_file(text.substr(std::min(end + 1, size)));

	check_words(text);
	check_override(file, words);
	fuzz::files.clear();
	if (kernel::blocks_used())
		fuzz::finding("%zu blocks leak", kernel::blocks_used());
	fuzz::check_reports();
	return 0;
}
