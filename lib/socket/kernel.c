// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sockets of the kernel. Each has a file and counts in its network namespace, as a process' has: protocols take
 * both for granted. The protocols themselves never wait: that is done here, so that it ends at once when the
 * socket is closed, or the runtime is to be stopped, as well as for signals.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/un.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "kernel/gate.h"
#include "kernel/net.h"
#include "kernel/watch.h"
#include "kernel.h"

static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct luasocket_address *)0)->storage));
static_assert(LUASOCKET_ADDRESS_MAX <= sizeof(struct sockaddr_storage) - sizeof(sa_family_t));

struct luasocket {
	spinlock_t lock;		/* of the file */
	struct file *file;		/* NULL once closed */
	wait_queue_head_t closed;
	int family;
	int timeout;			/* milliseconds, or LUASOCKET_FOREVER */
};

const int luasocket_inet = AF_INET, luasocket_inet6 = AF_INET6;
const int luasocket_backlog = SOMAXCONN;

/*
 * What a protocol may need of the stack, to send through the interfaces below it: with one tunnel in another, on a VLAN, a
 * bridge and a veth, fragments of UDP take 4.8 KiB (6.12, by the kernel's stack tracer), and each further tunnel 1.2 KiB.
 */
#define STACK_FOR_PROTOCOL	(LUNATIK_STACK_SCALE > 1 ? 6144 * LUNATIK_STACK_SCALE : 10240)

/* --- the calls of a task ---------------------------------------------------------------- */

/* One call: the socket cannot go while it lasts. */
struct call {
	struct luasocket *socket;
	struct file *file;
	struct socket *kernel;
	struct lunatik_gate *gate;
	long left;			/* jiffies that it may wait */
	bool has_slept;
	bool was_ready;			/* it was found ready before, without a sleep */
};

static bool has_stack(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);

	return here - (unsigned long)task_stack_page(current) >= STACK_FOR_PROTOCOL;
}

static int begin(struct call *call, struct luasocket *socket)
{
	*call = (struct call){ .socket = socket };
	/* A task that exits has no folder any more, in which protocols look for paths. */
	if (!current->fs)
		return -EINTR;
	if (!has_stack())
		return -ENOBUFS;
	spin_lock(&socket->lock);
	call->file = socket->file;
	if (call->file)
		get_file(call->file);
	spin_unlock(&socket->lock);
	if (!call->file)
		return -EBADF;
	call->kernel = sock_from_file(call->file);
	return 0;
}

