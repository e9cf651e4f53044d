/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_ATTACH_HPP
#define COMMAND_ATTACH_HPP

#include <string>

/* Hands the packets of an interface to a script, which is run if it does not run. Throws Failure. */
void attach_script(const std::string &script, const std::string &interface, const std::string &mode);
void detach_script(const std::string &interface);

#endif
