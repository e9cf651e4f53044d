// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lines typed at the terminal, by libedit. The history is in ~/.lunatik_history.
#include "lines.hpp"

#include <cstdio>
#include <cstdlib>
#include <new>

#include <fcntl.h>
#include <histedit.h>
#include <pwd.h>
#include <unistd.h>

namespace {

/* Lines that the history keeps. */
const int history_size = 1000;

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
	void save(int how, size_t lines);

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
	el_set(editor, EL_SETTY, "-d", "intr=", nullptr);
	el_set(editor, EL_ADDFN, "lunatik-drop", "drop the line", drop);
	el_set(editor, EL_BIND, "^C", "lunatik-drop", nullptr);
	history(kept, &event, H_SETSIZE, history_size);
	history(kept, &event, H_SETUNIQUE, 1);
	history(kept, &event, H_LOAD, path.c_str());
	if (history(kept, &event, H_GETSIZE) >= 0 && event.num >= history_size)
		save(O_TRUNC, history_size);
}

Terminal::~Terminal()
{
	history_end(kept);
	el_end(editor);
}

/* Never through a link: the home may be another user's than the one who runs this. */
void Terminal::save(int how, size_t lines)
{
	int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);
	FILE *file = descriptor < 0 ? nullptr : fdopen(descriptor, "a");
	HistEvent event;

	if (!file)
		return;
	fseek(file, 0, SEEK_END);
	history(kept, &event, H_NSAVE_FP, lines, file);
	fclose(file);
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
		save(O_APPEND, 1);
	return Next::Line;
}

} // namespace

std::unique_ptr<Lines> terminal_lines()
{
	return std::make_unique<Terminal>();
}
