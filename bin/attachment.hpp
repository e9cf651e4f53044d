/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_ATTACHMENT_HPP
#define COMMAND_ATTACHMENT_HPP

#include <span>
#include <string>
#include <string_view>

/* Where the kernel runs an XDP program: in the driver, before it or in the card. Its words, "auto" first. */
std::span<const std::string_view> mode_words();

/* A network interface, of this network namespace. */
class Interface {
public:
	/* Throws Failure when there is none of this name. */
	explicit Interface(const std::string &name);

	/*
	 * Hands its packets to the script. A script that was attached before makes room for it; other XDP programs
	 * stay. Throws Failure.
	 */
	void attach(const std::string &script, const std::string &mode);

	/* Takes away what attach() attached. False when there is nothing. Throws Failure. */
	bool detach();

private:
	std::string name;
	int index;
};

#endif
