// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Lunatik's kernel modules: found, loaded and unloaded by libkmod.
#include "modules.hpp"
#include "failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <libkmod.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char core[] = "lunatik", driver[] = "lunatik_run";

static std::string kernel_release()
{
	struct utsname name;

	uname(&name);
	return name.release;
}

static bool is_ours(const std::string &name)
{
	return name.starts_with("lunatik") || name.starts_with("lua");
}

std::string module_in(const std::string &file)
{
	size_t end = file.find(".ko");
	std::string name = file.substr(0, end);

	std::replace(name.begin(), name.end(), '-', '_');
	if (end == file.npos || !is_ours(name) || (end + 3 < file.size() && file[end + 3] != '.'))
		return "";
	return name;
}

void sort_modules(std::vector<std::string> &names)
{
	auto rank = [](const std::string &name) { return name == core ? 0 : name == driver ? 2 : 1; };

	std::sort(names.begin(), names.end(), [&](const std::string &a, const std::string &b) {
		return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
	});
	names.erase(std::unique(names.begin(), names.end()), names.end());
}

/* --- libkmod ---------------------------------------------------------------------------- */

using Module = std::unique_ptr<kmod_module, decltype(&kmod_module_unref)>;
using List = std::unique_ptr<kmod_list, decltype(&kmod_module_unref_list)>;

/* `hint` is what to do about an error that has no better one. */
[[noreturn]] static void fail(const std::string &what, int error, const char *hint)
{
	std::string message = "cannot " + what + ": " + strerror(-error) + "; ";

	switch (-error) {
	case EPERM:
	case EACCES:
		throw Denied(message + (geteuid() ? "run this as root (sudo lunatik ...)"
						  : "does the kernel allow only signed modules? dmesg says more"));
	case ENOKEY:
	case EKEYREJECTED:
		throw Failure(message + "the kernel allows only signed modules: sign it");
	case ENOEXEC:
		throw Failure(message + "it was built for another kernel: build it for this one");
	default:
		throw Failure(message + hint);
	}
}

static Module find(kmod_ctx *context, const std::string &name)
{
	kmod_module *module = nullptr;
	int error = kmod_module_new_from_name(context, name.c_str(), &module);

	if (error < 0)
		fail("find module " + name, error, "run: depmod");
	return Module(module, kmod_module_unref);
}

Modules::Modules() : context(kmod_new(nullptr, nullptr)), path("/lib/modules/" + kernel_release() + "/updates/lunatik")
{
	if (!context)
		throw Failure("libkmod cannot start: not enough memory");
	/* What fails is told by the errors of its functions. */
	kmod_set_log_fn(context, [](auto...) {}, nullptr);
}

Modules::~Modules()
{
	kmod_unref(context);
}

std::vector<std::string> Modules::installed() const
{
	std::vector<std::string> names;
	std::error_code error;

	for (const auto &file : std::filesystem::directory_iterator(path, error)) {
		std::string name = module_in(file.path().filename());

		if (!name.empty())
			names.push_back(name);
	}
	sort_modules(names);
	return names;
}

std::vector<std::string> Modules::all() const
{
	std::vector<std::string> names = installed();
	kmod_list *loaded = nullptr, *item;

	kmod_module_new_from_loaded(context, &loaded);
	List owned(loaded, kmod_module_unref_list);
	kmod_list_foreach(item, loaded) {
		Module module(kmod_module_get_module(item), kmod_module_unref);
		std::string name = kmod_module_get_name(module.get());

		if (is_ours(name))
			names.push_back(name);
	}
	sort_modules(names);
	return names;
}

bool Modules::is_loaded(const std::string &name) const
{
	return kmod_module_get_initstate(find(context, name).get()) == KMOD_MODULE_LIVE;
}

void Modules::load(const std::string &name)
{
	int error = kmod_module_probe_insert_module(find(context, name).get(), 0, nullptr, nullptr, nullptr, nullptr);

	if (error == -ENOENT)
		fail("load " + name, error, "it or what it needs is missing; run depmod, and see dmesg");
	if (error < 0)
		fail("load " + name, error, "dmesg says why");
}

bool Modules::unload(const std::string &name)
{
	int error = kmod_module_remove_module(find(context, name).get(), 0);

	if (error == -EAGAIN || error == -EBUSY)
		return false;
	if (error < 0 && error != -ENOENT)
		fail("unload " + name, error, "dmesg says why");
	return true;
}

std::string Modules::users(const std::string &name) const
{
	Module module = find(context, name);
	List holders(kmod_module_get_holders(module.get()), kmod_module_unref_list);
	std::string names;
	kmod_list *item;

	kmod_list_foreach(item, holders.get()) {
		Module holder(kmod_module_get_module(item), kmod_module_unref);

		names += (names.empty() ? "module " : ", ") + std::string(kmod_module_get_name(holder.get()));
	}
	if (names.empty())
		names = "an open device, an attached program or a script of another module";
	return names + " (reference count " + std::to_string(kmod_module_get_refcnt(module.get())) + ")";
}
