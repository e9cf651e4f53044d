/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_COMPLETION_HPP
#define COMMAND_COMPLETION_HPP

/* Prints what bash needs to complete the command, to be sourced by it. */
void print_completion();

#endif
