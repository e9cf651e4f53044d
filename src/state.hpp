/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the core knows of a runtime and its Lua states. Bindings see only include/lunatik.hpp. */
#ifndef LUNATIK_STATE_HPP
#define LUNATIK_STATE_HPP

#include "heap.hpp"
#include "lunatik.hpp"
#include "kernel/log.h"
#include "kernel/net.h"

namespace lunatik {

/*
 * The memory that a state has allocated: Lua's, and outside of it objects and all they hold, also when it has
 * ended. What a state of a runtime that a script made uses counts for that script, too.
 */
struct Account {
	int references;
	size_t quota;			/* bytes */
	size_t lua;			/* only who is inside writes it */
	size_t outside;			/* atomic: its own, and all of its children */
	Account *maker;			/* referenced; null where no script made the runtime */
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
	Heap heap;
	void *closer;			/* the task that closes it */
	bool closed;
	const char *lock;		/* that the kernel holds while it waits for this visit, or null */
	unsigned int breaches;		/* visits that ended for going over a limit */
	HeldModule *modules;
};

struct Handle;

/*
 * A state that breaches its limits in so many visits in a row ends its runtime. Each breach weighs as much as
 * so many visits without one.
 */
inline constexpr unsigned int breaches_max = 8, breach_weight = 8;

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
	Account *maker;			/* of the script that made it, or null */
	lunatik_net *net;		/* where its scripts act */
	lunatik_deferred end;		/* of one that is condemned, or whose maker has ended */
	bool ends;			/* and that is under way */
	Runtime *next_adopted;
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

/* In the registry of the state that made a runtime: ends it with the state, whoever else has it by then. */
struct Keeper : Object {
	static const Class type;
	Runtime *runtime;		/* held; null until it is made */
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

/* How memory is to be had in the state's context. */
lunatik_memory memory_of(const State *state);

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

/* As put(), of one whose release may take its time: that is done later. */
bool put_later(Object *object);

/* Gives up the reference of a box, if it has one yet. */
void collect_box(Box *box);

/* --- account.cpp --- */

/* A new account, with a reference. Null when out of memory. May sleep. */
Account *account_new(size_t quota, Account *maker);
void account_get(Account *account);
void account_put(Account *account);

/* The bytes in use. Any context. */
size_t account_used(const Account *account);

/* Counts Lua's memory as it grows and shrinks. False when it may not grow. Inside of the state. */
bool account_resize(State *state, size_t old, size_t size);

/*
 * Bytes outside of Lua's that this state allocates, and who has to give them back, from any context. Null when
 * they do not fit. Inside of the state.
 */
Account *account_take(State *state, size_t bytes);
void account_give(Account *account, size_t bytes);

/* Whether all garbage is to be collected for want of memory: once in a visit. */
bool may_collect(State *state);

/* --- runtime.cpp --- */

/*
 * A new runtime that has run its script; the caller owns the reference. The script of `maker`, if
 * there is one, pays for it and hands down its network namespace; else that is the running task's. Null on
 * failure. May sleep.
 */
Handle *runtime_new(const char *script, const Options &options, const State *maker, Failure &failure);

/* Stops a runtime: 0; -EDEADLK from inside of it; -EBUSY, -EINTR when it was busy. May sleep. */
int runtime_stop(Runtime *runtime, Wait wait);

/*
 * The keeper of a runtime that is to be made, known to the state but not yet of use; and its runtime, which is to end
 * with the state unless it is listed by then. The first raises.
 */
Keeper *new_keeper(lua_State *L);
void keep(Keeper *keeper, Runtime *runtime);

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
