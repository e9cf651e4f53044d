// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lunatik as a whole: loaded, unloaded, shown.
#include "system.hpp"
#include "device.hpp"
#include "failure.hpp"
#include "listing.hpp"
#include "modules.hpp"
#include "script.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

/* A module is given up by its last user some time after that has stopped. */
static const auto patience = 3s;
static const auto interval = 20ms;

/* Tells of a failure that does not keep the command from going on. */
static void report(const Failure &failure, bool &failed)
{
	fprintf(stderr, "lunatik: %s\n", failure.what());
	failed = true;
}

/* Ends a command that has told already what failed. */
static void conclude(bool failed, const char *summary)
{
	if (failed)
		throw Failure(summary);
}

static Failure not_installed(const Modules &modules)
{
	return Failure("no modules for this kernel in " + modules.folder() + ": build and install them");
}

void load()
{
	Modules modules;
	std::vector<std::string> names = modules.installed();
	bool failed = false, changed = false;

	if (names.empty())
		throw not_installed(modules);
	for (const std::string &name : names) {
		if (modules.is_loaded(name))
			continue;
		try {
			modules.load(name);
			changed = true;
		} catch (const Denied &) {
			throw;
		} catch (const Failure &failure) {
			/* Without its first module, the core, there is no use in going on. */
			if (name == names.front())
				throw;
			report(failure, failed);
		}
	}
	conclude(failed, "Lunatik is loaded only in part");
	puts(changed ? "Lunatik is loaded" : "Lunatik is already loaded");
}

/* Stops all scripts. One that cannot be stopped will show as a module in use. */
static void stop_scripts(bool &failed)
{
	try {
		Device device;

		call_runner(device, "shutdown", {});
	} catch (const Absent &) {
		/* Nobody to ask. A script that is left all the same will show, too. */
	} catch (const Denied &) {
		throw;
	} catch (const Failure &failure) {
		report(failure, failed);
	}
}

/* Unloads what can be unloaded; returns what cannot. */
static std::vector<std::string> unload_all(Modules &modules, std::vector<std::string> names)
{
	auto last_progress = std::chrono::steady_clock::now();

	for (;;) {
		size_t before = names.size();

		std::erase_if(names, [&](const std::string &name) { return modules.unload(name); });
		if (names.empty())
			return names;
		if (names.size() < before)
			last_progress = std::chrono::steady_clock::now();
		else if (std::chrono::steady_clock::now() - last_progress > patience)
			return names;
		else
			std::this_thread::sleep_for(interval);
	}
}

void unload()
{
	Modules modules;
	std::vector<std::string> names = modules.all();
	bool failed = false;

	std::erase_if(names, [&](const std::string &name) { return !modules.is_loaded(name); });
	if (names.empty()) {
		puts("Lunatik is not loaded");
		return;
	}
	stop_scripts(failed);
	std::reverse(names.begin(), names.end());
	for (const std::string &name : unload_all(modules, names))
		report(Failure("module " + name + " is in use by " + modules.users(name)), failed);
	conclude(failed, "Lunatik is not unloaded: end what is named above, then run lunatik unload again");
	puts("Lunatik is unloaded");
}

void reload()
{
	unload();
	load();
}

void show_status()
{
	Modules modules;
	std::vector<std::vector<std::string>> rows = { { "MODULE", "STATE" } };

	for (const std::string &name : modules.all())
		rows.push_back({ name, modules.is_loaded(name) ? "loaded" : "not loaded" });
	if (rows.size() == 1)
		throw not_installed(modules);
	fputs(format_table(rows).c_str(), stdout);
}