static int begin_wait(struct call *call, struct luasocket *socket, struct lunatik_gate *gate, bool may_wait)
{
	int timeout = READ_ONCE(socket->timeout);
	int error = begin(call, socket);

	if (error)
		return error;
	call->gate = gate;
	if (may_wait && !(call->file->f_flags & O_NONBLOCK))
		call->left = timeout == LUASOCKET_FOREVER ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(timeout);
	return 0;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
struct last {
	struct work_struct work;
	struct file *file;
};

static void put_last(struct work_struct *work)
{
	__fput_sync(container_of(work, struct last, work)->file);
}
#endif

/*
 * At once: its peer is told, its port is free then, its memory and its module not in use. Before Linux 6.6 that is for
 * kernel threads alone, and a task's fput() does it on the way back to user space: a worker has to do it for the task.
 */
static void put_file(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	if (!(current->flags & PF_KTHREAD)) {
		struct last last = { .file = file };

		/* Nobody else can take a reference when this is the only one. */
		if (atomic_long_add_unless(&file->f_count, -1, 1))
			return;
		INIT_WORK_ONSTACK(&last.work, put_last);
		queue_work(system_unbound_wq, &last.work);
		flush_work(&last.work);
		destroy_work_on_stack(&last.work);
		lunatik_woken();
		return;
	}
#endif
	__fput_sync(file);
}

static void end(struct call *call)
{
	put_file(call->file);
	if (call->has_slept)
		lunatik_woken();
}

/* --- waits ------------------------------------------------------------------------------ */

struct waiter {
	poll_table table;
	struct task_struct *task;
	__poll_t events;
	bool woken;
	unsigned int count;
	struct {
		wait_queue_head_t *head;
		wait_queue_entry_t entry;
	} links[5];
};

static int wake(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	struct waiter *waiter = entry->private;

	if (key && !(key_to_poll(key) & waiter->events))
		return 0;
	WRITE_ONCE(waiter->woken, true);
	return wake_up_process(waiter->task);
}

static void wait_in(struct waiter *waiter, wait_queue_head_t *head)
{
	wait_queue_entry_t *entry = &waiter->links[waiter->count].entry;

	waiter->links[waiter->count++].head = head;
	init_waitqueue_func_entry(entry, wake);
	entry->private = waiter;
	add_wait_queue(head, entry);
}

static void wait_for_protocol(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct waiter *waiter = container_of(table, struct waiter, table);

	if (waiter->count < ARRAY_SIZE(waiter->links))
		wait_in(waiter, head);
}

static int why_not_wait(const struct call *call)
{
	if (!READ_ONCE(call->socket->file))
		return -EBADF;
	if (signal_pending(current) || lunatik_gate_is_urged(call->gate))
		return -EINTR;
	return call->left ? 0 : -EAGAIN;
}

/* Sleeps until the waiter is woken, `most` jiffies have gone by (then 0, too), or it must not wait. */
static int sleep(struct call *call, struct waiter *waiter, long most)
{
	int error;

	for (;;) {
		long part = min(call->left, most), slept;

		set_current_state(TASK_INTERRUPTIBLE);
		error = why_not_wait(call);
		if (error || READ_ONCE(waiter->woken) || !most)
			break;
		slept = part - schedule_timeout(part);
		call->has_slept = true;
		if (most != MAX_SCHEDULE_TIMEOUT)
			most -= slept;
		if (call->left != MAX_SCHEDULE_TIMEOUT)
			call->left -= slept;
	}
	__set_current_state(TASK_RUNNING);
	return error;
}

/* Waits until one of the events may be there, for `most` jiffies at most: 0, or why not. */
static int wait_for(struct call *call, __poll_t events, long most)
{
	struct waiter waiter = { .task = current, .events = events };
	int error = why_not_wait(call);

	if (error)
		return error;
	init_poll_funcptr(&waiter.table, wait_for_protocol);
	waiter.table._key = events;
	wait_in(&waiter, &call->socket->closed);
	wait_in(&waiter, lunatik_gate_urges(call->gate));
	if (vfs_poll(call->file, &waiter.table) & events) {
		/* A protocol that says so again and again, and then has nothing, is not asked all the time. */
		if (call->was_ready)
			error = sleep(call, &waiter, 1);
		call->was_ready = true;
	} else {
		error = sleep(call, &waiter, most);
		call->was_ready = false;
	}
	while (waiter.count--)
		remove_wait_queue(waiter.links[waiter.count].head, &waiter.links[waiter.count].entry);
	return error;
}

#define TO_READ		(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLERR | EPOLLHUP)
#define TO_WRITE	(EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP)

/* --- made and closed -------------------------------------------------------------------- */

/* Takes over the kernel's socket, also when it fails. */
static int wrap(struct luasocket **made, struct socket *kernel, int family, int flags)
{
	struct luasocket *socket = kzalloc(sizeof(*socket), GFP_KERNEL);

	if (!socket) {
		sock_release(kernel);
		return -ENOMEM;
	}
	socket->file = sock_alloc_file(kernel, flags & O_NONBLOCK, NULL);
	if (IS_ERR(socket->file)) {
		int error = PTR_ERR(socket->file);

		kfree(socket);
		return error;
	}
	spin_lock_init(&socket->lock);
	init_waitqueue_head(&socket->closed);
	socket->family = family;
	socket->timeout = LUASOCKET_FOREVER;
	*made = socket;
	return 0;
}

static_assert(SOCK_NONBLOCK == O_NONBLOCK);

/*
 * What it has not sent yet, and what nobody has received, is the script's memory, for which it is charged once; so are
 * the sockets that it accepts. The kernel doubles this for its own structures.
 */
static void limit(struct socket *kernel)
{
	int size = LUASOCKET_BUFFERS / 4;

	sock_setsockopt(kernel, SOL_SOCKET, SO_SNDBUF, KERNEL_SOCKPTR(&size), sizeof(size));
	sock_setsockopt(kernel, SOL_SOCKET, SO_RCVBUF, KERNEL_SOCKPTR(&size), sizeof(size));
}

int luasocket_new(struct luasocket **made, const struct lunatik_net *where, int family, int type, int protocol)
{
	struct socket *kernel;
	struct net *net;
	int error;

	if (!current->fs)
		return -EINTR;
	if (!has_stack())
		return -ENOBUFS;
	net = lunatik_net_get(where);
	if (!net)
		return LUASOCKET_NO_NET;
	error = __sock_create(net, family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol, &kernel, 0);
	lunatik_net_put(net);
	if (error)
		return error;
	limit(kernel);
	return wrap(made, kernel, family, type);
}

void luasocket_close(struct luasocket *socket)
{
	struct file *file;

	spin_lock(&socket->lock);
	file = socket->file;
	WRITE_ONCE(socket->file, NULL);
	spin_unlock(&socket->lock);
	if (!file)
		return;
	wake_up_all(&socket->closed);
	put_file(file);
}

void luasocket_free(struct luasocket *socket)
{
	luasocket_close(socket);
	kfree(socket);
}

int luasocket_family(const struct luasocket *socket)
{
	return socket->family;
}

void luasocket_set_timeout(struct luasocket *socket, int timeout)
{
	WRITE_ONCE(socket->timeout, timeout);
}

/* --- messages --------------------------------------------------------------------------- */

/* What programs may ask for, too, and makes sense for one message. */
#define SEND_FLAGS	(MSG_OOB | MSG_DONTROUTE | MSG_PROBE | MSG_EOR | MSG_CONFIRM | MSG_MORE)
#define RECEIVE_FLAGS	(MSG_OOB | MSG_PEEK | MSG_DONTROUTE | MSG_TRUNC | MSG_ERRQUEUE)

static bool is_stream(const struct socket *socket)
{
	return socket->type == SOCK_STREAM;
}

long luasocket_send(struct luasocket *socket, struct lunatik_gate *gate, const void *bytes, size_t size,
		    const struct luasocket_address *to, int flags)
{
	struct sockaddr_storage name;
	struct call call;
	size_t done = 0;
	long result = begin_wait(&call, socket, gate, !(flags & MSG_DONTWAIT));

	if (result)
		return result;
	do {
		struct kvec rest = { .iov_base = (void *)bytes + done, .iov_len = size - done };
		struct msghdr message = { .msg_flags = (flags & SEND_FLAGS) | MSG_NOSIGNAL | MSG_DONTWAIT };

		if (to) {
			memcpy(&name, to->storage, sizeof(name));
			message.msg_name = &name;
			message.msg_namelen = to->size;
		}
		iov_iter_kvec(&message.msg_iter, WRITE, &rest, 1, rest.iov_len);
		result = sock_sendmsg(call.kernel, &message);
		if (result > 0) {
			done += result;
			call.was_ready = false;
			result = done < size && is_stream(call.kernel) ? why_not_wait(&call) : 0;
			if (result || done >= size || !is_stream(call.kernel))
				break;
		} else if (result == -EAGAIN) {
			result = wait_for(&call, TO_WRITE, MAX_SCHEDULE_TIMEOUT);
		} else {
			break;
		}
	} while (!result);
	end(&call);
	return done ? done : result;
}

long luasocket_receive(struct luasocket *socket, struct lunatik_gate *gate, void *bytes, size_t size, int flags,
		       struct luasocket_address *from)
{
	__poll_t events = TO_READ | (flags & MSG_OOB ? EPOLLPRI : 0);
	struct call call;
	size_t done = 0;
	bool whole;
	long result = begin_wait(&call, socket, gate, !(flags & MSG_DONTWAIT));

	if (result)
		return result;
	whole = (flags & MSG_WAITALL) && !(flags & MSG_PEEK) && is_stream(call.kernel);
	/* A stream drops the bytes, and says how many it would have written. */
	if (flags & MSG_TRUNC)
		memset(bytes, 0, size);
	do {
		struct kvec rest = { .iov_base = bytes + done, .iov_len = size - done };
		struct msghdr message = { .msg_name = from ? from->storage : NULL };

		iov_iter_kvec(&message.msg_iter, READ, &rest, 1, rest.iov_len);
		result = sock_recvmsg(call.kernel, &message, (flags & RECEIVE_FLAGS) | MSG_DONTWAIT);
		if (result >= 0) {
			done += min_t(size_t, result, size - done);
			if (from)
				from->size = message.msg_namelen;
			if (!whole || !result || done == size)
				break;
			call.was_ready = false;
			result = why_not_wait(&call);
		} else if (result == -EAGAIN) {
			result = wait_for(&call, events, MAX_SCHEDULE_TIMEOUT);
		}
	} while (!result);
	/* A connection tells no sender of each message. */
	if (result >= 0 && from && !from->size) {
		int length = kernel_getpeername(call.kernel, (struct sockaddr *)from->storage);

		from->size = max(length, 0);
	}
	end(&call);
	return done || result >= 0 ? done : result;
}

/* --- connections ------------------------------------------------------------------------ */

int luasocket_bind(struct luasocket *socket, const struct luasocket_address *address)
{
	struct luasocket_address copy = *address;
	struct call call;
	int error = begin(&call, socket);

	if (error)
		return error;
	/* A server that is started again does not wait until its last connections are forgotten. */
	if (is_stream(call.kernel) && (socket->family == AF_INET || socket->family == AF_INET6))
		sock_set_reuseaddr(call.kernel->sk);
	error = kernel_bind(call.kernel, (struct sockaddr *)copy.storage, copy.size);
	end(&call);
	return error;
}

int luasocket_listen(struct luasocket *socket, int backlog)
{
	struct call call;
	int error = begin(&call, socket);

	if (error)
		return error;
	error = kernel_listen(call.kernel, backlog);
	end(&call);
	return error;
}

static int accept_now(struct socket *listener, struct socket *accepted)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	struct proto_accept_arg how = { .flags = O_NONBLOCK };

	return READ_ONCE(listener->ops)->accept(listener, accepted, &how);
#else
	return listener->ops->accept(listener, accepted, O_NONBLOCK, false);
#endif
}

