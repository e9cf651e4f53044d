// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `linux`: random numbers, sleep, time, byte order, and constants of the kernel.
#include "lunatik.hpp"
#include "kernel.h"

namespace lunatik {

/* --- random numbers --------------------------------------------------------------------- */

/* Uniform in [0, most]: numbers of just the bits that `most` has, until one is in range. */
static lua_Unsigned random_up_to(lua_Unsigned most)
{
	lua_Unsigned mask = most ? ~0ull >> __builtin_clzll(most) : 0;
	lua_Unsigned n;

	do
		n = (mask >> 32 ? lualinux_random64() : lualinux_random32()) & mask;
	while (n > most);
	return n;
}

/// A random integer of the kernel's cryptographic generator, as math.random() takes its arguments:
/// of all 64 bits without arguments and for random(0), in [1, m] for random(m), else in [m, n].
/// Every integer of the range is equally likely.
/// @param m? integer
/// @param n? integer not below m
/// @return integer
/// Errors: "interval is empty", "wrong number of arguments".
/// Context: any. Kernel: get_random_u32(), get_random_u64().
/// @function linux.random(m, n)
static int random(lua_State *L)
{
	lua_Integer low = 1, up = 0;

	switch (lua_gettop(L)) {
	case 0:
		break;
	case 1:
		up = check_integer(L, 1);
		break;
	case 2:
		low = check_integer(L, 1);
		up = check_integer(L, 2);
		break;
	default:
		return luaL_error(L, "wrong number of arguments");
	}
	if (lua_gettop(L) < 2 && !up) {
		lua_pushinteger(L, static_cast<lua_Integer>(lualinux_random64()));
		return 1;
	}
	luaL_argcheck(L, low <= up, 1, "interval is empty");
	lua_Unsigned from = static_cast<lua_Unsigned>(low);

	lua_pushinteger(L, static_cast<lua_Integer>(from + random_up_to(static_cast<lua_Unsigned>(up) - from)));
	return 1;
}

/* --- time ------------------------------------------------------------------------------- */

static int check_state(lua_State *L, int arg)
{
	lua_Integer state = luaL_optinteger(L, arg, lualinux_interruptible);

	for (const Constant *known = lualinux_task; known->name; known++)
		if (known->value == state)
			return static_cast<int>(state);
	return luaL_argerror(L, arg, "no state of linux.task");
}

/// Sleeps until the timeout has elapsed or, in the states INTERRUPTIBLE and KILLABLE, a signal of
/// that kind has come. thread:stop() wakes a thread in any state, once; in those two it sleeps no more
/// from then on. RUNNING does not sleep: it only lets other tasks have the CPU.
/// @param timeout? integer milliseconds, 0 to 2147483647; no limit when omitted or math.maxinteger
/// @param state? integer of linux.task, INTERRUPTIBLE when omitted
/// @return integer the milliseconds that remained: 0 when the timeout elapsed, never more than it
/// Errors: timeout out of range; no state of linux.task; no timeout for UNINTERRUPTIBLE or IDLE,
/// which then nothing would end; called where the code may not sleep.
/// Context: process. Kernel: schedule_timeout().
/// @function linux.schedule(timeout, state)
static int schedule(lua_State *L)
{
	lua_Integer timeout = luaL_optinteger(L, 1, LUALINUX_FOREVER);
	int state = check_state(L, 2);

	luaL_argcheck(L, timeout == LUALINUX_FOREVER || (timeout >= 0 && timeout <= LUALINUX_TIMEOUT_MAX), 1,
		      "timeout out of range (0 to 2147483647 ms)");
	luaL_argcheck(L, timeout != LUALINUX_FOREVER || !lualinux_is_endless(state), 1,
		      "a sleep that no signal ends needs a timeout");
	check_may_wait(L, "linux.schedule");
	lua_pushinteger(L, lualinux_schedule(timeout, state, gate_of(L)));
	return 1;
}

/// The wall-clock time.
/// @return integer nanoseconds since the epoch
/// Context: any but NMI. Kernel: ktime_get_real_ns().
/// @function linux.time()
static int time(lua_State *L)
{
	lua_pushinteger(L, lualinux_time());
	return 1;
}

/* --- byte order ------------------------------------------------------------------------- */

enum class Order { Big, Little };
static const Order host_order = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? Order::Big : Order::Little;

template <class T> static T swapped(T n)
{
	if constexpr (sizeof(T) == 2)
		return __builtin_bswap16(n);
	else if constexpr (sizeof(T) == 4)
		return __builtin_bswap32(n);
	else
		return __builtin_bswap64(n);
}

/// Converts an integer of 16, 32 or 64 bits between the byte orders of the host (h) and of the
/// network (n), big-endian (be) or little-endian (le).
/// @param num integer of which the lowest 16, 32 or 64 bits are taken
/// @return integer not negative but for 64 bits
/// Context: any.
/// @function linux.hton16(num), linux.hton32(num), linux.hton64(num)
/// @function linux.ntoh16(num), linux.ntoh32(num), linux.ntoh64(num)
/// @function linux.htobe16(num), linux.htobe32(num), linux.htobe64(num)
/// @function linux.be16toh(num), linux.be32toh(num), linux.be64toh(num)
/// @function linux.htole16(num), linux.htole32(num), linux.htole64(num)
/// @function linux.le16toh(num), linux.le32toh(num), linux.le64toh(num)
template <class T, Order order> static int convert(lua_State *L)
{
	T n = static_cast<T>(check_integer(L, 1));

	lua_pushinteger(L, static_cast<lua_Integer>(order == host_order ? n : swapped(n)));
	return 1;
}

/* --- the library ------------------------------------------------------------------------ */

static const luaL_Reg functions[] = {
	{ "random", random },
	{ "schedule", schedule },
	{ "time", time },
	{ "hton16", convert<uint16_t, Order::Big> },
	{ "hton32", convert<uint32_t, Order::Big> },
	{ "hton64", convert<uint64_t, Order::Big> },
	{ "ntoh16", convert<uint16_t, Order::Big> },
	{ "ntoh32", convert<uint32_t, Order::Big> },
	{ "ntoh64", convert<uint64_t, Order::Big> },
	{ "htobe16", convert<uint16_t, Order::Big> },
	{ "htobe32", convert<uint32_t, Order::Big> },
	{ "htobe64", convert<uint64_t, Order::Big> },
	{ "be16toh", convert<uint16_t, Order::Big> },
	{ "be32toh", convert<uint32_t, Order::Big> },
	{ "be64toh", convert<uint64_t, Order::Big> },
	{ "htole16", convert<uint16_t, Order::Little> },
	{ "htole32", convert<uint32_t, Order::Little> },
	{ "htole64", convert<uint64_t, Order::Little> },
	{ "le16toh", convert<uint16_t, Order::Little> },
	{ "le32toh", convert<uint32_t, Order::Little> },
	{ "le64toh", convert<uint64_t, Order::Little> },
	{ nullptr, nullptr },
};

static int push_constants(lua_State *L, const Constant *constants)
{
	lua_newtable(L);
	set_constants(L, constants);
	return 1;
}

} // namespace lunatik

