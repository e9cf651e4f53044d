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
	unsigned long long quota;	/* bytes, on each CPU */
	unsigned long long budget;	/* milliseconds for each time it is entered */
	unsigned long long breaches;	/* how often it went over a limit */
	bool running;			/* false when something stopped it without its name */
	bool condemned;			/* its breaches did */
};

/*
 * Reads lines of name, context, percpu, memory, quota, budget, breaches and state (running, condemned or
 * stopped), with tabs between. Throws Failure.
 */
std::vector<Script> parse_listing(std::string_view lines);

/* For a person; empty when there is nothing to list. */
std::string listing_table(const std::vector<Script> &scripts);

/* One JSON array. */
std::string listing_json(const std::vector<Script> &scripts);

/* Columns as wide as their widest cell, one line for each row. */
std::string format_table(const std::vector<std::vector<std::string>> &rows);

#endif
