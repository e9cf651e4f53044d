// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lines typed at the terminal, by libedit. The history is in ~/.lunatik_history.
#include "lines.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <new>

#include <fcntl.h>
#include <histedit.h>
#include <pwd.h>
#include <unistd.h>

namespace {

/* Lines that the history keeps. */
const size_t history_size = 1000;

std::string history_path()
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home && *home)
		return std::string(home) + "/.lunatik_history";
	user = getpwuid(geteuid());
	return user ? std::string(user->pw_dir) + "/.lunatik_history" : "";
}

class Terminal : public Lines {
public:
	Terminal();
	~Terminal() override;
	Next next(bool continued, std::string &line) override;

private:
	static char *prompt(EditLine *editor);
	static unsigned char drop(EditLine *editor, int key);
	void load();
	void save(int how, const std::string &text);

	EditLine *editor;
	History *kept;
	std::string path = history_path();
	bool continued = false, dropped = false;
};

char *Terminal::prompt(EditLine *editor)
{
	static char first[] = "> ", more[] = ">> ";
	Terminal *self;

	el_get(editor, EL_CLIENTDATA, &self);
	return self->continued ? more : first;
}

unsigned char Terminal::drop(EditLine *editor, int)
{
	Terminal *self;

	el_get(editor, EL_CLIENTDATA, &self);
	self->dropped = true;
	return CC_NEWLINE;
}

Terminal::Terminal() : editor(el_init("lunatik", stdin, stdout, stderr)), kept(history_init())
{
	HistEvent event;

	if (!editor || !kept)
		throw std::bad_alloc();
	el_set(editor, EL_CLIENTDATA, this);
	el_set(editor, EL_PROMPT, prompt);
	el_set(editor, EL_EDITOR, "emacs");
	el_set(editor, EL_HIST, history, kept);
	/* While a line is typed, Ctrl-C is a key; it ends the command while that waits for the kernel. */
	el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
	el_set(editor, EL_ADDFN, "lunatik-drop", "drop the line", drop);
	el_set(editor, EL_BIND, "^C", "lunatik-drop", nullptr);
	history(kept, &event, H_SETSIZE, static_cast<int>(history_size));
	history(kept, &event, H_SETUNIQUE, 1);
	load();
}

Terminal::~Terminal()
{
	history_end(kept);
	el_end(editor);
}

/* Reads the history, and cuts the file when it has become long. */
void Terminal::load()
{
	std::deque<std::string> lines;
	std::ifstream file(path);
	HistEvent event;
	size_t count = 0;

	for (std::string line; std::getline(file, line); count++) {
		lines.push_back(line);
		if (lines.size() > history_size)
			lines.pop_front();
	}
	for (const std::string &line : lines)
		history(kept, &event, H_ENTER, line.c_str());
	if (count > 2 * history_size) {
		std::string text;

		for (const std::string &line : lines)
			text += line + '\n';
		save(O_TRUNC, text);
	}
}

/* Never through a link: the home may be another user's than the one who runs this. */
void Terminal::save(int how, const std::string &text)
{
	int file = open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);

	/* Without a history there is still a prompt. */
	if (file < 0)
		return;
	(void)!write(file, text.data(), text.size());
	close(file);
}

Lines::Next Terminal::next(bool goes_on, std::string &line)
{
	HistEvent event;
	const char *text;
	int length;

	continued = goes_on;
	dropped = false;
	text = el_gets(editor, &length);
	if (dropped) {
		puts("^C");
		return Next::Dropped;
	}
	if (!text) {
		puts("");
		return Next::End;
	}
	line.assign(text, static_cast<size_t>(length));
	if (line.ends_with('\n'))
		line.pop_back();
	if (!line.empty() && history(kept, &event, H_ENTER, line.c_str()) > 0)
		save(O_APPEND, line + '\n');
	return Next::Line;
}

} // namespace

std::unique_ptr<Lines> terminal_lines()
{
	return std::make_unique<Terminal>();
}
