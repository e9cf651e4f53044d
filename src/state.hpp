/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the core knows of a runtime and its Lua states. Bindings see only include/lunatik.hpp. */
#ifndef LUNATIK_STATE_HPP
#define LUNATIK_STATE_HPP

#include "lunatik.hpp"
#include "kernel/log.h"

namespace lunatik {

/* What a state has allocated outside of Lua's memory: objects and all they hold, also when it has ended. */
struct Account {
	size_t references, used;	/* atomic; bytes */
};

/* A module that a state keeps loaded. */
struct HeldModule {
	struct module *module;
	HeldModule *next;
};

/* One Lua state: the whole of a runtime, or one CPU's part of it. */
struct State : lunatik_door {
	lua_State *L;
	Runtime *runtime;
	Account *account;
	size_t used, quota;		/* bytes: Lua's, and at most, with what is in the account */
	unsigned int breaches;		/* visits that ended for going over a limit */
	HeldModule *modules;
};

struct Handle;

/* A state that breaches its limits in so many visits in a row ends its runtime. */
inline constexpr unsigned int breaches_max = 8;

/* What a visit of a runtime, and each of its states, may use. */
struct Limits {
	unsigned int budget;		/* milliseconds */
	size_t quota;			/* bytes */
};

/*
 * A runtime's memory lives until the last hold is dropped: hooks hold it. Its states live until
 * it is stopped, which the last reference to its handle does.
 */
struct Runtime {
	lunatik_deferred deferred;
	int holds;
	Handle *handle;
	lunatik_context context;
	bool percpu;
	bool spared;			/* its breaches are counted only */
	bool condemned;			/* it was stopped for its breaches, or is about to be */
	Limits limits;
	lunatik_deferred end;		/* of one that is condemned */
	lunatik_log_limit errors;
	unsigned int count;		/* of states; entries for CPUs that cannot exist are null */
	State **states;
	char name[];
};

/* The object that Lua and the C API hold for a runtime. */
struct Handle : Object {
	static const Class type;
	Runtime *runtime;
};

/* How a script wants to be run; what is unset is taken from its first comment. */
struct Options {
	bool has_context;
	lunatik_context context;
	bool percpu;
	Limits limits;			/* zero where unset */
};

/* Why a runtime could not be made: an errno and a message for a person. */
struct Failure {
	int code;
	char text[2048];
	void say(int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
};

/* --- state.cpp --- */

State *state_of(lua_State *L);

/* The bytes that a state may still allocate. */
size_t room_of(const State *state);

/* The bytes that a state uses. Any context. */
size_t used_by(const State *state);

/* A state with the standard libraries open, in phase Loading. Null on failure. May sleep. */
State *state_new(Runtime *runtime, Failure &failure);

/* Runs the script in a new state. False on failure. May sleep. */
bool state_load(State *state, Failure &failure);

/* Closes the Lua state, which no event can enter any more. May sleep. */
void state_close(State *state);

/* Frees a state that nobody can find any more. May sleep. */
void state_free(State *state);

/* Keeps a module loaded as long as the state lives. False when that cannot be. */
bool state_hold_module(State *state, struct module *module);

/* Pushes the error on the stack's top as a message with a traceback of the thread. Raises. */
void push_traceback(lua_State *L, lua_State *thread, int level);

/* In a state's registry: the coroutine that runtime:resume() runs, or false when it has ended. */
extern const char task_key;

/* --- object.cpp --- */

/* Gives up the reference of a box, if it has one yet. */
void collect_box(Box *box);

/* --- account.cpp --- */

/* A new account, with a reference. Null when out of memory. */
Account *account_new();
void account_put(Account *account);

/* Bytes that this state allocates, and who has to give them back. Null when they do not fit. Any context. */
Account *account_take(State *state, size_t bytes);
void account_give(Account *account, size_t bytes);

/* --- runtime.cpp --- */

/* A new runtime that has run its script; the caller owns the reference. Null on failure. May sleep. */
Handle *runtime_new(const char *script, const Options &options, Failure &failure);

/* Stops a runtime: 0; -EDEADLK from inside of it; -EBUSY, -EINTR when it was busy. May sleep. */
int runtime_stop(Runtime *runtime, Wait wait);

/* Lua's runtime:resume(...): the handle at 1, the values behind it. */
int runtime_resume(lua_State *L);

/* --- header.cpp --- */

/* Reads the options in the first comment of the script at `path`. False on failure. May sleep. */
bool read_header(const char *path, Options &options, Failure &failure);

/* Adds the words of one header line to the options. False, with the word, when it is unknown. */
bool parse_header(const char *words, size_t length, Options &options, const char *&wrong, size_t &wrong_length);

/* The words that parse_header() knows, for messages. */
extern const char header_words[];

/* Puts what is set in `over` in the place of what the options have; a context comes with its percpu. */
void override_options(Options &options, const Options &over);

/* Fills in what is unset and checks the whole. False when it cannot be so. */
bool complete_options(Options &options, const char *script, Failure &failure);

/* A context's name, and back. */
const char *context_name(lunatik_context context);
bool context_named(const char *name, size_t length, lunatik_context &context);

/* --- library.cpp --- */
void open_libraries(lua_State *L);

/* --- base.cpp --- */
int open_math(lua_State *L);
int print(lua_State *L);

} // namespace lunatik

#endif
