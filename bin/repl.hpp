/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_REPL_HPP
#define COMMAND_REPL_HPP

#include "device.hpp"
#include "failure.hpp"
#include "lines.hpp"

/* Evaluates lines in the kernel and prints what comes of them. False when an evaluation failed. */
bool evaluate_lines(Device &device, Lines &lines);

/*
 * The same from standard input. At a terminal with greeting and prompt, and an evaluation that
 * fails is no failure of the whole. Throws Failure.
 */
Exit run_repl();

#endif
