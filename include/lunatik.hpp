/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The binding kit: what a binding in C++ (lib/NAME/NAME.cpp) builds on. No Linux header is seen
 * from here; what a binding needs of the kernel is in its own kernel.h.
 *
 * A Lua error is a longjmp over C++ frames: take first what may raise, own afterwards.
 */
#ifndef LUNATIK_HPP
#define LUNATIK_HPP

#include <stddef.h>
#include <stdint.h>

extern "C" {
#include "lua.h"
#include "lauxlib.h"
}
#include "fast.h"
#include "kernel/gate.h"
#include "kernel/memory.h"
#include "kernel/module.h"
#include "kernel/net.h"
#include "kernel/rcu.h"
#include "lunatik_library.h"

extern "C" struct module __this_module;

/*
 * What raises does not return. objtool cannot see that of a function in another object file, and
 * demands it of one that it sees: a trap behind the call is right for both.
 */
#define lua_error(...)		({ lua_error(__VA_ARGS__); __builtin_trap(); 0; })
#define luaL_error(...)		({ luaL_error(__VA_ARGS__); __builtin_trap(); 0; })
#define luaL_argerror(...)	({ luaL_argerror(__VA_ARGS__); __builtin_trap(); 0; })
#define luaL_typeerror(...)	({ luaL_typeerror(__VA_ARGS__); __builtin_trap(); 0; })

/* The kit's functions have plain symbol names, so that the kernel's modules can export them. */
#define LUNATIK_KIT(name) __asm__("lunatik_kit_" #name)

namespace lunatik {

struct Account;
struct Class;
struct State;
struct Runtime;

/*
 * A kernel resource that Lua holds. Shared by the userdata that stand for it in any number of
 * runtimes; freed when the last reference goes. Classes derive from it.
 */
struct Object {
	lunatik_deferred deferred;
	const Class *klass;
	struct module *owner;		/* kept loaded; null for the core's own objects */
	Account *payer;			/* whose quota it counts for; null for the core's own */
	size_t charged;			/* bytes */
	int references;
};

struct Class {
	const char *name;		/* as type errors name it */
	size_t size;			/* of the struct derived from Object */
	size_t extra;			/* bytes, about, that the kernel holds for one beside it */
	const luaL_Reg *methods;	/* and metamethods; ended by a null name */
	/* Frees what the object owns beside its own memory; null when there is nothing. */
	void (*release)(Object *object);
	bool sleeps;			/* lives in process runtimes only; release() may sleep */
	bool release_sleeps;		/* release() may sleep, all else may not */
	bool release_later;		/* release() waits for a lock that callers may hold: always in a worker */
	bool shared;			/* may be handed to other runtimes */
	struct module *owner;
	const luafast_getter *getters;	/* of windows (lua/fast.h), else null */
};

/* What is inside of a userdata that stands for an object. */
struct Box {
	const Class *klass;
	Object *object;			/* null once closed */
};

/* --- references ------------------------------------------------------------------------- */

/* Another reference to an object that the caller knows alive. Any context. */
static inline void get(Object *object)
{
	__atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
}

/*
 * Gives up a reference. The last one releases the object: at once, or, where the class may sleep
 * and the context may not, in a worker. True when it was the last. Any context.
 */
bool put(Object *object) LUNATIK_KIT(put);

/* --- objects in Lua --------------------------------------------------------------------- */

/* Pushes a userdata for an object of the class, with no object in it yet. Raises. */
Box *push_box(lua_State *L, const Class &klass) LUNATIK_KIT(push_box);

/*
 * Memory for an object of the class with one reference, zeroed, and counted in this state's quota; null
 * when out of memory or quota. Release it by put(). Does not raise. May run finalizers.
 */
Object *allocate(lua_State *L, const Class &klass) LUNATIK_KIT(allocate);

/* Adds methods to those that the class has in this state, over any of the same name. Raises. */
void add_methods(lua_State *L, const Class &klass, const luaL_Reg *methods) LUNATIK_KIT(add_methods);

/* Pushes a new userdata that holds a new object of class T::type. Raises. */
template <class T> T *push_new(lua_State *L)
{
	Box *box = push_box(L, T::type);

	box->object = allocate(L, T::type);
	if (!box->object)
		luaL_error(L, "not enough memory");
	return static_cast<T *>(box->object);
}

/* Pushes a userdata that stands for `object` and holds a reference of its own. Raises. */
void push(lua_State *L, Object *object) LUNATIK_KIT(push);

/*
 * Counts memory that the object, from allocate() in this state, is to hold, in the state's quota until the
 * object is released, whoever holds it by then. Garbage is collected for it. False when it does not fit.
 * May run finalizers.
 */
bool charge(lua_State *L, Object *object, size_t bytes) LUNATIK_KIT(charge);

/* Raises the type error of argument `arg`, naming the class expected and what was given. */
[[gnu::cold]] void type_error(lua_State *L, int arg, const Class &klass) LUNATIK_KIT(type_error);

/* Argument `arg` as an object of class T::type, or a Lua error. */
template <class T> inline T *check(lua_State *L, int arg)
{
	Box *box = static_cast<Box *>(luafast_touserdata(L, arg, sizeof(Box)));

	if (__builtin_expect(!box || box->klass != &T::type || !box->object, 0)) {
		type_error(L, arg, T::type);
		__builtin_trap();
	}
	return static_cast<T *>(box->object);
}

/* The object at any index, of any class; null when there is none. Does not raise. */
Object *to_object(lua_State *L, int index) LUNATIK_KIT(to_object);

/* Pushes the table of that key in the state's registry, whose keys are objects of class T, less those that are over; the
 * key of the one that `is_over` is asked for, null when it is closed, is on top. Raises. */
template <class T, class Over> inline void push_set(lua_State *L, const void *key, Over is_over)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, key);
	}
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		if (is_over(static_cast<const T *>(to_object(L, -1)))) {
			lua_pushvalue(L, -1);
			lua_pushnil(L);
			lua_rawset(L, -4);
		}
	}
}

