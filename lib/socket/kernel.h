/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Sockets of the kernel, as a process has them, and waits for them that end when they have to. */
#ifndef LUASOCKET_KERNEL_H
#define LUASOCKET_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lua.h"
#include "lunatik_library.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lunatik_gate;
struct lunatik_net;

/* Bytes of messages that the kernel keeps for a socket at most, of both directions. */
#define LUASOCKET_BUFFERS	(128 << 10)

/* A socket. Any number of tasks may use it at once; all functions may sleep. */
struct luasocket;

/* A socket address: a struct sockaddr of any family. */
struct luasocket_address {
	uint64_t storage[16];
	int size;			/* bytes; 0 when there is none */
};

/* Address families are told apart by these. */
extern const int luasocket_inet, luasocket_inet6;

/*
 * luasocket_new - 0 with *made set, a negative errno, or LUASOCKET_NO_NET: the namespace has ended. `where` is
 * as lunatik_net_get() takes it.
 */
#define LUASOCKET_NO_NET	1
int luasocket_new(struct luasocket **made, const struct lunatik_net *where, int family, int type, int protocol);

/*
 * luasocket_close - close it for all, and wake those that wait for it. Closing it again does nothing.
 * luasocket_free - close it and free the memory. Nobody else uses it.
 */
void luasocket_close(struct luasocket *socket);
void luasocket_free(struct luasocket *socket);

int luasocket_family(const struct luasocket *socket);

/* Timeouts are milliseconds, or this: no limit. */
#define LUASOCKET_FOREVER	(-1)
#define LUASOCKET_TIMEOUT_MAX	0x7fffffff
void luasocket_set_timeout(struct luasocket *socket, int timeout);

/*
 * What follows returns a negative errno when it fails: -EBADF closed; -EINTR a signal came, or who shuts the
 * gate wants in; -EAGAIN the timeout elapsed, or it would have to wait and may not; -ENOBUFS too little is left of
 * the stack; or what the protocol says.
 */

/* luasocket_send - bytes sent. Without an address `to` is NULL. */
long luasocket_send(struct luasocket *socket, struct lunatik_gate *gate, const void *bytes, size_t size,
		    const struct luasocket_address *to, int flags);

/* luasocket_receive - bytes received, never more than `size`. The sender is put into `from` unless NULL. */
long luasocket_receive(struct luasocket *socket, struct lunatik_gate *gate, void *bytes, size_t size, int flags,
		       struct luasocket_address *from);

int luasocket_bind(struct luasocket *socket, const struct luasocket_address *address);
int luasocket_listen(struct luasocket *socket, int backlog);
int luasocket_accept(struct luasocket *socket, struct lunatik_gate *gate, struct luasocket **made, int flags);
int luasocket_connect(struct luasocket *socket, struct lunatik_gate *gate,
		      const struct luasocket_address *address, int flags);

/* luasocket_name - its own address, or its peer's. */
int luasocket_name(struct luasocket *socket, struct luasocket_address *address, bool peer);

extern const int luasocket_backlog;	/* SOMAXCONN */

/* luasocket_errno - the name of a negative errno, "EAGAIN"; NULL when it has none. */
const char *luasocket_errno(int error);

/* Addresses of Internet families: of 4 bytes as an integer, or 16 bytes; ports, too, in host order. */
void luasocket_set_inet(struct luasocket_address *address, uint32_t ip, uint16_t port);
void luasocket_set_inet6(struct luasocket_address *address, const void *ip, uint16_t port, uint32_t scope);
bool luasocket_get_inet(const struct luasocket_address *address, uint32_t *ip, uint16_t *port);
const void *luasocket_get_inet6(const struct luasocket_address *address, uint16_t *port, uint32_t *scope);

/* Of all others: what is behind the family, at most this long. */
#define LUASOCKET_ADDRESS_MAX	126
void luasocket_set_other(struct luasocket_address *address, int family, const void *bytes, size_t size);
const void *luasocket_get_other(const struct luasocket_address *address, size_t *size);

extern const struct lunatik_constant luasocket_af[], luasocket_sock[], luasocket_ipproto[], luasocket_msg[];

int luaopen_socket(lua_State *L);
int luaopen_linux_socket(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
