/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_DEVICE_HPP
#define COMMAND_DEVICE_HPP

#include "answer.hpp"

#include <string_view>

/*
 * One open /dev/lunatik, where Lua source is evaluated in the kernel. Each has global variables of
 * its own, and its answers do not mix with those of another.
 *
 * No signal has a handler here: a signal that ends the process also ends its wait for the kernel.
 */
class Device {
public:
	/* Opens it. Throws Absent, Denied or another Failure, as all that follow. */
	Device();
	/* Takes over a descriptor that behaves like it. */
	explicit Device(int descriptor);
	~Device();
	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	Answer ask(std::string_view source);

	/* The longest source, in bytes. */
	static constexpr size_t limit = 1 << 20;

private:
	int descriptor;
};

#endif
