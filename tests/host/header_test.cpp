// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The line of a script that says how to run it.
#include "support.hpp"

#include <random>

using namespace lunatik;

/* What the words mean: "softirq percpu", "- percpu" without a context, "? word" when wrong. */
static std::string describe(bool good, const Options &options, const char *wrong = "", size_t length = 0)
{
	if (!good)
		return "? " + std::string(wrong, length);
	return std::string(options.has_context ? context_name(options.context) : "-") +
	       (options.percpu ? " percpu" : "") +
	       (options.limits.budget ? " " + std::to_string(options.limits.budget) + "ms" : "") +
	       (options.limits.quota ? " " + std::to_string(options.limits.quota) + "B" : "");
}

static std::string words(const std::string &text)
{
	Options options = {};
	const char *wrong = nullptr;
	size_t length = 0;
	/* On the heap without an end, so that ASan sees a byte read too many. */
	std::vector<char> bytes(text.begin(), text.end());

	bytes.shrink_to_fit();
	bool good = parse_header(bytes.data(), bytes.size(), options, wrong, length);

	return describe(good, options, wrong, length);
}

class Header : public Core {
protected:
	/* What the script's header asks for; "! message" when it is refused. */
	std::string header(const std::string &text)
	{
		Options options = {};

		script("script", text);
		if (!read_header(LUA_ROOT "script.lua", options, failure))
			return std::string("! ") + failure.text;
		return describe(true, options);
	}
};

TEST_F(Header, EveryWordIsKnownAlone)
{
	EXPECT_EQ(words("process"), "process");
	EXPECT_EQ(words("softirq"), "softirq");
	EXPECT_EQ(words("hardirq"), "hardirq");
	EXPECT_EQ(words("percpu"), "- percpu");
	EXPECT_EQ(words(""), "-");
}

TEST_F(Header, LimitsHaveUnits)
{
	EXPECT_EQ(words("budget=20"), "- 20ms");
	EXPECT_EQ(words("budget=20ms"), "- 20ms");
	EXPECT_EQ(words("budget=2s"), "- 2000ms");
	EXPECT_EQ(words("memory=65536"), "- 65536B");
	EXPECT_EQ(words("memory=512K softirq budget=7"), "softirq 7ms 524288B");
	EXPECT_EQ(words("memory=8M"), "- 8388608B");
	EXPECT_EQ(words("memory=1G"), "- 1073741824B");
}

TEST_F(Header, LimitsThatAreNoneAreWrongWords)
{
	for (const char *word : { "budget", "budget=", "budget=0", "budget=-1", "budget=x", "budget=ms", "budget=5m", "budget=1.5",
				  "budget=99999999999999999999999", "memory=", "memory=0M", "memory=8MB", "memory=M",
				  "=5", "Budget=5" })
		EXPECT_EQ(words(word), "? " + std::string(word)) << word;
}

TEST_F(Header, LimitsOutOfRangeAreRefused)
{
	auto refusal = [&](const char *text) {
		script("script", "");
		return make("script", text) ? "" : std::string(failure.text);
	};

	EXPECT_TRUE(contains(refusal("softirq budget=501"), "the budget of a softirq runtime is 1 to 500 ms"));
	EXPECT_TRUE(contains(refusal("hardirq budget=101"), "the budget of a hardirq runtime is 1 to 100 ms"));
	EXPECT_TRUE(contains(refusal("budget=4000000s"), "the budget of a process runtime is 1 to 3600000 ms"));
	EXPECT_TRUE(contains(refusal("memory=65535"), "the memory of a process runtime is 65536 to 1073741824 bytes"));
	EXPECT_TRUE(contains(refusal("memory=2G"), "the memory of a process runtime is 65536 to 1073741824 bytes"));
	EXPECT_TRUE(contains(refusal("softirq memory=65M"), "the memory of a softirq runtime is 65536 to 67108864 bytes"));
}

