// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Scripts attached to interfaces: the script in the kernel, and the XDP program that calls it.
#include "attach.hpp"
#include "attachment.hpp"
#include "failure.hpp"
#include "quote.hpp"
#include "script.hpp"

/* Makes sure that the script runs and takes packets. True when it was run for that. */
static bool prepare(Device &device, const std::string &script)
{
	static const char source[] =
		"local runtimes = require('lunatik')._ENV.runtimes\n"
		"local function is_running() return runtimes[name] and runtimes[name]:info().running end\n"
		"local started = not is_running()\n"
		"if started then call('run', name) end\n"
		"local context = runtimes[name]:info().context\n"
		"if require('xdp').attached(name) then return started end\n"
		"if started then call('stop', name) end\n"
		"return context";
	std::string result = ask_kernel(device, "local name = " + quote(script) + "\n" + source);

	if (result == "softirq")
		throw Failure("the script " + script + " has no callback for packets: it is to call xdp.attach()");
	if (result != "true" && result != "false")
		throw Failure("the script " + script + " runs in " + result + " context, and packets come in softirq context: "
			      "begin its first comment with: -- lunatik: softirq");
	return result == "true";
}

/* The name by which the kernel knows it. */
static std::string without_suffix(const std::string &script)
{
	static const std::string_view suffix = ".lua";

	return script.ends_with(suffix) ? script.substr(0, script.size() - suffix.size()) : script;
}

void attach_script(const std::string &script, const std::string &interface, const std::string &mode)
{
	std::string name = without_suffix(script);
	Interface to(interface);
	Device device;
	bool started = prepare(device, name);

	try {
		to.attach(name, mode);
	} catch (const Failure &) {
		if (started)
			call_runner(device, "stop", { name });
		throw;
	}
}

void detach_script(const std::string &interface)
{
	if (!Interface(interface).detach())
		throw Failure("no script is attached to " + interface + "; to see which XDP programs are, run: xdp-loader status");
}
