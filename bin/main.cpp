// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The command `lunatik`: its command line and its exit status.
#include "attachment.hpp"
#include "failure.hpp"
#include "repl.hpp"
#include "verbs.hpp"
#include "version.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include <CLI/CLI.hpp>

/* What is wrong with a script's name; nothing if it is empty. The kernel knows the rest. */
static std::string check_name(const std::string &name)
{
	bool good = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < ' '; });

	return good ? "" : "control characters are not allowed";
}

static void add(CLI::App &app, const Verb &verb, Input &input)
{
	CLI::App *command = app.add_subcommand(verb.name, verb.help);

	command->group(verb.hidden ? "" : "Commands");
	if (verb.operand != Operand::None)
		command->add_option("SCRIPT", input.script, "its path below /lib/modules/lua, without .lua")
			->required()->type_name("")->check(check_name);
	if (verb.interface)
		command->add_option("INTERFACE", input.interface, "a network interface")
			->required()->type_name("")->check(check_name);
	if (verb.mode)
		command->add_option("--mode", input.mode,
				    "auto (the default: native if the driver can), native (in the driver),\n"
				    "generic (on every interface, slower) or offload (in the card)")
			->type_name("MODE")->check(CLI::IsMember(std::vector<std::string>(mode_words().begin(), mode_words().end())));
	if (verb.context)
		command->add_option("CONTEXT", input.context,
				    "process (or true), softirq (or false) or hardirq, and perhaps percpu;\n"
				    "else as the script's first comment says")->type_name("");
	if (verb.limits) {
		static const std::map<std::string, unsigned long long> times = { { "ms", 1 }, { "s", 1000 } };

		command->add_option("--budget", input.limits.budget, "how long it may take each time it is entered (20ms, 1s)")
			->type_name("TIME")->check(CLI::PositiveNumber)->transform(CLI::AsNumberWithUnit(times));
		command->add_option("--memory", input.limits.memory, "how much memory it may use, on each CPU if percpu (512K, 8M)")
			->type_name("SIZE")->check(CLI::PositiveNumber)->transform(CLI::AsSizeValue(false));
	}
	if (verb.json)
		command->add_flag("--json", input.json, "as JSON");
	command->callback([&] { verb.run(input); });
}

/* What is wrong with the command line, and where to read how it should be. */
static std::string explain(const CLI::App &app, const CLI::ParseError &error)
{
	std::vector<std::string> extra = app.remaining(true);
	std::string verb, what = error.what();

	for (const CLI::App *command : app.get_subcommands())
		verb = command->get_name() + " ";
	if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !extra.empty())
		what = (verb.empty() && !extra[0].starts_with('-') ? "unknown command '" : "unexpected '") + extra[0] + "'";
	return what + "; see: lunatik " + verb + "--help";
}

static Exit run(int argc, char **argv)
{
	CLI::App app("Runs Lua scripts in the kernel. Without a command: evaluates Lua there, line by line.", "lunatik");
	Input input;

	app.set_version_flag("--version", version_line);
	app.require_subcommand(0, 1);
	app.get_formatter()->label("SUBCOMMAND", "COMMAND");
	app.get_formatter()->label("REQUIRED", "");
	for (const Verb &verb : verbs())
		add(app, verb, input);
	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &error) {
		if (error.get_exit_code())
			throw Misuse(explain(app, error));
		app.exit(error);
		return Exit::Done;
	}
	return app.get_subcommands().empty() ? run_repl() : Exit::Done;
}

static Exit complain(const char *message, Exit exit)
{
	fprintf(stderr, "lunatik: %s\n", message);
	return exit;
}

static Exit guarded(int argc, char **argv)
{
	try {
		return run(argc, argv);
	} catch (const Misuse &misuse) {
		return complain(misuse.what(), Exit::Misused);
	} catch (const std::exception &failure) {
		return complain(failure.what(), Exit::Failed);
	}
}

int main(int argc, char **argv)
{
	Exit exit = guarded(argc, argv);

	if (fflush(stdout) || ferror(stdout))
		exit = complain("cannot write the output", Exit::Failed);
	return static_cast<int>(exit);
}