int luasocket_accept(struct luasocket *socket, struct lunatik_gate *gate, struct luasocket **made, int flags)
{
	struct socket *accepted;
	struct call call;
	int error = begin_wait(&call, socket, gate, !(flags & SOCK_NONBLOCK));

	if (error)
		return error;
	error = sock_create_lite(socket->family, call.kernel->type, call.kernel->sk->sk_protocol, &accepted);
	if (error)
		goto out;
	accepted->ops = READ_ONCE(call.kernel->ops);
	__module_get(accepted->ops->owner);
	do {
		error = accept_now(call.kernel, accepted);
		if (error != -EAGAIN)
			break;
		error = wait_for(&call, TO_READ, MAX_SCHEDULE_TIMEOUT);
	} while (!error);
	if (error)
		sock_release(accepted);
	else
		error = wrap(made, accepted, socket->family, flags);
out:
	end(&call);
	return error;
}

int luasocket_connect(struct luasocket *socket, struct lunatik_gate *gate,
		      const struct luasocket_address *address, int flags)
{
	struct luasocket_address copy = *address;
	bool waited = false;
	struct call call;
	int error = begin_wait(&call, socket, gate, !(flags & SOCK_NONBLOCK));

	if (error)
		return error;
	for (;;) {
		int refusal;

		error = kernel_connect(call.kernel, (struct sockaddr *)copy.storage, copy.size, O_NONBLOCK);
		if (error == -EISCONN && waited)
			error = 0;
		if (error != -EINPROGRESS && error != -EALREADY && error != -EAGAIN)
			break;
		/* No event tells that a local server can take one more (EAGAIN). */
		refusal = error == -EAGAIN ? wait_for(&call, 0, msecs_to_jiffies(10)) :
			  wait_for(&call, TO_WRITE, MAX_SCHEDULE_TIMEOUT);
		if (refusal) {
			error = refusal == -EAGAIN ? error : refusal;
			break;
		}
		waited = true;
	}
	end(&call);
	return error;
}

