// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `device`: character devices whose driver is a Lua table of callbacks.
#include "lunatik.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

struct Device : Object {
	static const Class type;
	luadevice *kernel;		/* null once stopped */
};

static const lua_Integer limit_default = 1 << 20, limit_max = 16 << 20;
static const size_t name_max = 63;

/* --- file operations -------------------------------------------------------------------- */

/* One file operation: its arguments, and what comes of it. */
struct Operation {
	luadevice *device;
	int table;			/* registry reference of the file's table */
	const char *name;		/* of the callback */
	const void *bytes;		/* written */
	size_t size;			/* written, or to be read */
	long long offset;
	void *buffer;			/* read */
	long result;
};

/* Pushes the callback and the driver. False, with the result set, when there is no callback. */
static bool push_callback(lua_State *L, Operation *operation)
{
	if (!operation->device->stopped) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, operation->device->driver);
		if (lua_getfield(L, -1, operation->name) == LUA_TFUNCTION) {
			lua_insert(L, -2);
			return true;
		}
	}
	operation->result = -ENXIO;
	return false;
}

static void push_file(lua_State *L, const Operation *operation)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, operation->table);
}

/* The new offset: the second result if there is one, else the old one moved on. */
static void set_offset(lua_State *L, Operation *operation, lua_Integer moved)
{
	lua_Integer offset = luaL_optinteger(L, -1, operation->offset + moved);

	if (offset < 0)
		luaL_error(L, "%s: negative file offset", operation->name);
	operation->offset = offset;
}

static Operation *operation_of(lua_State *L)
{
	return static_cast<Operation *>(lua_touserdata(L, 1));
}

static int do_open(lua_State *L)
{
	Operation *operation = operation_of(L);

	if (!push_callback(L, operation))
		return 0;
	lua_newtable(L);
	lua_pushvalue(L, -1);
	operation->table = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_call(L, 2, 0);
	operation->result = 0;
	return 0;
}

static int do_release(lua_State *L)
{
	Operation *operation = operation_of(L);

	if (push_callback(L, operation)) {
		push_file(L, operation);
		lua_call(L, 2, 0);
	}
	return 0;
}

static int do_read(lua_State *L)
{
	Operation *operation = operation_of(L);
	const char *string;
	size_t length;

	if (!push_callback(L, operation))
		return 0;
	lua_pushinteger(L, static_cast<lua_Integer>(operation->size));
	lua_pushinteger(L, operation->offset);
	push_file(L, operation);
	lua_call(L, 4, 2);
	string = luaL_optlstring(L, -2, "", &length);
	if (length > operation->size)
		length = operation->size;
	set_offset(L, operation, static_cast<lua_Integer>(length));
	if (length) {
		operation->buffer = lunatik_memory_new(length, LUNATIK_MEMORY_LARGE);
		if (!operation->buffer)
			return luaL_error(L, "not enough memory");
		memcpy(operation->buffer, string, length);
	}
	operation->result = static_cast<long>(length);
	return 0;
}

static int do_write(lua_State *L)
{
	Operation *operation = operation_of(L);
	lua_Integer length;

	if (!push_callback(L, operation))
		return 0;
	lua_pushlstring(L, static_cast<const char *>(operation->bytes), operation->size);
	lua_pushinteger(L, operation->offset);
	push_file(L, operation);
	lua_call(L, 4, 2);
	length = luaL_optinteger(L, -2, static_cast<lua_Integer>(operation->size));
	if (length < 0)
		return luaL_error(L, "write: negative length");
	if (length > static_cast<lua_Integer>(operation->size))
		length = static_cast<lua_Integer>(operation->size);
	set_offset(L, operation, length);
	operation->result = static_cast<long>(length);
	return 0;
}

/* Forgets the table of a file that is closed, or was not opened after all. */
static int forget_file(lua_State *L)
{
	luaL_unref(L, LUA_REGISTRYINDEX, operation_of(L)->table);
	return 0;
}

