// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Requests to /dev/lunatik: one write, then reads until the end of the answer.
#include "device.hpp"
#include "failure.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

static const char path[] = "/dev/lunatik";

/* Repeats a system call that a signal has interrupted. */
template <class Call> static auto restarted(Call call)
{
	for (;;) {
		auto result = call();

		if (result >= 0 || errno != EINTR)
			return result;
	}
}

/* The mode that holds is in brackets. */
static bool is_locked_down()
{
	std::ifstream file("/sys/kernel/security/lockdown");
	std::string modes;

	std::getline(file, modes);
	return !modes.empty() && modes.find("[none]") == modes.npos;
}

[[noreturn]] static void fail(int error)
{
	switch (error) {
	case ENOENT:
		throw Absent("Lunatik is not loaded; run: lunatik load");
	case ENXIO:
	case ENODEV:
		throw Absent("the driver of /dev/lunatik has stopped; run: lunatik reload");
	case EACCES:
	case EPERM:
		if (is_locked_down())
			throw Denied("the kernel is locked down, and so takes no scripts; see kernel_lockdown(7)");
		throw Denied("no permission to use /dev/lunatik: run this as root (sudo lunatik ...)");
	case EMSGSIZE:
		throw Failure("the source is longer than " + std::to_string(Device::limit) +
			       " bytes: put it in a script and run that");
	case ENOMEM:
		throw Failure("the kernel has not enough memory for this request");
	case ECANCELED:
		throw Failure("the kernel ended the request before there was an answer; dmesg says why");
	default:
		throw Failure(std::string("/dev/lunatik: ") + strerror(error) + "; dmesg may say more");
	}
}

Device::Device() : Device(restarted([] { return open(path, O_RDWR | O_CLOEXEC); }))
{
	if (descriptor < 0)
		fail(errno);
}

Device::Device(int descriptor) : descriptor(descriptor)
{
}

Device::~Device()
{
	if (descriptor >= 0)
		close(descriptor);
}

Answer Device::ask(std::string_view source)
{
	std::string bytes;
	char buffer[1 << 14];
	ssize_t length;

	if (source.size() > limit)
		fail(EMSGSIZE);
	length = restarted([&] { return write(descriptor, source.data(), source.size()); });
	if (length < 0)
		fail(errno);
	if (static_cast<size_t>(length) != source.size())
		fail(EIO);
	do {
		length = restarted([&] { return read(descriptor, buffer, sizeof(buffer)); });
		if (length < 0)
			fail(errno);
		bytes.append(buffer, static_cast<size_t>(length));
	} while (length);
	return parse_answer(bytes);
}