int luasocket_name(struct luasocket *socket, struct luasocket_address *address, bool peer)
{
	struct call call;
	int size = begin(&call, socket);

	if (size)
		return size;
	size = peer ? kernel_getpeername(call.kernel, (struct sockaddr *)address->storage) :
		      kernel_getsockname(call.kernel, (struct sockaddr *)address->storage);
	end(&call);
	if (size < 0)
		return size;
	address->size = size;
	return 0;
}

/* Not every kernel has errname(), nor for modules. */
static const char *error_name(int error)
{
#define NAME(number)	[number] = #number
	static const char *const names[] = {
		NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG),
		NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT),
		NAME(ENOTBLK), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR),
		NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC),
		NAME(ESPIPE), NAME(EROFS), NAME(EMLINK), NAME(EPIPE), NAME(EDOM), NAME(ERANGE), NAME(EDEADLK),
		NAME(ENAMETOOLONG), NAME(ENOLCK), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENOMSG),
		NAME(EIDRM), NAME(ECHRNG), NAME(EL2NSYNC), NAME(EL3HLT), NAME(EL3RST), NAME(ELNRNG), NAME(EUNATCH),
		NAME(ENOCSI), NAME(EL2HLT), NAME(EBADE), NAME(EBADR), NAME(EXFULL), NAME(ENOANO), NAME(EBADRQC),
		NAME(EBADSLT), NAME(EBFONT), NAME(ENOSTR), NAME(ENODATA), NAME(ETIME), NAME(ENOSR), NAME(ENONET),
		NAME(ENOPKG), NAME(EREMOTE), NAME(ENOLINK), NAME(EADV), NAME(ESRMNT), NAME(ECOMM), NAME(EPROTO),
		NAME(EMULTIHOP), NAME(EDOTDOT), NAME(EBADMSG), NAME(EOVERFLOW), NAME(ENOTUNIQ), NAME(EBADFD),
		NAME(EREMCHG), NAME(ELIBACC), NAME(ELIBBAD), NAME(ELIBSCN), NAME(ELIBMAX), NAME(ELIBEXEC),
		NAME(EILSEQ), NAME(ERESTART), NAME(ESTRPIPE), NAME(EUSERS), NAME(ENOTSOCK), NAME(EDESTADDRREQ),
		NAME(EMSGSIZE), NAME(EPROTOTYPE), NAME(ENOPROTOOPT), NAME(EPROTONOSUPPORT), NAME(ESOCKTNOSUPPORT),
		NAME(EOPNOTSUPP), NAME(EPFNOSUPPORT), NAME(EAFNOSUPPORT), NAME(EADDRINUSE), NAME(EADDRNOTAVAIL),
		NAME(ENETDOWN), NAME(ENETUNREACH), NAME(ENETRESET), NAME(ECONNABORTED), NAME(ECONNRESET),
		NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ESHUTDOWN), NAME(ETOOMANYREFS), NAME(ETIMEDOUT),
		NAME(ECONNREFUSED), NAME(EHOSTDOWN), NAME(EHOSTUNREACH), NAME(EALREADY), NAME(EINPROGRESS),
		NAME(ESTALE), NAME(EUCLEAN), NAME(ENOTNAM), NAME(ENAVAIL), NAME(EISNAM), NAME(EREMOTEIO),
		NAME(EDQUOT), NAME(ENOMEDIUM), NAME(EMEDIUMTYPE), NAME(ECANCELED), NAME(ENOKEY), NAME(EKEYEXPIRED),
		NAME(EKEYREVOKED), NAME(EKEYREJECTED), NAME(EOWNERDEAD), NAME(ENOTRECOVERABLE), NAME(ERFKILL),
		NAME(EHWPOISON),
	};
