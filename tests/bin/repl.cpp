// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The device and the loop over it, with this test as the kernel: a socket keeps writes apart as the
// device does, and an empty message ends an answer.
#include "repl.hpp"
#include "failure.hpp"
#include "script.hpp"

#include <deque>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

/* Gives prepared answers, and keeps the requests. */
class Kernel {
public:
	explicit Kernel(std::deque<std::string> answers) : answers(answers)
	{
		int ends[2];

		EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		device = ends[0];
		server = std::thread([this, end = ends[1]] { serve(end); });
	}

	/* The device must be closed. */
	std::vector<std::string> requests()
	{
		server.join();
		return seen;
	}

	int device;

private:
	void serve(int end)
	{
		char request[1 << 16];
		ssize_t length;

		while ((length = read(end, request, sizeof(request))) > 0) {
			seen.emplace_back(request, static_cast<size_t>(length));
			for (char c : answers.front())
				(void)!write(end, &c, 1);
			(void)!send(end, "", 0, 0);
			answers.pop_front();
		}
		close(end);
	}

	std::deque<std::string> answers;
	std::vector<std::string> seen;
	std::thread server;
};

class Given : public Lines {
public:
	explicit Given(std::deque<std::string> lines) : lines(lines) {}

	Next next(bool continued, std::string &line) override
	{
		prompts += continued ? ">>" : ">";
		if (lines.empty())
			return Next::End;
		line = lines.front();
		lines.pop_front();
		return line == "^C" ? Next::Dropped : Next::Line;
	}

	std::string prompts;

private:
	std::deque<std::string> lines;
};

/* What a loop did. */
struct Outcome {
	bool good;
	std::string out, error, prompts;
	std::vector<std::string> requests;
};

Outcome evaluate(std::deque<std::string> lines, std::deque<std::string> answers)
{
	Kernel kernel(answers);
	Given given(lines);
	Outcome outcome;

	testing::internal::CaptureStdout();
	testing::internal::CaptureStderr();
	{
		Device device(kernel.device);

		outcome.good = evaluate_lines(device, given);
	}
	outcome.out = testing::internal::GetCapturedStdout();
	outcome.error = testing::internal::GetCapturedStderr();
	outcome.prompts = given.prompts;
	outcome.requests = kernel.requests();
	return outcome;
}

using Texts = std::vector<std::string>;

} // namespace

TEST(Repl, PrintsResults)
{
	Outcome outcome = evaluate({ "6*7", "x" }, { "ok\n42\n", "ok\nnil\n" });

	EXPECT_TRUE(outcome.good);
	EXPECT_EQ(outcome.out, "42\nnil\n");
	EXPECT_EQ(outcome.error, "");
	EXPECT_EQ(outcome.requests, (Texts{ "6*7", "x" }));
}

TEST(Repl, GoesOnAfterAnError)
{
	Outcome outcome = evaluate({ "error()", "1" }, { "error\nboom\n", "ok\n1\n" });

	EXPECT_FALSE(outcome.good);
	EXPECT_EQ(outcome.out, "1\n");
	EXPECT_EQ(outcome.error, "boom\n");
}

TEST(Repl, JoinsTheLinesOfOneSource)
{
	Outcome outcome = evaluate({ "if x", "then y()", "end", "1" },
				   { "incomplete\n<eof>\n", "incomplete\n<eof>\n", "ok\n", "ok\n1\n" });

	EXPECT_TRUE(outcome.good);
	EXPECT_EQ(outcome.prompts, ">>>>>>>");
	EXPECT_EQ(outcome.requests, (Texts{ "if x", "if x\nthen y()", "if x\nthen y()\nend", "1" }));
}

TEST(Repl, TheEndOfInputInsideOfASourceIsAnError)
{
	Outcome outcome = evaluate({ "if x" }, { "incomplete\nnear <eof>\n" });

	EXPECT_FALSE(outcome.good);
	EXPECT_EQ(outcome.error, "near <eof>\n");
}

TEST(Repl, DroppedLinesAreForgotten)
{
	Outcome outcome = evaluate({ "if x", "^C", "1" }, { "incomplete\n<eof>\n", "ok\n1\n" });

	EXPECT_TRUE(outcome.good);
	EXPECT_EQ(outcome.requests, (Texts{ "if x", "1" }));
}

TEST(Repl, LongSourceIsNotSent)
{
	Outcome outcome = evaluate({ std::string(Device::limit + 1, ' '), "1" }, { "ok\n1\n" });

	EXPECT_FALSE(outcome.good);
	EXPECT_EQ(outcome.requests, Texts{ "1" });
	EXPECT_NE(outcome.error.find("longer than 1048576 bytes"), std::string::npos);
}

TEST(Device, ReadsLongAnswers)
{
	std::string text(5000, 'x');
	Kernel kernel({ "ok\n" + text });

	{
		Device device(kernel.device);

		EXPECT_EQ(device.ask("1").text, text);
		EXPECT_THROW(device.ask(std::string(Device::limit + 1, ' ')), Failure);
	}
	EXPECT_EQ(kernel.requests(), Texts{ "1" });
}

TEST(Script, IsQuotedInRequests)
{
	Kernel kernel({ "ok\nfine\n" });

	{
		Device device(kernel.device);

		EXPECT_EQ(call_runner(device, "run", { "a\")\nerror(\"", "softirq" }), "fine");
	}
	EXPECT_TRUE(kernel.requests().at(0).ends_with(
		"return call(\"run\", \"a\\034)\\010error(\\034\", \"softirq\")"));
}

TEST(Script, ErrorsHaveHints)
{
	Kernel kernel({ "error\na is already running\n" });

	{
		Device device(kernel.device);

		try {
			call_runner(device, "run", { "a" });
			ADD_FAILURE();
		} catch (const Failure &failure) {
			EXPECT_STREQ(failure.what(), "a is already running; to run it anew, first run: lunatik stop a");
		}
	}
	kernel.requests();
	EXPECT_EQ(with_hint("something else"), "something else");
	EXPECT_EQ(with_hint("bad\nstack traceback:\n\ta.lua:1: in main chunk\n\t[C]: in ?"),
		  "bad\nstack traceback:\n\ta.lua:1: in main chunk\n\t[C]: in ?");
}
