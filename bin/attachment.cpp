// SPDX-License-Identifier: MIT OR GPL-2.0-only
// XDP programs on interfaces: ours beside those of others, by libxdp.
#include "attachment.hpp"
#include "failure.hpp"
#include "lunatik.skel.h"

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <net/if.h>
#include <unistd.h>
#include <xdp/libxdp.h>

static constexpr std::array<std::string_view, 4> modes_known = { "auto", "native", "generic", "offload" };

std::span<const std::string_view> mode_words()
{
	return modes_known;
}

static xdp_attach_mode parse_mode(const std::string &mode)
{
	return mode == "native" ? XDP_MODE_NATIVE : mode == "generic" ? XDP_MODE_SKB :
	       mode == "offload" ? XDP_MODE_HW : XDP_MODE_UNSPEC;
}

/* --- what libbpf and libxdp say -------------------------------------------------------- */

/* The kernel's own words about what it refused, if there were any. */
static std::string reason;

static void listen(const char *format, va_list arguments)
{
	static const std::string_view mark = "Kernel error message: ";
	char line[512];

	vsnprintf(line, sizeof(line), format, arguments);
	std::string_view text(line);
	if (size_t at = text.find(mark); at != text.npos)
		reason = text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
}

static int listen_to_libbpf(libbpf_print_level, const char *format, va_list arguments)
{
	listen(format, arguments);
	return 0;
}

static int listen_to_libxdp(libxdp_print_level, const char *format, va_list arguments)
{
	listen(format, arguments);
	return 0;
}

[[noreturn]] static void fail(const std::string &what, int error, const std::string &hint)
{
	std::string message = "cannot " + what + ": " + (reason.empty() ? strerror(error) : reason);

	if (error == EPERM || error == EACCES)
		throw Denied(message + (geteuid() ? "; run this as root (sudo lunatik ...)" : "; dmesg may say more"));
	throw Failure(message + "; " + hint);
}

/* --- programs --------------------------------------------------------------------------- */

using Program = std::unique_ptr<xdp_program, decltype(&xdp_program__close)>;
using Programs = std::unique_ptr<xdp_multiprog, decltype(&xdp_multiprog__close)>;
using Skeleton = std::unique_ptr<lunatik_bpf, decltype(&lunatik_bpf__destroy)>;

/* The name of the function in lunatik.bpf.c, as the kernel tells it. */
static bool is_ours(const xdp_program *program)
{
	return program && strcmp(xdp_program__name(program), "lunatik") == 0;
}

/* What is on an interface; null when nothing is. */
static Programs programs_on(int index)
{
	xdp_multiprog *programs = xdp_multiprog__get_from_ifindex(index);

	return Programs(libxdp_get_error(programs) ? nullptr : programs, xdp_multiprog__close);
}

static std::vector<xdp_program *> ours_of(const xdp_multiprog *programs)
{
	std::vector<xdp_program *> ours;

	if (!programs)
		return ours;
	for (xdp_program *program : { xdp_multiprog__hw_prog(programs),
				      xdp_multiprog__is_legacy(programs) ? xdp_multiprog__main_prog(programs) : nullptr })
		if (is_ours(program))
			ours.push_back(program);
	for (xdp_program *program = nullptr; (program = xdp_multiprog__next_prog(program, programs));)
		if (is_ours(program))
			ours.push_back(program);
	return ours;
}

static xdp_attach_mode mode_of(xdp_program *program, const xdp_multiprog *programs)
{
	return program == xdp_multiprog__hw_prog(programs) ? XDP_MODE_HW : xdp_multiprog__attach_mode(programs);
}

static void take_away(const xdp_multiprog *programs, const std::string &interface, int index)
{
	for (xdp_program *program : ours_of(programs))
		if (int error = xdp_program__detach(program, index, mode_of(program, programs), 0))
			fail("detach from " + interface, -error, "dmesg may say more");
}

/* The program for a script, not yet loaded. */
static Skeleton make_program(const std::string &script)
{
	Skeleton skeleton(lunatik_bpf__open(), lunatik_bpf__destroy);

	if (!skeleton)
		fail("open the XDP program", errno, "it needs memory");
	if (script.size() >= sizeof(skeleton->bss->script))
		throw Failure("the script's name is longer than " + std::to_string(sizeof(skeleton->bss->script) - 1) +
			      " bytes: give it a shorter path");
	memcpy(skeleton->bss->script, script.c_str(), script.size() + 1);
	skeleton->rodata->script_size = static_cast<uint32_t>(script.size() + 1);
	return skeleton;
}

static const char *hint_for(int error, const std::string &mode)
{
	switch (error) {
	case EOPNOTSUPP:
	case EINVAL:
		return mode == "generic" ? "dmesg may say more"
					 : "if its driver has no such mode, or not with this MTU, use: --mode generic";
	case EBUSY:
	case EEXIST:
		return "another XDP program is there that shares with none, or in another mode: detach it first "
		       "(ip link set dev INTERFACE xdp off)";
	case ENODEV:
		return "it is gone";
	default:
		return "dmesg may say more";
	}
}

/* --- the interface ---------------------------------------------------------------------- */

Interface::Interface(const std::string &name) : name(name), index(static_cast<int>(if_nametoindex(name.c_str())))
{
	if (!index)
		throw Failure("there is no interface " + name + " in this network namespace; to see what is, run: ip link");
	libbpf_set_print(listen_to_libbpf);
	libxdp_set_print(listen_to_libxdp);
}

void Interface::attach(const std::string &script, const std::string &mode)
{
	Skeleton skeleton = make_program(script);
	Program program(xdp_program__from_bpf_obj(skeleton->obj, "xdp.frags"), xdp_program__close);
	Programs former = programs_on(index);
	xdp_attach_mode wanted = parse_mode(mode);
	int error;

	if (libxdp_get_error(program.get())) {
		int what = -static_cast<int>(libxdp_get_error(program.release()));

		fail("open the XDP program", what, "it needs memory");
	}
	if (former && !xdp_multiprog__hw_prog(former.get()) && wanted != XDP_MODE_HW) {
		xdp_attach_mode theirs = xdp_multiprog__attach_mode(former.get());

		if (wanted != XDP_MODE_UNSPEC && wanted != theirs)
			throw Failure("the XDP programs on " + name + " are attached in " +
				      (theirs == XDP_MODE_SKB ? "generic" : "native") + " mode, which is one for all; "
				      "to change it, first run: lunatik detach " + name);
		wanted = theirs;
		/* Where libxdp could not share, ours is the only one. */
		if (xdp_multiprog__is_legacy(former.get())) {
			take_away(former.get(), name, index);
			former.reset();
		}
	}
	reason.clear();
	error = -xdp_program__attach(program.get(), index, wanted, 0);
	if (error)
		fail("attach to " + name + " in " + mode + " mode", error, hint_for(error, mode));
	/* The new one is there before the former ones go: no packet is between them. */
	take_away(former.get(), name, index);
}

bool Interface::detach()
{
	Programs programs = programs_on(index);

	if (ours_of(programs.get()).empty())
		return false;
	take_away(programs.get(), name, index);
	return true;
}