/* Argument `arg` as an integer. Raises. */
inline lua_Integer check_integer(lua_State *L, int arg)
{
	lua_Integer integer;

	if (__builtin_expect(luafast_tointeger(L, arg, &integer), 1))
		return integer;
	return luaL_checkinteger(L, arg);
}

/* The metamethods __gc and __close of every class. */
int collect(lua_State *L) LUNATIK_KIT(collect);

/* --- runtimes --------------------------------------------------------------------------- */

/* The runtime that a Lua state belongs to, as an object without a reference of its own. */
Runtime *runtime_of(lua_State *L) LUNATIK_KIT(runtime_of);

/* References that keep a runtime's memory, but not its scripts, alive: for hooks. Any context. */
void hold(Runtime *runtime) LUNATIK_KIT(hold);
void drop(Runtime *runtime) LUNATIK_KIT(drop);

/*
 * Runs the function that the runtime's script returned, until it returns or yields. An error is
 * logged. Called where the runtime may be entered; may sleep if it may.
 */
void run_task(Runtime *runtime) LUNATIK_KIT(run_task);

/* The runtime of argument `arg`, a runtime object. Raises. */
Runtime *check_runtime(lua_State *L, int arg) LUNATIK_KIT(check_runtime);

/*
 * The runtime of the running script of this name, or null. The caller is an RCU reader (packets
 * are), and the runtime's memory lives as long as it stays one. What was found is to be found again
 * as long as the generation, read before, stays the same.
 */
Runtime *find_script(const char *name, size_t length) LUNATIK_KIT(find_script);
extern const unsigned int *script_generation LUNATIK_KIT(script_generation);

/* Whether it is the running script of its name: operators see it, and stop it. Any context. */
bool is_listed(const Runtime *runtime) LUNATIK_KIT(is_listed);

/* The name of the runtime's script. */
const char *name_of(const Runtime *runtime) LUNATIK_KIT(name_of);

/* Where the runtime runs its callbacks. */
lunatik_context context_of(const Runtime *runtime) LUNATIK_KIT(context_of);

/*
 * The network namespace that the calling code acts in: that of the task which had the script run, whichever
 * task runs it now; runtimes that a script makes have the script's. For lunatik_net_get(), which finds null
 * where /dev/lunatik evaluates requests: those act in the requester's. Any context.
 */
const lunatik_net *net_of(lua_State *L) LUNATIK_KIT(net_of);

/* The CPU whose events enter this state, or -1 where those of all do. */
int cpu_of(lua_State *L) LUNATIK_KIT(cpu_of);

/* True while the calling code may sleep: a process runtime, or any that is being loaded. */
bool may_sleep(lua_State *L) LUNATIK_KIT(may_sleep);

/* Raises unless the calling code may sleep. `what` is the name of the function. */
void check_may_sleep(lua_State *L, const char *what) LUNATIK_KIT(check_may_sleep);

/* The same, of what may wait for as long as others please; nor may a runtime that ends call it. */
void check_may_wait(lua_State *L, const char *what) LUNATIK_KIT(check_may_wait);

