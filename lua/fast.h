/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Lua's values without the API's generality, for paths that run once per packet. What is inline
 * here knows Lua's structures by mirrors of their first fields, which lua/fast.c holds against them.
 */
#ifndef LUA_FAST_H
#define LUA_FAST_H

#include "lua.h"
#include "setjmp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- arguments of a C function, and its result; none of these raises an error --- */

struct luafast_value {		/* a TValue, and a slot of the stack */
	union {
		void *object;
		lua_Integer integer;
	};
	unsigned char type;
};
enum { LUAFAST_TYPE_FALSE = 0x01, LUAFAST_TYPE_TRUE = 0x11, LUAFAST_TYPE_INTEGER = 0x03, LUAFAST_TYPE_USERDATA = 0x47 };

struct luafast_userdata {	/* a Udata without user values, and its block behind it */
	void *next;
	unsigned char tag, mark;
	unsigned short values;
	size_t size;
	void *metatable;
	unsigned char block[] __attribute__((aligned(8)));
};

struct luafast_frame {		/* a CallInfo */
	struct luafast_value *function;
	void *others[6];
	int other;
	short results;
};

struct luafast_thread {		/* a lua_State */
	void *next;
	unsigned char tag, mark, status, hooks;
	unsigned short frames;
	struct luafast_value *top;
	void *global;
	struct luafast_frame *frame;
	void *others[19];
	volatile int hooked;		/* what hooks it has, and what the guard wants */
};

/* luafast_arguments - the first argument, and behind it the others, where there are any. */
static inline const struct luafast_value *luafast_arguments(lua_State *L)
{
	return ((const struct luafast_thread *)L)->frame->function + 1;
}

/* luafast_has - whether there are so many arguments at least. */
static inline int luafast_has(lua_State *L, const struct luafast_value *arguments, int count)
{
	return arguments + (count - 1) < ((const struct luafast_thread *)L)->top;
}

/* luafast_hasjust - whether there are just so many. */
static inline int luafast_hasjust(lua_State *L, const struct luafast_value *arguments, int count)
{
	return arguments + count == ((const struct luafast_thread *)L)->top;
}

/* luafast_isuserdata - whether the value is a full userdata of just this size, without user values. */
static inline int luafast_isuserdata(const struct luafast_value *value, size_t size)
{
	const struct luafast_userdata *userdata = (const struct luafast_userdata *)value->object;

	return value->type == LUAFAST_TYPE_USERDATA && userdata->size == size && !userdata->values;
}

/* luafast_block - the block of such a userdata. */
static inline void *luafast_block(const struct luafast_value *value)
{
	return ((struct luafast_userdata *)value->object)->block;
}

/* luafast_argument - argument `arg` (from 1), or null when there are fewer. */
static inline const struct luafast_value *luafast_argument(lua_State *L, int arg)
{
	const struct luafast_value *arguments = luafast_arguments(L);

	return luafast_has(L, arguments, arg) ? arguments + (arg - 1) : NULL;
}

/* luafast_touserdata - the block of argument `arg` if it is a full userdata of just this size, else
 * null. */
static inline void *luafast_touserdata(lua_State *L, int arg, size_t size)
{
	const struct luafast_value *arguments = luafast_arguments(L), *value = arguments + (arg - 1);

	return luafast_has(L, arguments, arg) && luafast_isuserdata(value, size) ? luafast_block(value) : NULL;
}

/* luafast_tointeger - whether argument `arg` is an integer (no string is converted). */
static inline int luafast_tointeger(lua_State *L, int arg, lua_Integer *integer)
{
	const struct luafast_value *arguments = luafast_arguments(L), *value = arguments + (arg - 1);

	if (!luafast_has(L, arguments, arg) || value->type != LUAFAST_TYPE_INTEGER)
		return 0;
	*integer = value->integer;
	return 1;
}

/* luafast_isnoneornil - whether argument `arg` is missing, or nil. */
static inline int luafast_isnoneornil(lua_State *L, int arg)
{
	const struct luafast_value *value = luafast_argument(L, arg);

	return !value || !(value->type & 0x0f);
}

/* luafast_push - the first of `count` new slots, which are set next. A C function has room for LUA_MINSTACK. */
static inline struct luafast_value *luafast_push(lua_State *L, unsigned int count)
{
	struct luafast_thread *thread = (struct luafast_thread *)L;
	struct luafast_value *first = thread->top;

	thread->top = first + count;
	return first;
}

static inline void luafast_setinteger(struct luafast_value *slot, lua_Integer integer)
{
	slot->integer = integer;
	slot->type = LUAFAST_TYPE_INTEGER;
}

static inline void luafast_setboolean(struct luafast_value *slot, int boolean)
{
	slot->type = boolean ? LUAFAST_TYPE_TRUE : LUAFAST_TYPE_FALSE;
}

