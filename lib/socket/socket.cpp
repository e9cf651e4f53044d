// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `socket`: sockets of any family.
#include "lunatik.hpp"
#include "kernel.h"

namespace lunatik {

struct Socket : Object {
	static const Class type;
	luasocket *kernel;
};

static const lua_Integer receive_max = 1 << 20;

/*
 * The socket of a method, without its object: while the method prepares, a finalizer may run and close it. So
 * the last thing before the call into the kernel is to ask again.
 */
static luasocket *kernel_of(lua_State *L)
{
	return check<Socket>(L, 1)->kernel;
}

/* Raises the errno's name, nothing else, so that scripts can compare it. */
[[gnu::cold]] static int raise(lua_State *L, long error)
{
	const char *name = luasocket_errno(static_cast<int>(error));

	if (name)
		lua_pushstring(L, name);
	else
		lua_pushfstring(L, "error %d", static_cast<int>(-error));
	return lua_error(L);
}

/* The same, of making the socket on the stack's top: no message handler must find it there. */
[[gnu::cold]] static int abandon(lua_State *L, int error)
{
	lua_pop(L, 1);
	if (error == LUASOCKET_NO_NET)
		return luaL_error(L, "the network namespace that the script was run in has ended");
	return raise(L, error);
}

/* --- addresses -------------------------------------------------------------------------- */

static lua_Integer check_range(lua_State *L, int arg, lua_Integer least, lua_Integer most, const char *what)
{
	lua_Integer integer = check_integer(L, arg);

	if (integer < least || integer > most)
		luaL_argerror(L, arg, lua_pushfstring(L, "%s out of range (%I to %I)", what,
						      static_cast<LUAI_UACINT>(least), static_cast<LUAI_UACINT>(most)));
	return integer;
}

static uint16_t check_port(lua_State *L, int arg)
{
	return static_cast<uint16_t>(check_range(L, arg, 0, 0xffff, "port"));
}

/* How many arguments an address of this family takes. */
static int address_arguments(int family)
{
	return family == luasocket_inet ? 2 : family == luasocket_inet6 ? 3 : 1;
}

static void check_address(lua_State *L, int arg, int family, luasocket_address *address)
{
	const char *bytes;
	size_t size;

	if (family == luasocket_inet) {
		uint32_t ip = static_cast<uint32_t>(check_range(L, arg, 0, 0xffffffff, "IPv4 address"));

		luasocket_set_inet(address, ip, check_port(L, arg + 1));
		return;
	}
	bytes = luaL_checklstring(L, arg, &size);
	if (family == luasocket_inet6) {
		luaL_argcheck(L, size == 16, arg, "an IPv6 address has 16 bytes (socket.inet6 takes text)");
		luasocket_set_inet6(address, bytes, check_port(L, arg + 1), lua_isnoneornil(L, arg + 2) ? 0 :
				    static_cast<uint32_t>(check_range(L, arg + 2, 0, 0xffffffff, "scope")));
		return;
	}
	luaL_argcheck(L, size <= LUASOCKET_ADDRESS_MAX, arg, "the address is too long (126 bytes)");
	luasocket_set_other(address, family, bytes, size);
}

/* Pushes what check_address() takes; nil for no address. */
static int push_address(lua_State *L, const luasocket_address *address, int family)
{
	const void *bytes;
	uint32_t ip, scope;
	uint16_t port;
	size_t size;

	if (family == luasocket_inet && luasocket_get_inet(address, &ip, &port)) {
		lua_pushinteger(L, ip);
		lua_pushinteger(L, port);
		return 2;
	}
	if (family == luasocket_inet6 && (bytes = luasocket_get_inet6(address, &port, &scope))) {
		lua_pushlstring(L, static_cast<const char *>(bytes), 16);
		lua_pushinteger(L, port);
		lua_pushinteger(L, scope);
		return 3;
	}
	if (family != luasocket_inet && family != luasocket_inet6 && (bytes = luasocket_get_other(address, &size))) {
		lua_pushlstring(L, static_cast<const char *>(bytes), size);
		return 1;
	}
	luaL_pushfail(L);
	return 1;
}

static int opt_flags(lua_State *L, int arg)
{
	if (lua_isnoneornil(L, arg))
		return 0;
	return static_cast<int>(check_range(L, arg, 0, 0x7fffffff, "flags"));
}

/* --- the class -------------------------------------------------------------------------- */

static void release(Object *object)
{
	Socket *socket = static_cast<Socket *>(object);

	if (socket->kernel)
		luasocket_free(socket->kernel);
}

/// Closes the socket, for all runtimes that have it; who waits for it there gets the error EBADF.
/// Errors: the object is closed already; called where the code may not sleep, as in a callback with RTNL.
/// Context: process. Kernel: fput().
/// @function socket:close()
static int close(lua_State *L)
{
	Socket *socket = check<Socket>(L, 1);

	check_may_sleep(L, "socket:close");
	luasocket_close(socket->kernel);
	return collect(L);
}

/// Sends a message. On a stream it returns when all of it is sent, unless it may not wait so long.
/// @param message string
/// @param addr? the receiver's address: af.INET: integer addr, integer port; af.INET6: string of 16 bytes,
/// integer port, scope? (integer number of an interface, 0 when nil); others: packed string, what follows the
/// family in the kernel's struct (the path for af.UNIX). Absent or nil: the peer
/// @param port? integer, for af.INET and af.INET6
/// @param flags? integer of socket.msg behind the address' arguments, nil or not: OOB, DONTROUTE, PROBE,
/// DONTWAIT, EOR, CONFIRM, MORE; others do nothing
/// @return integer bytes sent
/// Errors: an address out of range; the name of the errno: EAGAIN when the timeout has elapsed, or it may not
/// wait; EINTR when a signal came (thread:stop()), or the runtime is to be stopped; EBADF when another runtime
/// has closed it; EPIPE, ECONNRESET, EMSGSIZE, ...
/// Context: process. Kernel: sock_sendmsg().
/// @function socket:send(message, addr, port, flags)
static int send(lua_State *L)
{
	int family = luasocket_family(kernel_of(L)), flags;
	luasocket_address address;
	const char *message;
	size_t size;
	long sent;
	bool to;

	message = luaL_checklstring(L, 2, &size);
	to = !lua_isnoneornil(L, 3);
	if (to)
		check_address(L, 3, family, &address);
	flags = opt_flags(L, 3 + address_arguments(family));
	check_may_wait(L, "socket:send");
	sent = luasocket_send(kernel_of(L), gate_of(L), message, size, to ? &address : nullptr, flags);
	if (sent < 0)
		return raise(L, sent);
	lua_pushinteger(L, sent);
	return 1;
}

/// Receives a message, or what has come of a stream.
/// @param length integer bytes at most, 0 to 1048576; a datagram that is longer is cut
/// @param flags? integer of socket.msg: OOB, PEEK, DONTROUTE, DONTWAIT, WAITALL, ERRQUEUE, TRUNC (a stream drops
/// the bytes, which come as zeros); others do nothing
/// @param from? boolean
/// @return string "" at the end of a stream; and if `from`, the sender's address as socket:send() takes it (the
/// peer's, where no message tells one), nil when there is none
/// Errors: length out of range; as socket:send().
/// Context: process. Kernel: sock_recvmsg().
/// @function socket:receive(length, flags, from)
static int receive(lua_State *L)
{
	int family = luasocket_family(kernel_of(L));
	size_t length = static_cast<size_t>(check_range(L, 2, 0, receive_max, "length"));
	int flags = opt_flags(L, 3);
	bool from = lua_toboolean(L, 4);
	luasocket_address address = {};
	void *buffer;
	long received;

	check_may_wait(L, "socket:receive");
	buffer = lua_newuserdatauv(L, length, 0);
	received = luasocket_receive(kernel_of(L), gate_of(L), buffer, length, flags, from ? &address : nullptr);
	if (received < 0)
		return raise(L, received);
	lua_pushlstring(L, static_cast<const char *>(buffer), static_cast<size_t>(received));
	return from ? 1 + push_address(L, &address, family) : 1;
}

/// Gives the socket an address of its own. A stream socket of the Internet families can take one that closed
/// connections still have (SO_REUSEADDR).
/// @param addr, port as socket:send() takes them
/// Errors: an address out of range; the name of the errno: EADDRINUSE, EADDRNOTAVAIL, EINVAL, ...
/// Context: process. Kernel: kernel_bind().
/// @function socket:bind(addr, port)
static int bind(lua_State *L)
{
	luasocket_address address;
	int error;

	check_address(L, 2, luasocket_family(kernel_of(L)), &address);
	check_may_sleep(L, "socket:bind");
	error = luasocket_bind(kernel_of(L), &address);
	return error ? raise(L, error) : 0;
}

/// Lets peers connect.
/// @param backlog? integer connections that may wait for accept(), 0 to 2147483647; 4096 (SOMAXCONN) when omitted
/// Errors: the name of the errno: EOPNOTSUPP, EADDRINUSE, ...
/// Context: process. Kernel: kernel_listen().
/// @function socket:listen(backlog)
static int listen(lua_State *L)
{
	luasocket *socket = kernel_of(L);
	int backlog = luasocket_backlog, error;

	if (!lua_isnoneornil(L, 2))
		backlog = static_cast<int>(check_range(L, 2, 0, 0x7fffffff, "backlog"));
	check_may_sleep(L, "socket:listen");
	error = luasocket_listen(socket, backlog);
	return error ? raise(L, error) : 0;
}

/// Takes the next connection, or waits for one.
/// @param flags? integer of socket.sock: with NONBLOCK neither this call nor the new socket's ever wait
/// @return socket
/// Errors: as socket:send(); EINVAL without listen().
/// Context: process. Kernel: proto_ops.accept.
/// @function socket:accept(flags)
static int accept(lua_State *L)
{
	int flags = opt_flags(L, 2), error;
	Socket *accepted;

	kernel_of(L);
	check_may_wait(L, "socket:accept");
	accepted = push_new<Socket>(L);
	error = luasocket_accept(kernel_of(L), gate_of(L), &accepted->kernel, flags);
	return error ? abandon(L, error) : 1;
}

/// Connects to a peer; of a socket for datagrams, makes it the one to send to and to receive from.
/// @param addr, port as socket:send() takes them
/// @param flags? integer of socket.sock behind the address' arguments: NONBLOCK
/// Errors: an address out of range; the name of the errno: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ...;
/// EINPROGRESS when it may not wait, or the timeout has elapsed: it goes on, and can be called again; EINTR and
/// EBADF as socket:send().
/// Context: process. Kernel: kernel_connect().
/// @function socket:connect(addr, port, flags)
static int connect(lua_State *L)
{
	int family = luasocket_family(kernel_of(L)), flags, error;
	luasocket_address address;

	check_address(L, 2, family, &address);
	flags = opt_flags(L, 2 + address_arguments(family));
	check_may_wait(L, "socket:connect");
	error = luasocket_connect(kernel_of(L), gate_of(L), &address, flags);
	return error ? raise(L, error) : 0;
}

static int name(lua_State *L, bool peer)
{
	luasocket *socket = kernel_of(L);
	luasocket_address address = {};
	int error;

	check_may_sleep(L, peer ? "socket:getpeername" : "socket:getsockname");
	error = luasocket_name(socket, &address, peer);
	if (error)
		return raise(L, error);
	return push_address(L, &address, luasocket_family(socket));
}

/// The socket's own address, as socket:send() takes it; af.UNIX: "" when it has none.
/// Errors: the name of the errno.
/// Context: process. Kernel: kernel_getsockname().
/// @function socket:getsockname()
static int getsockname(lua_State *L)
{
	return name(L, false);
}

/// The peer's address, as socket:send() takes it.
/// Errors: the name of the errno: ENOTCONN, ...
/// Context: process. Kernel: kernel_getpeername().
/// @function socket:getpeername()
static int getpeername(lua_State *L)
{
	return name(L, true);
}

/// How long each call of send(), receive(), accept() and connect() may wait from now on.
/// @param timeout? integer milliseconds, 0 (not at all) to 2147483647; no limit when omitted, as at first
/// Errors: timeout out of range.
/// Context: process.
/// @function socket:settimeout(timeout)
static int settimeout(lua_State *L)
{
	luasocket *socket = kernel_of(L);
	int timeout = LUASOCKET_FOREVER;

	if (!lua_isnoneornil(L, 2))
		timeout = static_cast<int>(check_range(L, 2, 0, LUASOCKET_TIMEOUT_MAX, "timeout"));
	luasocket_set_timeout(socket, timeout);
	return 0;
}

static const luaL_Reg methods[] = {
	{ "close", close },
	{ "send", send },
	{ "receive", receive },
	{ "bind", bind },
	{ "listen", listen },
	{ "accept", accept },
	{ "connect", connect },
	{ "getsockname", getsockname },
	{ "getpeername", getpeername },
	{ "settimeout", settimeout },
	{ nullptr, nullptr },
};

const Class Socket::type = {
	.name = "socket",
	.size = sizeof(Socket),
	.extra = (8 << 10) + LUASOCKET_BUFFERS,
	.methods = methods,
	.release = release,
	.sleeps = true,
	.release_sleeps = true,
	.shared = true,
	.owner = &__this_module,
};

/// Makes a socket in the network namespace of who had the script run. It may be handed to other runtimes, which
/// may use it at the same time. It is closed when no runtime has it any more.
/// @param family integer of socket.af
/// @param type integer of socket.sock, | sock.NONBLOCK: its calls never wait
/// @param protocol? integer of socket.ipproto, 0 when omitted. af.PACKET: an Ethernet type in network byte order
/// @return socket
/// Errors: the name of the errno: EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EINVAL, ...; the namespace has
/// ended; the runtime is not of process context; not enough memory.
/// Context: process. Kernel: __sock_create().
/// @function socket.new(family, type, protocol)
static int new_socket(lua_State *L)
{
	int family = static_cast<int>(check_range(L, 1, 0, 0x7fffffff, "family"));
	int type = static_cast<int>(check_range(L, 2, 0, 0x7fffffff, "type"));
	int protocol = lua_isnoneornil(L, 3) ? 0 : static_cast<int>(check_range(L, 3, 0, 0x7fffffff, "protocol"));
	Socket *socket;
	int error;

	check_may_wait(L, "socket.new");
	socket = push_new<Socket>(L);
	error = luasocket_new(&socket->kernel, net_of(L), family, type, protocol);
	return error ? abandon(L, error) : 1;
}

static const struct {
	const char *name;
	const Constant *constants;
} tables[] = {
	{ "af", luasocket_af },
	{ "sock", luasocket_sock },
	{ "ipproto", luasocket_ipproto },
	{ "msg", luasocket_msg },
};

} // namespace lunatik

/// The tables of constants alone, for any context: those of socket, the same tables.
/// @field linux.socket.af table<string, integer> address families
/// @field linux.socket.sock table<string, integer> types of sockets, and flags
/// @field linux.socket.ipproto table<string, integer> protocols of IP
/// @field linux.socket.msg table<string, integer> flags of messages; those of sendpage(), which Linux has no
/// more, are kept with the numbers they had, and do nothing
int luaopen_linux_socket(lua_State *L)
{
	lua_newtable(L);
	for (const auto &table : lunatik::tables) {
		lua_newtable(L);
		lunatik::set_constants(L, table.constants);
		lua_setfield(L, -2, table.name);
	}
	return 1;
}

int luaopen_socket(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "new", lunatik::new_socket },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	luaL_requiref(L, "linux.socket", luaopen_linux_socket, 0);
	for (const auto &table : lunatik::tables) {
		lua_getfield(L, -1, table.name);
		lua_setfield(L, -3, table.name);
	}
	lua_pop(L, 1);
	return 1;
}
