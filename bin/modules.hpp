/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_MODULES_HPP
#define COMMAND_MODULES_HPP

#include <string>
#include <vector>

struct kmod_ctx;

/* Lunatik's kernel modules, of the kernel that runs. */
class Modules {
public:
	Modules();
	~Modules();
	Modules(const Modules &) = delete;
	Modules &operator=(const Modules &) = delete;

	/* The modules that are installed, in the order in which to load them. */
	std::vector<std::string> installed() const;
	/* These, and loaded ones that are no longer installed. */
	std::vector<std::string> all() const;
	/* Where modules are installed. */
	const std::string &folder() const { return path; }

	bool is_loaded(const std::string &name) const;
	/* Loads a module and what it needs; nothing when it is loaded. Throws Failure. */
	void load(const std::string &name);
	/* Unloads a module. False when it is in use. Throws Failure. */
	bool unload(const std::string &name);
	/* What uses a module, for a person. */
	std::string users(const std::string &name) const;

private:
	kmod_ctx *context;
	std::string path;
};

/* The order in which to load modules: the core first, the driver of /dev/lunatik last. */
void sort_modules(std::vector<std::string> &names);

/* The module in a file ("luaxdp.ko.xz" holds "luaxdp"), or "" when it is none of Lunatik's. */
std::string module_in(const std::string &file);

#endif
