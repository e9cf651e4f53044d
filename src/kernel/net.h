/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Network namespaces. A runtime remembers in which one it acts, and does not keep it: when the last of its
 * processes and sockets has gone, the namespace ends with its interfaces, and is not found here any more.
 */
#ifndef LUNATIK_KERNEL_NET_H
#define LUNATIK_KERNEL_NET_H

#ifdef __cplusplus
extern "C" {
#endif

struct net;

/* A namespace that was seen, alive or ended. Counts its references. */
struct lunatik_net;

/* lunatik_net_current - that of the running task, with a reference. NULL when out of memory. May sleep. */
struct lunatik_net *lunatik_net_current(void);

/* lunatik_net_share - another reference. lunatik_net_forget - gives one up; NULL is none. Any context. */
struct lunatik_net *lunatik_net_share(struct lunatik_net *seen);
void lunatik_net_forget(struct lunatik_net *seen);

/*
 * lunatik_net_get - the kernel's namespace itself, which goes on until lunatik_net_put(); NULL when it has
 * ended. Without `seen` it is that of the running task. Any context.
 */
struct net *lunatik_net_get(const struct lunatik_net *seen);
void lunatik_net_put(struct net *net);

/* lunatik_net_number - as in the link /proc/PID/ns/net; 0 when it has ended. Any context. */
unsigned int lunatik_net_number(const struct lunatik_net *seen);

#ifdef __cplusplus
}
#endif

#endif