#undef NAME

	return error < ARRAY_SIZE(names) ? names[error] : NULL;
}

const char *luasocket_errno(int error)
{
	/* A call that is to be made again after a signal was interrupted by it. */
	if (error <= -ERESTARTSYS && error >= -ERESTART_RESTARTBLOCK)
		error = -EINTR;
	return error_name(-error);
}

/* --- addresses -------------------------------------------------------------------------- */

static const struct sockaddr *sockaddr_of(const struct luasocket_address *address)
{
	return (const struct sockaddr *)address->storage;
}

static bool is_of(const struct luasocket_address *address, int family, size_t size)
{
	return address->size >= (int)size && sockaddr_of(address)->sa_family == family;
}

void luasocket_set_inet(struct luasocket_address *address, uint32_t ip, uint16_t port)
{
	struct sockaddr_in *in = memset(address->storage, 0, sizeof(address->storage));

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(ip);
	in->sin_port = htons(port);
	address->size = sizeof(*in);
}

void luasocket_set_inet6(struct luasocket_address *address, const void *ip, uint16_t port, uint32_t scope)
{
	struct sockaddr_in6 *in6 = memset(address->storage, 0, sizeof(address->storage));

	in6->sin6_family = AF_INET6;
	memcpy(&in6->sin6_addr, ip, sizeof(in6->sin6_addr));
	in6->sin6_port = htons(port);
	in6->sin6_scope_id = scope;
	address->size = sizeof(*in6);
}