/// Permission and type bits of a file's mode, by their names in linux/stat.h without "S_":
/// IRUGO, IRWXU, IFDIR, ... Also by require("linux.stat").
/// @field linux.stat table<string, integer>
int luaopen_linux_stat(lua_State *L)
{
	return lunatik::push_constants(L, lualinux_stat);
}

/// The states a task may sleep in, for linux.schedule(): RUNNING, INTERRUPTIBLE, UNINTERRUPTIBLE,
/// KILLABLE (fatal signals wake it), IDLE (uninterruptible, and no part of the load average).
/// Also by require("linux.task").
/// @field linux.task table<string, integer>
int luaopen_linux_task(lua_State *L)
{
	return lunatik::push_constants(L, lualinux_task);
}

/// Error numbers, positive, by their names without "E": PERM, NOENT, ... Also by
/// require("linux.errno"). Kernel: uapi/asm-generic/errno-base.h.
/// @field linux.errno table<string, integer>
int luaopen_linux_errno(lua_State *L)
{
	return lunatik::push_constants(L, lualinux_errno);
}

int luaopen_linux(lua_State *L)
{
	luaL_newlib(L, lunatik::functions);
	/* One table each, whichever of the two ways a script asks for it first. */
	luaL_requiref(L, "linux.stat", luaopen_linux_stat, 0);
	lua_setfield(L, -2, "stat");
	luaL_requiref(L, "linux.task", luaopen_linux_task, 0);
	lua_setfield(L, -2, "task");
	luaL_requiref(L, "linux.errno", luaopen_linux_errno, 0);
	lua_setfield(L, -2, "errno");
	return 1;
}
