// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The libraries `syscall` and `syscall.table`: names, numbers and functions of the 64-bit system calls.
#include "lunatik.hpp"
#include "kernel.h"

extern "C" {
#include <string.h>
}

namespace lunatik {

/// Where the kernel's function of a 64-bit system call (__x64_sys_NAME) starts, for probe.new().
/// @param number integer as syscall.number() returns it
/// @return address? light userdata; nil when this kernel has no function for the number
/// Errors: number out of range.
/// Context: any. Kernel: asm/syscalls_64.h.
/// @function syscall.address(number)
static int address(lua_State *L)
{
	lua_Integer number = check_integer(L, 1);
	void *found;

	luaL_argcheck(L, number >= 0 && number < static_cast<lua_Integer>(luasyscall_count), 1,
		      "number of a system call out of range");
	found = luasyscall_address(static_cast<unsigned int>(number));
	if (found)
		lua_pushlightuserdata(L, found);
	else
		luaL_pushfail(L);
	return 1;
}

/// The number of a 64-bit system call.
/// @param name string as in asm/unistd.h without "__NR_": "read", "openat"
/// @return number? integer; nil when the kernel has no such call
/// Context: any. Kernel: asm/unistd_64.h.
/// @function syscall.number(name)
static int number(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	for (const luasyscall *call = luasyscall_names; call->name; call++) {
		if (!strcmp(call->name, name)) {
			lua_pushinteger(L, call->number);
			return 1;
		}
	}
	luaL_pushfail(L);
	return 1;
}

} // namespace lunatik

/// The functions of all 64-bit system calls, by the names that syscall.number() knows.
/// @field syscall.table table<string, lightuserdata>
int luaopen_syscall_table(lua_State *L)
{
	lua_createtable(L, 0, static_cast<int>(luasyscall_count));
	for (const luasyscall *call = luasyscall_names; call->name; call++) {
		void *address = call->number < luasyscall_count ? luasyscall_address(call->number) : nullptr;

		if (!address)
			continue;
		lua_pushlightuserdata(L, address);
		lua_setfield(L, -2, call->name);
	}
	return 1;
}

int luaopen_syscall(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "address", lunatik::address },
		{ "number", lunatik::number },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