void luasocket_set_other(struct luasocket_address *address, int family, const void *bytes, size_t size)
{
	struct sockaddr_storage *any = memset(address->storage, 0, sizeof(address->storage));

	any->ss_family = family;
	memcpy((char *)any + sizeof(any->ss_family), bytes, size);
	address->size = sizeof(any->ss_family) + size;
	/* What packets do not need is often left out. */
	if (family == AF_PACKET)
		address->size = max_t(int, address->size, sizeof(struct sockaddr_ll));
}

bool luasocket_get_inet(const struct luasocket_address *address, uint32_t *ip, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address->storage;

	if (!is_of(address, AF_INET, sizeof(*in)))
		return false;
	*ip = ntohl(in->sin_addr.s_addr);
	*port = ntohs(in->sin_port);
	return true;
}

const void *luasocket_get_inet6(const struct luasocket_address *address, uint16_t *port, uint32_t *scope)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address->storage;

	if (!is_of(address, AF_INET6, sizeof(*in6)))
		return NULL;
	*port = ntohs(in6->sin6_port);
	*scope = in6->sin6_scope_id;
	return &in6->sin6_addr;
}

const void *luasocket_get_other(const struct luasocket_address *address, size_t *size)
{
	const struct sockaddr *any = sockaddr_of(address);
	const char *bytes = (const char *)any + sizeof(any->sa_family);

	if (address->size < (int)sizeof(any->sa_family))
		return NULL;
	*size = min_t(size_t, address->size - sizeof(any->sa_family), LUASOCKET_ADDRESS_MAX);
	/* A path comes with its end. */
	if (any->sa_family == AF_UNIX && *size && bytes[0])
		*size = strnlen(bytes, *size);
	return bytes;
}

/* --- constants -------------------------------------------------------------------------- */

