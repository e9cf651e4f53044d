/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_LISTING_HPP
#define COMMAND_LISTING_HPP

#include <string>
#include <string_view>
#include <vector>

/* A script that has not been stopped. */
struct Script {
	std::string name;
	std::string context;
	bool percpu;
	unsigned long long memory;	/* bytes, of all its CPUs */
	bool running;			/* false when the kernel stopped it on its own */
};

/* Reads lines of name, context, percpu, memory, running, with tabs between. Throws Failure. */
std::vector<Script> parse_listing(std::string_view lines);

/* For a person; empty when there is nothing to list. */
std::string listing_table(const std::vector<Script> &scripts);

/* One JSON array. */
std::string listing_json(const std::vector<Script> &scripts);

/* Columns as wide as their widest cell, one line for each row. */
std::string format_table(const std::vector<std::vector<std::string>> &rows);

#endif
