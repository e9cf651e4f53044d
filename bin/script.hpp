/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_SCRIPT_HPP
#define COMMAND_SCRIPT_HPP

#include "context.hpp"
#include "device.hpp"

#include <string>
#include <vector>

/*
 * Calls a function of lunatik.runner in the kernel and returns its result as text. Throws Failure
 * with the function's own message and a hint where there is one.
 */
std::string call_runner(Device &device, const std::string &function, const std::vector<std::string> &arguments);

/*
 * Evaluates source in the kernel and returns its result as text. There, call(NAME, ...) calls a function of
 * lunatik.runner. Throws Failure with the message and a hint.
 */
std::string ask_kernel(Device &device, const std::string &source);

/* The message of the runner without a traceback that says nothing, and with what to do about it. */
std::string with_hint(std::string message);

void run_script(const std::string &script, const std::vector<std::string> &context, const Limits &limits);
void spawn_script(const std::string &script, const Limits &limits);
void stop_script(const std::string &script);
void list_scripts(bool json);

#endif
