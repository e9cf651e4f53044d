/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's queue of bytes, and a lock that any context may take. */
#ifndef LUAFIFO_KERNEL_H
#define LUAFIFO_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a struct kfifo and a lock, of a kernel that checks its locks too. */
struct luafifo {
	void *storage[16];
};

/* The length before each message; string.pack("s", message) makes the same bytes. */
typedef uint64_t luafifo_frame;

/* luafifo_init - with a buffer whose size is a power of two, 2 at least. */
void luafifo_init(struct luafifo *fifo, void *buffer, size_t size);

/* All below: any context. Nobody sees or takes a part of what another puts in. */

/* luafifo_push - the bytes, behind a frame if `framed`; false when there is not enough room. */
bool luafifo_push(struct luafifo *fifo, const void *bytes, size_t length, bool framed);

/* luafifo_pop - take up to so many bytes, and return how many. */
size_t luafifo_pop(struct luafifo *fifo, void *bytes, size_t length);

/* luafifo_length - what is in it, and luafifo_room - what fits, at the moment. */
size_t luafifo_length(struct luafifo *fifo);
size_t luafifo_room(struct luafifo *fifo);

enum luafifo_result { LUAFIFO_TAKEN, LUAFIFO_EMPTY, LUAFIFO_LARGER, LUAFIFO_MALFORMED };

/*
 * luafifo_take - take one message of at most *length bytes. *length is set to its length, also when it is LARGER
 * and stays where it is. MALFORMED: what is in front is no frame, or what it tells of is not there.
 */
enum luafifo_result luafifo_take(struct luafifo *fifo, void *bytes, size_t *length);

int luaopen_fifo(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