#define AF(name)	{ #name, AF_##name }
const struct lunatik_constant luasocket_af[] = {
	AF(UNSPEC), AF(UNIX), AF(LOCAL), AF(INET), AF(AX25), AF(IPX), AF(APPLETALK), AF(NETROM), AF(BRIDGE),
	AF(ATMPVC), AF(X25), AF(INET6), AF(ROSE), { "DEC", AF_DECnet }, AF(NETBEUI), AF(SECURITY), AF(KEY),
	AF(NETLINK), AF(ROUTE), AF(PACKET), AF(ASH), AF(ECONET), AF(ATMSVC), AF(RDS), AF(SNA), AF(IRDA),
	AF(PPPOX), AF(WANPIPE), AF(LLC), AF(IB), AF(MPLS), AF(CAN), AF(TIPC), AF(BLUETOOTH), AF(IUCV),
	AF(RXRPC), AF(ISDN), AF(PHONET), AF(IEEE802154), AF(CAIF), AF(ALG), AF(NFC), AF(VSOCK), AF(KCM),
	AF(QIPCRTR), AF(SMC), AF(XDP), AF(MCTP), AF(MAX),
	{ NULL, 0 },
};

#define SOCK(name)	{ #name, SOCK_##name }
const struct lunatik_constant luasocket_sock[] = {
	SOCK(STREAM), SOCK(DGRAM), SOCK(RAW), SOCK(RDM), SOCK(SEQPACKET), SOCK(DCCP), SOCK(PACKET),
	SOCK(CLOEXEC), SOCK(NONBLOCK),
	{ NULL, 0 },
};

#define IPPROTO(name)	{ #name, IPPROTO_##name }
const struct lunatik_constant luasocket_ipproto[] = {
	IPPROTO(IP), IPPROTO(ICMP), IPPROTO(IGMP), IPPROTO(IPIP), IPPROTO(TCP), IPPROTO(EGP), IPPROTO(PUP),
	IPPROTO(UDP), IPPROTO(IDP), IPPROTO(TP), IPPROTO(DCCP), IPPROTO(IPV6), IPPROTO(RSVP), IPPROTO(GRE),
	IPPROTO(ESP), IPPROTO(AH), IPPROTO(MTP), IPPROTO(BEETPH), IPPROTO(ENCAP), IPPROTO(PIM), IPPROTO(COMP),
	IPPROTO(SCTP), IPPROTO(UDPLITE), IPPROTO(MPLS), IPPROTO(ETHERNET), IPPROTO(RAW), IPPROTO(MPTCP),
	{ "ICMPV6", IPPROTO_ICMPV6 },
	{ NULL, 0 },
};

/* Linux 6.5 took sendpage() away, and the names of its flags with it. No caller's flags of these ever counted. */
#ifndef MSG_SENDPAGE_NOTLAST
#define MSG_SENDPAGE_NOTLAST	0x20000
#endif
#ifndef MSG_SENDPAGE_NOPOLICY
#define MSG_SENDPAGE_NOPOLICY	0x10000
#endif
#ifndef MSG_SENDPAGE_DECRYPTED
#define MSG_SENDPAGE_DECRYPTED	0x100000
#endif
#ifndef MSG_NO_SHARED_FRAGS
#define MSG_NO_SHARED_FRAGS	0x80000
#endif

#define MSG(name)	{ #name, MSG_##name }
const struct lunatik_constant luasocket_msg[] = {
	MSG(OOB), MSG(PEEK), MSG(DONTROUTE), MSG(TRYHARD), MSG(CTRUNC), MSG(PROBE), MSG(TRUNC), MSG(DONTWAIT),
	MSG(EOR), MSG(WAITALL), MSG(FIN), MSG(SYN), MSG(CONFIRM), MSG(RST), MSG(ERRQUEUE), MSG(NOSIGNAL),
	MSG(MORE), MSG(WAITFORONE), MSG(SENDPAGE_NOPOLICY), MSG(SENDPAGE_NOTLAST), MSG(BATCH), MSG(EOF),
	MSG(NO_SHARED_FRAGS), MSG(SENDPAGE_DECRYPTED), MSG(ZEROCOPY), MSG(FASTOPEN), MSG(CMSG_CLOEXEC),
	{ NULL, 0 },
};

static struct lunatik_library libraries[] = {
	{ .name = "socket", .open = luaopen_socket },
	{ .name = "linux.socket", .open = luaopen_linux_socket },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of sockets");
MODULE_ALIAS("lunatik-lib-socket");
MODULE_ALIAS("lunatik-lib-linux.socket");