/* How memory may be allocated for this state now. */
lunatik_memory memory_of(lua_State *L) LUNATIK_KIT(memory_of);

/*
 * One event inside of a runtime: pinned, alone, guarded. L is null when it could not enter, and
 * `error` then says why: -ENXIO stopped or not yet loaded, -EDEADLK inside already, -EINTR killed,
 * -EBUSY somebody else is inside.
 */
struct Visit {
	lua_State *L;
	State *state;
	int error;
	lunatik_context context;
	struct lunatik_pin pin;
};

/* For the event that is inside: until it leaves, or the waiter is killed; for a while; for a moment; or not. */
enum class Wait { Always, Killable, Briefly, Momentarily, Never };

/*
 * Enters a runtime from where its context allows it, or says in visit.error why not. Unless `limited`,
 * a visit in process context may take as long as it likes.
 */
void enter(Visit &visit, Runtime *runtime, Wait wait, bool limited) LUNATIK_KIT(enter);

/* Leaves it, if it was entered. */
void leave(Visit &visit) LUNATIK_KIT(leave);

/*
 * The door of a runtime's state for packets on a CPU, for lunatik_enter_packet() of src/kernel/packet.h;
 * null when it is of another context. It lives as long as the runtime's memory.
 */
lunatik_door *door_of(Runtime *runtime, unsigned int cpu) LUNATIK_KIT(door_of);

/* A visit that ends with its scope. */
class Entry : public Visit {
public:
	explicit Entry(Runtime *runtime, Wait wait = Wait::Killable, bool limited = true)
	{
		enter(*this, runtime, wait, limited);
	}
	~Entry()
	{
		leave(*this);
	}
	Entry(const Entry &) = delete;
	Entry &operator=(const Entry &) = delete;
};

/*
 * For what the kernel calls with one of its locks held, which others wait for: within this scope the process
 * visit may not sleep, and has so many milliseconds at most. `lock` names the lock in errors.
 */
uint64_t hurry(lua_State *L, unsigned int milliseconds, const char *lock) LUNATIK_KIT(hurry);
void unhurry(lua_State *L, uint64_t deadline) LUNATIK_KIT(unhurry);

class Hurry {
public:
	Hurry(lua_State *L, unsigned int milliseconds, const char *lock) : L(L), deadline(hurry(L, milliseconds, lock))
	{
	}
	~Hurry()
	{
		unhurry(L, deadline);
	}
	Hurry(const Hurry &) = delete;
	Hurry &operator=(const Hurry &) = delete;

private:
	lua_State *L;
	uint64_t deadline;
};

/*
 * Calls the function below its `arguments` on the stack, as lua_pcall() does. An error is logged
 * with a traceback under the runtime's name, and popped. Does not raise.
 */
bool call(lua_State *L, int arguments, int results) LUNATIK_KIT(call);

/* Logs an error under the runtime's name; at most ten in five seconds. Any context. */
[[gnu::cold]] void log_error(lua_State *L, const char *text) LUNATIK_KIT(log_error);

/* The message handler that adds a traceback. */
int traceback(lua_State *L) LUNATIK_KIT(traceback);

/* The door of this state, which lives as long as the runtime's memory. */
lunatik_door *own_door(lua_State *L) LUNATIK_KIT(own_door);

/* The gate that the calling code is inside of, for waits that end when the runtime is to be stopped. */
lunatik_gate *gate_of(lua_State *L) LUNATIK_KIT(gate_of);

/* The pointers that bindings keep in a state's door, by enum lunatik_slot. */
void **slots_of(lua_State *L) LUNATIK_KIT(slots_of);

/*
 * Counts what a state has of a kind that is to be bounded, under a key of its registry: adds the change, and returns
 * how many there are. Raises the first time.
 */
inline lua_Integer tally(lua_State *L, const void *key, int change)
{
	lua_Integer count;

	lua_rawgetp(L, LUA_REGISTRYINDEX, key);
	count = lua_tointeger(L, -1) + change;
	lua_pop(L, 1);
	lua_pushinteger(L, count);
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
	return count;
}

/* --- values between runtimes ------------------------------------------------------------ */

/* Whether the value may go to another runtime: nil, boolean, integer, string, shared object. */
bool is_shareable(lua_State *L, int index) LUNATIK_KIT(is_shareable);

/* Adds constants, as a kernel.c lists them (ended by a null name), to the table on the stack's top. */
using Constant = lunatik_constant;
void set_constants(lua_State *L, const Constant *constants) LUNATIK_KIT(set_constants);

} // namespace lunatik

#endif
