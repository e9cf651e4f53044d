/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_VERSION_HPP
#define COMMAND_VERSION_HPP

/* Comes from the build: VERSION of the Makefile. */
inline constexpr char version_line[] = "Lunatik " COMMAND_VERSION;

#endif
