// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The read-evaluate-print loop: reads here, evaluates in the kernel, prints here.
#include "repl.hpp"
#include "version.hpp"

#include <clocale>
#include <cstdio>
#include <optional>

#include <unistd.h>

static void print(FILE *to, const std::string &text)
{
	fwrite(text.data(), 1, text.size(), to);
	fflush(to);
}

bool evaluate_lines(Device &device, Lines &lines)
{
	std::string source, line;
	std::optional<Answer> unfinished;
	bool good = true;

	for (;;) {
		Lines::Next next = lines.next(unfinished.has_value(), line);

		if (next == Lines::Next::End)
			break;
		if (next == Lines::Next::Dropped) {
			unfinished.reset();
			continue;
		}
		source = unfinished ? source + '\n' + line : line;
		unfinished.reset();
		if (source.size() > Device::limit) {
			fprintf(stderr, "lunatik: this is longer than %zu bytes: put it in a script and run that\n",
				Device::limit);
			good = false;
			continue;
		}

		Answer answer = device.ask(source);

		switch (answer.status) {
		case Answer::Status::Ok:
			print(stdout, answer.text);
			break;
		case Answer::Status::Error:
			print(stderr, answer.text);
			good = false;
			break;
		case Answer::Status::Incomplete:
			unfinished = answer;
			break;
		}
	}
	if (unfinished) {
		print(stderr, unfinished->text);
		good = false;
	}
	return good;
}

static void greet(Device &device)
{
	std::string text = device.ask("_VERSION").text;

	printf("%s, %s in the kernel", version_line, text.substr(0, text.find('\n')).c_str());
	puts(" (end: Ctrl-D)");
}

Exit run_repl()
{
	Device device;

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		setlocale(LC_CTYPE, "");
		greet(device);
		evaluate_lines(device, *terminal_lines());
		return Exit::Done;
	}
	return evaluate_lines(device, *plain_lines()) ? Exit::Done : Exit::Failed;
}
