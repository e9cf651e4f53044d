/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_VERBS_HPP
#define COMMAND_VERBS_HPP

#include "context.hpp"

#include <span>
#include <string>
#include <vector>

/* What the command line gives to a verb. */
struct Input {
	std::string script, interface, mode = "auto";
	std::vector<std::string> context;
	Limits limits;
	bool json = false;
};

/* A script on the command line: none, one in the script folder, one that runs. */
enum class Operand { None, Script, Running };

/* A verb of the command. Its help, its usage and its completion are made from this. */
struct Verb {
	const char *name;
	const char *help;
	void (*run)(const Input &input);
	Operand operand = Operand::None;
	bool context = false;	/* takes words for the context */
	bool limits = false;	/* takes --budget and --memory */
	bool interface = false;	/* takes INTERFACE, behind the script if it takes one */
	bool mode = false;	/* takes --mode */
	bool json = false;	/* takes --json */
	bool hidden = false;
};

std::span<const Verb> verbs();

#endif
