/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_QUOTE_HPP
#define COMMAND_QUOTE_HPP

#include <string>
#include <string_view>

/* Any bytes as a string literal of Lua, in printable ASCII on one line. */
std::string quote(std::string_view bytes);

#endif