TEST_F(Header, WordsCombineInAnyOrderBetweenBlanks)
{
	EXPECT_EQ(words("softirq percpu"), "softirq percpu");
	EXPECT_EQ(words("percpu softirq"), "softirq percpu");
	EXPECT_EQ(words("\t percpu \t hardirq\r"), "hardirq percpu");
	EXPECT_EQ(words("   "), "-");
	EXPECT_EQ(words("softirq softirq"), "softirq");
}

TEST_F(Header, LastContextWins)
{
	EXPECT_EQ(words("softirq hardirq"), "hardirq");
}

TEST_F(Header, UnknownWordsAreNamed)
{
	EXPECT_EQ(words("soft"), "? soft");
	EXPECT_EQ(words("softirqs"), "? softirqs");
	EXPECT_EQ(words("Softirq"), "? Softirq");
	EXPECT_EQ(words("softirq,percpu"), "? softirq,percpu");
	EXPECT_EQ(words("softirq per cpu"), "? per");
	EXPECT_EQ(words(std::string("softirq\0", 8)), std::string("? softirq\0", 10));
	EXPECT_EQ(words("softirq\v"), "? softirq\v");
	EXPECT_EQ(words("\xff\xfe"), "? \xff\xfe");
}

TEST_F(Header, NamesOfContextsGoBothWays)
{
	lunatik_context context;

	for (lunatik_context each : { LUNATIK_PROCESS, LUNATIK_SOFTIRQ, LUNATIK_HARDIRQ }) {
		std::string name = context_name(each);

		ASSERT_TRUE(context_named(name.data(), name.size(), context));
		EXPECT_EQ(context, each);
		EXPECT_FALSE(context_named(name.data(), name.size() - 1, context));
	}
}

TEST_F(Header, FirstCommentIsRead)
{
	EXPECT_EQ(header("-- lunatik: softirq\n"), "softirq");
	EXPECT_EQ(header("--lunatik:softirq percpu\nprint(1)"), "softirq percpu");
	EXPECT_EQ(header("-- SPDX-License-Identifier: MIT\n-- What it does\n-- lunatik: hardirq\n"), "hardirq");
	EXPECT_EQ(header("--\t \tlunatik:\tpercpu\r\n"), "- percpu");
	EXPECT_EQ(header("-- lunatik: softirq\n--lunatik: percpu\n"), "softirq percpu");
}

TEST_F(Header, LineAtTheEndOfTheFileNeedsNoEnd)
{
	EXPECT_EQ(header("-- lunatik: softirq"), "softirq");
	EXPECT_EQ(header("-- lunatik:"), "-");
	EXPECT_EQ(header("-- lunatik"), "-");
	EXPECT_EQ(header("--"), "-");
	EXPECT_EQ(header("-"), "-");
	EXPECT_EQ(header(""), "-");
	EXPECT_EQ(header("\n"), "-");
}

TEST_F(Header, OtherLinesSayNothing)
{
	EXPECT_EQ(header("print(1)\n-- lunatik: softirq\n"), "-");
	EXPECT_EQ(header("\n-- lunatik: softirq\n"), "-");
	EXPECT_EQ(header(" -- lunatik: softirq\n"), "-");
	EXPECT_EQ(header("-- see lunatik: softirq\n"), "-");
	EXPECT_EQ(header("-- lunatik : softirq\n"), "-");
	EXPECT_EQ(header("-- Lunatik: softirq\n"), "-");
	EXPECT_EQ(header("--[[\nlunatik: softirq\n]]\n"), "-");
	EXPECT_EQ(header("--- lunatik: softirq\n"), "-");
}

TEST_F(Header, UnknownWordIsAnErrorThatNamesFileWordAndChoice)
{
	EXPECT_EQ(header("-- lunatik: softrq\n"),
		  "! scripts/script.lua: unknown word 'softrq' after '-- lunatik:' (process, softirq, hardirq, percpu, "
		  "budget=MILLISECONDS, memory=BYTES)");
	EXPECT_EQ(failure.code, -EINVAL);
	EXPECT_TRUE(contains(header("-- lunatik: softirq -- and why\n"), "unknown word '--'"));
}

