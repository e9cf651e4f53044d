// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The table of verbs.
#include "verbs.hpp"
#include "attach.hpp"
#include "completion.hpp"
#include "script.hpp"
#include "system.hpp"

static const Verb table[] = {
	{ .name = "load", .help = "load the kernel modules", .run = [](const Input &) { load(); } },
	{ .name = "unload", .help = "stop all scripts and unload the kernel modules",
	  .run = [](const Input &) { unload(); } },
	{ .name = "reload", .help = "unload, then load", .run = [](const Input &) { reload(); } },
	{ .name = "status", .help = "show which kernel modules are loaded", .run = [](const Input &) { show_status(); } },
	{ .name = "list", .help = "show the scripts that run", .run = [](const Input &input) { list_scripts(input.json); },
	  .json = true },
	{ .name = "run", .help = "run a script in a new runtime",
	  .run = [](const Input &input) { run_script(input.script, input.context, input.limits); },
	  .operand = Operand::Script, .context = true, .limits = true },
	{ .name = "spawn", .help = "run a script, and in a kernel thread the function that it returns",
	  .run = [](const Input &input) { spawn_script(input.script, input.limits); }, .operand = Operand::Script,
	  .limits = true },
	{ .name = "stop", .help = "stop a script", .run = [](const Input &input) { stop_script(input.script); },
	  .operand = Operand::Running },
	{ .name = "attach", .help = "hand the packets of an interface to a script, at XDP; runs it if it does not run",
	  .run = [](const Input &input) { attach_script(input.script, input.interface, input.mode); },
	  .operand = Operand::Script, .interface = true, .mode = true },
	{ .name = "detach", .help = "end that; the script runs on",
	  .run = [](const Input &input) { detach_script(input.interface); }, .interface = true },
	{ .name = "completion", .help = "print the completion for bash", .run = [](const Input &) { print_completion(); },
	  .hidden = true },
};

std::span<const Verb> verbs()
{
	return table;
}
