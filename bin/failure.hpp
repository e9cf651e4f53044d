/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How a command ends when it does not succeed: what it throws, and its exit status. */
#ifndef COMMAND_FAILURE_HPP
#define COMMAND_FAILURE_HPP

#include <stdexcept>

enum class Exit { Done = 0, Failed = 1, Misused = 2 };

/* It could not be done. The message says what is wrong and what to do. */
struct Failure : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/* It needs rights that the user does not have. */
struct Denied : Failure {
	using Failure::Failure;
};

/* Lunatik is not loaded, or its driver has stopped. */
struct Absent : Failure {
	using Failure::Failure;
};

/* It was asked for in the wrong way. */
struct Misuse : std::runtime_error {
	using std::runtime_error::runtime_error;
};

#endif
