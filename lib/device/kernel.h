/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUADEVICE_KERNEL_H
#define LUADEVICE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the Lua face keeps in a device; it lives until the last file is closed. */
struct luadevice {
	void *runtime;			/* held */
	int driver;			/* the driver table, in the registry of the runtime's state */
	bool stopped;			/* set inside of the runtime, or when no event can enter it */
	size_t limit;			/* of one write, in bytes */
	bool privileged;		/* opening needs CAP_SYS_ADMIN, whatever the mode says */
};

/*
 * luadevice_new - a device /dev/NAME, not yet in the system. Process context. NULL when out of
 * memory or numbers.
 */
struct luadevice *luadevice_new(const char *name, unsigned int mode);

/* luadevice_add - install it: 0; -EEXIST when /dev/NAME exists; another errno. Process context. */
int luadevice_add(struct luadevice *device);

/* luadevice_remove - no file can be opened from now on; give up the device. Process context. */
void luadevice_remove(struct luadevice *device);

/* luadevice_put - give up a device that was never added. */
void luadevice_put(struct luadevice *device);

/*
 * The file operations, on the Lua side: buffers are kernel memory. Each returns a negative errno
 * when it fails. `table` is the file's own table, in the registry; when luadevice_open() fails, one that is
 * to be forgotten, or LUADEVICE_NO_TABLE. Process context.
 */
int luadevice_open(struct luadevice *device, int *table);
#define LUADEVICE_NO_TABLE	(-1)
/* False when the runtime is busy: luadevice_next_closed() is to tell of the file later. */
bool luadevice_release(struct luadevice *device, int table, bool opened);

/*
 * luadevice_next_closed - a file that was closed, or could not be opened after all, while the runtime was busy:
 * a task that ends does not wait. Inside of the runtime. False when there is none.
 */
bool luadevice_next_closed(struct luadevice *device, int *table, bool *opened);

/* Sets *buffer to what was read, to be freed by lunatik_memory_free(). Returns its length. */
long luadevice_read(struct luadevice *device, int table, void **buffer, size_t size, long long *offset);
long luadevice_write(struct luadevice *device, int table, const void *bytes, size_t size, long long *offset);
/* The device is freed: its runtime is let go. */
void luadevice_freed(struct luadevice *device);

int luaopen_device(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