/* Does an operation inside of the device's runtime, where somebody is inside. */
static void perform_inside(lua_State *L, Operation *operation, lua_CFunction function)
{
	/* What stays if not even the call can be made. */
	operation->result = -ECANCELED;
	lua_pushcfunction(L, function);
	lua_pushlightuserdata(L, operation);
	call(L, 1, 0);
}

static void close_file(lua_State *L, luadevice *device, int table, bool opened)
{
	Operation operation = { device, table, "release", nullptr, 0, 0, nullptr, 0 };

	if (opened)
		perform_inside(L, &operation, do_release);
	perform_inside(L, &operation, forget_file);
}

/* The files that were closed while others were inside. */
static void close_files(lua_State *L, luadevice *device)
{
	bool opened;
	int table;

	while (luadevice_next_closed(device, &table, &opened))
		close_file(L, device, table, opened);
}

/* Does an operation in a visit of its own. */
static void perform(Operation *operation, lua_CFunction function)
{
	Entry entry(static_cast<Runtime *>(operation->device->runtime), Wait::Killable);

	operation->result = entry.error;
	if (entry.error)
		return;
	close_files(entry.L, operation->device);
	perform_inside(entry.L, operation, function);
}

/* --- the class -------------------------------------------------------------------------- */

/* Takes a device out of the system. Inside of the runtime, or when nothing can enter it. */
static void stop(Device *device)
{
	if (!device->kernel)
		return;
	device->kernel->stopped = true;
	luadevice_remove(device->kernel);
	device->kernel = nullptr;
}

static void release(Object *object)
{
	stop(static_cast<Device *>(object));
}

/// Takes /dev/NAME out of the system. Files that are open get ENXIO from then on. Stopping a device
/// again does nothing.
/// Context: process. Kernel: cdev_device_del().
/// @function device.stop(dev), dev:stop()
static int device_stop(lua_State *L)
{
	Device *device = check<Device>(L, 1);

	if (device->kernel) {
		luaL_unref(L, LUA_REGISTRYINDEX, device->kernel->driver);
		stop(device);
		lua_pushnil(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, device);
	}
	return 0;
}

static const luaL_Reg methods[] = {
	{ "stop", device_stop },
	{ nullptr, nullptr },
};

