// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Scripts in the kernel, by their names: what the kernel's lunatik.runner does for the command.
#include "script.hpp"
#include "failure.hpp"
#include "listing.hpp"
#include "quote.hpp"

#include <cstdio>

/*
 * An error that is an object with a text of its own comes without the traceback of this request,
 * which would say nothing about the script.
 */
static const char call_source[] =
	"local function call(name, ...)\n"
	"	local good, result = pcall(require('lunatik.runner')[name], ...)\n"
	"	if good then return result end\n"
	"	error(setmetatable({}, { __tostring = function() return tostring(result) end }))\n"
	"end\n";

std::string with_hint(std::string message)
{
	static const std::string_view already = " is already running";

	if (message.ends_with(already))
		return message + "; to run it anew, first run: lunatik stop " +
			message.substr(0, message.size() - already.size());
	if (message.ends_with(" is not running"))
		return message + "; to see what is, run: lunatik list";
	if (message.starts_with("cannot open ") && message.ends_with(": No such file or directory"))
		return message + "; scripts are named by their path below /lib/modules/lua";
	return message;
}

std::string ask_kernel(Device &device, const std::string &source)
{
	Answer answer = device.ask(call_source + source);

	if (!answer.text.empty() && answer.text.back() == '\n')
		answer.text.pop_back();
	if (answer.status != Answer::Status::Ok)
		throw Failure(with_hint(answer.text));
	return answer.text;
}

std::string call_runner(Device &device, const std::string &function, const std::vector<std::string> &arguments)
{
	std::string source = "return call(" + quote(function);

	for (const std::string &argument : arguments)
		source += ", " + quote(argument);
	return ask_kernel(device, source + ")");
}

/* Runs or spawns a script, with the words that say how, if there are any. */
static void start(const char *function, const std::string &script, const std::string &words)
{
	std::vector<std::string> arguments = { script };
	Device device;

	if (!words.empty())
		arguments.push_back(words);
	call_runner(device, function, arguments);
}

void run_script(const std::string &script, const std::vector<std::string> &context, const Limits &limits)
{
	start("run", script, parse_context(context) + limit_words(limits));
}

void spawn_script(const std::string &script, const Limits &limits)
{
	start("spawn", script, limit_words(limits));
}

void stop_script(const std::string &script)
{
	Device device;

	call_runner(device, "stop", { script });
}

void list_scripts(bool json)
{
	static const char source[] =
		"local lines = {}\n"
		"for _, script in ipairs(call('status')) do\n"
		"	lines[#lines + 1] = table.concat({ script.script, script.context, tostring(script.percpu),\n"
		"		tostring(script.memory), tostring(script.quota), tostring(script.budget), tostring(script.breaches),\n"
		"		script.running and 'running' or script.condemned and 'condemned' or 'stopped' }, '\\t')\n"
		"end\n"
		"return table.concat(lines, '\\n')";
	Device device;
	std::vector<Script> scripts = parse_listing(ask_kernel(device, source));

	fputs((json ? listing_json(scripts) : listing_table(scripts)).c_str(), stdout);
}