TEST_F(Header, MissingFileIsAnErrorThatNamesIt)
{
	Options options = {};

	EXPECT_FALSE(read_header(LUA_ROOT "absent.lua", options, failure));
	EXPECT_STREQ(failure.text, "cannot open scripts/absent.lua: No such file or directory");
	EXPECT_EQ(failure.code, -ENOENT);
}

TEST_F(Header, LongCommentsBeforeAreSkipped)
{
	EXPECT_EQ(header("-- " + std::string(100000, 'x') + "\n-- lunatik: softirq\n"), "softirq");
	for (size_t length = 120; length < 140; length++)
		EXPECT_EQ(header("--" + std::string(length, '-') + "\n-- lunatik: softirq\n"), "softirq") << length;
}

TEST_F(Header, NoWordOfALongLineIsLost)
{
	for (const char *word : { "percpu", "nonsense" })
		for (size_t blanks = 80; blanks < 300; blanks++)
			ASSERT_NE(header("-- lunatik: softirq" + std::string(blanks, ' ') + word + "\n"), "softirq") << blanks;
}

TEST_F(Header, ZeroBytesAreNoEnd)
{
	EXPECT_EQ(header(std::string("-- \0\n-- lunatik: softirq\n", 25)), "softirq");
	EXPECT_TRUE(contains(header(std::string("-- lunatik: softirq\0percpu\n", 27)), "! "));
	EXPECT_EQ(header(std::string("--\0 lunatik: softirq\n", 21)), "-");
}

TEST_F(Header, GarbageIsReadWithinItsBoundsAndAnswered)
{
	static const char *const pieces[] = { "-", "--", " ", "\t", "\r", "\n", "lunatik:", "lunatik", ":", "process", "softirq",
					      "hardirq", "percpu", "\0", "\xff", "x", "[[", "]]", "print(1)" };
	std::mt19937 random(1);

	for (int i = 0; i < 1000; i++) {
		std::string text, answer;

		for (unsigned int n = random() % 12; n; n--) {
			const char *piece = pieces[random() % (sizeof(pieces) / sizeof(*pieces))];

			text += *piece ? std::string(piece) : std::string(1, '\0');
		}
		words(text);
		answer = header(text);
		if (text.rfind("--", 0) || text.find("lunatik:") == std::string::npos) {
			ASSERT_EQ(answer, "-") << testing::PrintToString(text);
		}
	}
}

TEST_F(Header, DecidesTheRuntimeUnlessOverridden)
{
	script("packets", "-- lunatik: softirq percpu\n");
	EXPECT_EQ(make("packets")->runtime->context, LUNATIK_SOFTIRQ);
	EXPECT_TRUE(make("packets")->runtime->percpu);
	EXPECT_EQ(make("packets", "process")->runtime->context, LUNATIK_PROCESS);
	EXPECT_FALSE(make("packets", "process")->runtime->percpu);
	EXPECT_FALSE(make("packets", "hardirq")->runtime->percpu);
}

TEST_F(Header, PercpuAloneMeansSoftirq)
{
	script("each", "-- lunatik: percpu\n");
	EXPECT_EQ(make("each")->runtime->context, LUNATIK_SOFTIRQ);
	EXPECT_EQ(make("each")->runtime->count, lunatik_cpu_count());
}

TEST_F(Header, ProcessPercpuIsRefused)
{
	script("wrong", "-- lunatik: process percpu\n");
	EXPECT_EQ(make("wrong"), nullptr);
	EXPECT_STREQ(failure.text, "wrong: a process runtime cannot be percpu: make it softirq or hardirq");
	EXPECT_EQ(failure.code, -EINVAL);
	EXPECT_NE(make("wrong", "softirq"), nullptr);
	EXPECT_EQ(make("wrong", "process percpu"), nullptr);
}