const Class Device::type = {
	.name = "device",
	.size = sizeof(Device),
	.extra = 2 << 10,
	.methods = methods,
	.release = release,
	.sleeps = true,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* A field of the driver, an integer of a range. */
static lua_Integer field(lua_State *L, const char *name, lua_Integer absent, lua_Integer least, lua_Integer most)
{
	lua_Integer value = absent;
	int is_integer = 1;

	if (lua_getfield(L, 1, name) != LUA_TNIL)
		value = lua_tointegerx(L, -1, &is_integer);
	if (!is_integer || value < least || value > most)
		luaL_argerror(L, 1, lua_pushfstring(L, "driver.%s is no integer from %I to %I", name,
						    static_cast<LUAI_UACINT>(least), static_cast<LUAI_UACINT>(most)));
	lua_pop(L, 1);
	return value;
}

/// Makes /dev/NAME, which is served until device.stop() or the end of the runtime.
/// @param driver table
/// @field name string of 1 to 63 bytes, no '/'
/// @field mode? integer file mode, 0 to 0777; 0600 when omitted
/// @field limit? integer bytes of the longest write, 1 to 16777216; 1048576 when omitted. A longer
/// write is EMSGSIZE.
/// @field privileged? boolean opening needs CAP_SYS_ADMIN, whatever the mode says, and a kernel that is not
/// locked down; false when omitted
/// @field open? function (driver, file)
/// @field release? function (driver, file)
/// @field read? function (driver, length, offset, file) -> string?, offset?: the string is cut to
/// length; nil and "" are the end of the file; the offset moves on by the length unless returned
/// @field write? function (driver, string, offset, file) -> length?, offset?: the length taken, all
/// unless returned
/// Each open file has a table `file` of its own. An operation without a function is ENXIO, one that
/// raises an error, or returns the wrong type, ECANCELED, with the error in the kernel log.
/// @return device
/// Errors: a field is wrong; /dev/NAME exists; not enough memory or numbers; the runtime is not of
/// process context.
/// Context: process. Kernel: cdev_device_add().
/// @function device.new(driver)
static int new_device(lua_State *L)
{
	unsigned int mode;
	const char *name;
	lua_Integer limit;
	bool privileged;
	size_t length;
	Device *device;
	luadevice *kernel;
	int error;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_getfield(L, 1, "name");
	luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "driver.name is no string");
	name = lua_tolstring(L, -1, &length);
	luaL_argcheck(L, length && length <= name_max && strlen(name) == length && !strchr(name, '/') &&
		      !strchr(name, '!') && name[0] != '.', 1, "driver.name is no name for a file in /dev");
	mode = static_cast<unsigned int>(field(L, "mode", 0600, 0, 0777));
	limit = field(L, "limit", limit_default, 1, limit_max);
	lua_getfield(L, 1, "privileged");
	privileged = lua_toboolean(L, -1);
	lua_pop(L, 1);

	device = push_new<Device>(L);
	lua_pushvalue(L, 1);
	int driver = luaL_ref(L, LUA_REGISTRYINDEX);

	kernel = luadevice_new(name, mode);
	if (!kernel) {
		luaL_unref(L, LUA_REGISTRYINDEX, driver);
		return luaL_error(L, "not enough memory");
	}
	kernel->driver = driver;
	kernel->limit = static_cast<size_t>(limit);
	kernel->privileged = privileged;
	kernel->runtime = runtime_of(L);
	hold(runtime_of(L));
	error = luadevice_add(kernel);
	if (error) {
		kernel->stopped = true;
		luadevice_put(kernel);
		luaL_unref(L, LUA_REGISTRYINDEX, driver);
		if (error == -EEXIST)
			return luaL_error(L, "/dev/%s exists already", name);
		if (error == -ENOMEM)
			return luaL_error(L, "not enough memory");
		return luaL_error(L, "cannot add /dev/%s (error %d)", name, -error);
	}
	device->kernel = kernel;
	/* A device serves until it is stopped, whether the script keeps the object or not. */
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, device);
	return 1;
}

} // namespace lunatik

using namespace lunatik;

int luadevice_open(luadevice *device, int *table)
{
	Operation operation = { device, LUA_NOREF, "open", nullptr, 0, 0, nullptr, 0 };

	perform(&operation, do_open);
	*table = operation.table == LUA_NOREF ? LUADEVICE_NO_TABLE : operation.table;
	if (operation.result && *table != LUADEVICE_NO_TABLE && luadevice_release(device, *table, false))
		*table = LUADEVICE_NO_TABLE;
	return static_cast<int>(operation.result);
}

bool luadevice_release(luadevice *device, int table, bool opened)
{
	Entry entry(static_cast<Runtime *>(device->runtime), Wait::Briefly);

	if (!entry.error)
		close_file(entry.L, device, table, opened);
	/* One that has ended has nothing to forget. */
	return !entry.error || entry.error == -ENXIO;
}

long luadevice_read(luadevice *device, int table, void **buffer, size_t size, long long *offset)
{
	Operation operation = { device, table, "read", nullptr, size, *offset, nullptr, 0 };

	perform(&operation, do_read);
	*buffer = operation.buffer;
	*offset = operation.offset;
	return operation.result;
}

long luadevice_write(luadevice *device, int table, const void *bytes, size_t size, long long *offset)
{
	Operation operation = { device, table, "write", bytes, size, *offset, nullptr, 0 };

	perform(&operation, do_write);
	*offset = operation.offset;
	return operation.result;
}

void luadevice_freed(luadevice *device)
{
	if (device->runtime)
		drop(static_cast<Runtime *>(device->runtime));
}

int luaopen_device(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", new_device },
		{ "stop", device_stop },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
