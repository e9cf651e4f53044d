// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `fifo`: bytes that one runtime puts into a queue and another takes out, in any context.
#include "lunatik.hpp"
#include "kernel.h"

namespace lunatik {

struct Fifo : Object {
	static const Class type;
	luafifo kernel;
	void *buffer;			/* null until it is ready */
};

/* Its lock is held, with interrupts off, while bytes are copied. */
static const lua_Integer size_max = 1 << 20;

static void release(Object *object)
{
	lunatik_memory_free(static_cast<Fifo *>(object)->buffer);
}

/* Argument 1. */
static Fifo *check_fifo(lua_State *L)
{
	return check<Fifo>(L, 1);
}

static int push_bytes(lua_State *L, bool framed)
{
	Fifo *fifo = check_fifo(L);
	size_t length;
	const char *bytes = luaL_checklstring(L, 2, &length);

	if (!luafifo_push(&fifo->kernel, bytes, length, framed))
		luaL_error(L, "the fifo has no room for %I bytes, but for %I", static_cast<LUAI_UACINT>(length),
			   static_cast<LUAI_UACINT>(luafifo_room(&fifo->kernel)));
	return 0;
}

/// Puts bytes in, all or none.
/// @param bytes string
/// Errors: there is not enough room, and nothing was put in.
/// Context: any. Kernel: kfifo_in().
/// @function fifo:push(bytes)
static int push(lua_State *L)
{
	return push_bytes(L, false);
}

/// Takes bytes out, those first that were put in first.
/// @param size integer bytes at most, not negative
/// @return string, integer: the bytes, and how many these are: fewer than `size` when there were no more
/// Errors: negative size; not enough memory, and the bytes stay.
/// Context: any. Kernel: kfifo_out().
/// @function fifo:pop(size)
static int pop(lua_State *L)
{
	Fifo *fifo = check_fifo(L);
	lua_Integer size = check_integer(L, 2), length = static_cast<lua_Integer>(luafifo_length(&fifo->kernel));
	luaL_Buffer buffer;
	char *bytes;
	size_t count;

	luaL_argcheck(L, size >= 0, 2, "negative size");
	if (size > length)
		size = length;
	bytes = luaL_buffinitsize(L, &buffer, static_cast<size_t>(size));
	/* A finalizer may have closed it. */
	count = luafifo_pop(&check_fifo(L)->kernel, bytes, static_cast<size_t>(size));
	luaL_pushresultsize(&buffer, count);
	lua_pushinteger(L, static_cast<lua_Integer>(count));
	return 2;
}

/// Puts a message in, which receive() takes out as a whole: its length, as string.pack("s", message) has it, and its
/// bytes.
/// @param message string
/// Errors: there is not enough room (the message has 8 bytes more), and nothing was put in.
/// Context: any.
/// @function fifo:send(message)
static int send(lua_State *L)
{
	return push_bytes(L, true);
}

/// Takes a message out.
/// @return string? nil when there is none
/// Errors: what is in the fifo is no message of send(); not enough memory, and the message stays.
/// Context: any.
/// @function fifo:receive()
static int receive(lua_State *L)
{
	luafifo_result result;
	luaL_Buffer buffer;
	size_t length = 0;

	/* What it takes memory for may have been taken by another meanwhile: then for what is next. */
	result = luafifo_take(&check_fifo(L)->kernel, nullptr, &length);
	while (result == LUAFIFO_LARGER) {
		char *bytes = luaL_buffinitsize(L, &buffer, length);

		result = luafifo_take(&check_fifo(L)->kernel, bytes, &length);
		if (result == LUAFIFO_TAKEN) {
			luaL_pushresultsize(&buffer, length);
			return 1;
		}
		lua_settop(L, 1);
	}
	switch (result) {
	case LUAFIFO_TAKEN:
		lua_pushliteral(L, "");
		return 1;
	case LUAFIFO_EMPTY:
		luaL_pushfail(L);
		return 1;
	default:
		return luaL_error(L, "malformed message: what is in the fifo was not put there by send()");
	}
}

/// Gives the fifo up in this runtime; others that have it keep it.
/// Errors: it was closed before.
/// Context: any.
/// @function fifo:close()
static int close(lua_State *L)
{
	check_fifo(L);
	return collect(L);
}

static const luaL_Reg methods[] = {
	{ "push", push },
	{ "pop", pop },
	{ "send", send },
	{ "receive", receive },
	{ "close", close },
	{ nullptr, nullptr },
};

const Class Fifo::type = {
	.name = "fifo",
	.size = sizeof(Fifo),
	.methods = methods,
	.release = release,
	.sleeps = false,
	.release_sleeps = false,
	.shared = true,
	.owner = &__this_module,
};

/// Makes an empty queue of bytes, which may be handed to other runtimes.
/// @param size integer bytes, 1 to 1048576, rounded up to a power of two
/// @return fifo
/// Errors: size out of range; not enough memory.
/// Context: any. Kernel: kfifo_init().
/// @function fifo.new(size)
static int new_fifo(lua_State *L)
{
	lua_Integer wanted = check_integer(L, 1);
	size_t size = 2;

	luaL_argcheck(L, wanted > 0 && wanted <= size_max, 1, "size out of range (1 to 1048576 bytes)");
	while (size < static_cast<size_t>(wanted))
		size *= 2;

	Fifo *fifo = push_new<Fifo>(L);
	void *buffer = nullptr;

	/* A finalizer could close it. */
	get(fifo);
	if (charge(L, fifo, size))
		buffer = lunatik_memory_new(size, may_sleep(L) ? LUNATIK_MEMORY_SLEEP : LUNATIK_MEMORY_ATOMIC);
	if (buffer) {
		luafifo_init(&fifo->kernel, buffer, size);
		fifo->buffer = buffer;
	}
	if (put(fifo) || !buffer)
		return luaL_error(L, "not enough memory");
	return 1;
}

} // namespace lunatik

int luaopen_fifo(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", lunatik::new_fifo },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