/* luafast_suffices - whether the C function that runs may leave it at so many results: its caller takes no more, and no
 * hook sees them. */
static inline int luafast_suffices(lua_State *L, unsigned short count)
{
	const struct luafast_thread *thread = (const struct luafast_thread *)L;

	/* "All" is the highest number. */
	return (unsigned short)thread->frame->results <= count && !thread->hooked;
}

/* luafast_return - return the integer from a C function: `return luafast_return(L, n);` */
static inline int luafast_return(lua_State *L, lua_Integer integer)
{
	luafast_setinteger(luafast_push(L, 1), integer);
	return 1;
}

/*
 * A window: a userdata whose block is two pointers, the second one to an object that says what memory it shows, or
 * null. Its getters read an integer at an offset, most of them called with nothing else: the interpreter does that
 * itself where it is within the bytes, and tells the length where those are all.
 */
enum { LUAFAST_WINDOW = 72 };
struct luafast_window {
	unsigned char others[LUAFAST_WINDOW];
	unsigned char *bytes;
	size_t size;			/* of them; 0 while there are none */
	const void *access;		/* null when those are all */
};

struct luafast_getter {
	const char *name;		/* the same of all windows that have one of this kind */
	lua_CFunction function;
	unsigned char kind;
};
/* A kind: the width, as a power of two; how it is read; and a mark. */
enum { LUAFAST_WIDTH = 3, LUAFAST_SIGNED = 4, LUAFAST_NETWORK = 8, LUAFAST_GETTER = 0x80 };

/*
 * luafast_setmethods - have methods found at once, by the metatable on the stack's top: made with room for two elements,
 * with a table as its __index. Both stay as they are, or this is called anew. The metatable of windows has getters,
 * ended by a null name, and a length of all bytes. Raises.
 */
void luafast_setmethods(lua_State *L, const struct luafast_getter *getters);

/* --- the guard of time --- */

/* luafast_interrupt - make a thread ask whether it is to stop, at its next instruction. Called on the CPU
 * that runs it, from an interrupt, as lua_sethook() may be. */
void luafast_interrupt(lua_State *L);

/* luafast_attend - what the guard wants: stop, or let other tasks run. */
void luafast_attend(lua_State *L);

/* luafast_stop - raise the error of a visit that was told to stop. No handler is called. */
void luafast_stop(lua_State *L) __attribute__((noreturn));

/*
 * luafast_judge - note that the visit breached a limit of memory or stack, if that is what ended it: with this
 * status, and the message on the stack's top. luafast_call() and luafast_unprotect() do it themselves.
 */
void luafast_judge(lua_State *L, int status);

/* --- calls --- */

/* luafast_keep - make a new thread the caller's own, for luafast_call(), which the script is never handed. Raises. */
void luafast_keep(lua_State *L, lua_State *thread);

/*
 * luafast_call - a protected call of what lies at the bottom of a coroutine's stack.
 * @L: a coroutine of luafast_keep() that is used for nothing else, and is not running
 * @arguments: how many it is called with, of those that lie there: luafast_takes() or more
 *
 * The result, an integer of 0 to INT_MAX, or what there was instead. The stack is as before, but for
 * LUAFAST_ERROR, with the message on top. Does not raise.
 */
enum {
	LUAFAST_NIL = -1,	/* nothing, or nil */
	LUAFAST_OTHER = -2,	/* any other value */
	LUAFAST_ERROR = -3,
	LUAFAST_STOPPED = -4,	/* it returned, but after the guard had told it to stop */
};
int luafast_call(lua_State *L, unsigned int arguments);

/* luafast_call_three - the same, where a third argument lies. */
int luafast_call_three(lua_State *L, unsigned int arguments);

/* luafast_takes - with how many arguments, of so many at most, the function at the bottom notices no difference. */
unsigned int luafast_takes(lua_State *L, unsigned int most);

/* What lies there, from the bottom. */
enum { LUAFAST_HANDLER = 1, LUAFAST_FUNCTION, LUAFAST_FIRST, LUAFAST_SECOND, LUAFAST_THIRD };

/* luafast_other - what was called LUAFAST_OTHER, right after the call. */
static inline const struct luafast_value *luafast_other(lua_State *L)
{
	return ((struct luafast_thread *)L)->top;
}

/*
 * A protected call whose function is the caller's own frame, for lunatik_run() in C: an error
 * raised between luafast_protect() and luafast_unprotect() jumps to the klibc_setjmp() that the
 * caller did on `jump`. luafast_unprotect() returns the status, with the message pushed.
 */
struct luafast_protection {
	void *previous;
	klibc_jmp_buf jump;
	int status;
	unsigned int calls;
	void *call;
	ptrdiff_t top;
	int hook;
};
void luafast_protect(lua_State *L, struct luafast_protection *protection);
int luafast_unprotect(lua_State *L, struct luafast_protection *protection);

#ifdef __cplusplus
}
#endif

#endif
