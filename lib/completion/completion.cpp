// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `completion`: one thread waits until another says that something is done.
#include "lunatik.hpp"
#include "kernel.h"

namespace lunatik {

struct Completion : Object {
	static const Class type;
	luacompletion kernel;
};

/// Lets one waiter go on; if none waits, the next wait() returns at once. Each call counts for one.
/// Context: any. Kernel: complete().
/// @function completion:complete()
static int complete(lua_State *L)
{
	luacompletion_complete(&check<Completion>(L, 1)->kernel);
	return 0;
}

/// Waits until complete() is called.
/// @param timeout? integer milliseconds, 0 (looks only) to 2147483647; no limit when omitted
/// @return true?, string? true; or nil and "timeout"; or nil and "interrupt", when a signal came, as
/// thread:stop() sends it, or the runtime is being stopped
/// Errors: timeout out of range; called where the code may not sleep, or by a runtime that ends.
/// Context: process. Kernel: wait_for_completion_interruptible_timeout().
/// @function completion:wait(timeout)
static int wait(lua_State *L)
{
	Completion *completion = check<Completion>(L, 1);
	lua_Integer timeout = luaL_optinteger(L, 2, LUACOMPLETION_FOREVER);
	int result;

	luaL_argcheck(L, timeout == LUACOMPLETION_FOREVER || (timeout >= 0 && timeout <= LUACOMPLETION_TIMEOUT_MAX),
		      2, "timeout out of range (0 to 2147483647 ms)");
	check_may_wait(L, "completion:wait");
	result = luacompletion_wait(&completion->kernel, timeout, gate_of(L));
	if (result > 0) {
		lua_pushboolean(L, true);
		return 1;
	}
	luaL_pushfail(L);
	lua_pushstring(L, result < 0 ? "interrupt" : "timeout");
	return 2;
}

static const luaL_Reg methods[] = {
	{ "complete", complete },
	{ "wait", wait },
	{ nullptr, nullptr },
};

const Class Completion::type = {
	.name = "completion",
	.size = sizeof(Completion),
	.methods = methods,
	.release = nullptr,
	.sleeps = false,
	.release_sleeps = false,
	.shared = true,
	.owner = &__this_module,
};

/// Makes a completion, which may be handed to other runtimes.
/// @return completion
/// Errors: not enough memory.
/// Context: any. Kernel: init_completion().
/// @function completion.new()
static int new_completion(lua_State *L)
{
	luacompletion_init(&push_new<Completion>(L)->kernel);
	return 1;
}

} // namespace lunatik

int luaopen_completion(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", lunatik::new_completion },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
