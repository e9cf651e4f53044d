// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Random numbers, sleep and time of the kernel, and its constants. */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/stat.h>
#include <linux/timekeeping.h>

#include "kernel/gate.h"
#include "kernel/watch.h"
#include "kernel.h"

unsigned int lualinux_random32(void)
{
	return get_random_u32();
}

unsigned long long lualinux_random64(void)
{
	return get_random_u64();
}

long long lualinux_time(void)
{
	return ktime_get_real_ns();
}

/* How long who kills the task, or urges the runtime, may have to wait for it. */
#define LOOK	(HZ / 4)

static long sleep(long timeout, int state, struct lunatik_gate *gate)
{
	while (timeout > 0) {
		bool urged = lunatik_gate_is_urged(gate);
		long slice = urged ? 1 : min_t(long, timeout, LOOK), left;

		set_current_state(state);
		left = schedule_timeout(slice);
		timeout -= slice - left;
		if (left || urged || fatal_signal_pending(current))
			break;
	}
	return timeout;
}

long long lualinux_schedule(long long timeout, int state, struct lunatik_gate *gate)
{
	long long remaining;

	if (state == TASK_RUNNING) {
		schedule();
		return timeout;
	}
	if (timeout == LUALINUX_FOREVER) {
		sleep(MAX_SCHEDULE_TIMEOUT, state, gate);
		lunatik_woken();
		return timeout;
	}
	remaining = jiffies_to_msecs(sleep(msecs_to_jiffies(timeout), state, gate));
	lunatik_woken();
	/* The timeout was rounded up to a whole tick. */
	return min(remaining, timeout);
}

bool lualinux_is_endless(int state)
{
	return state == TASK_UNINTERRUPTIBLE || state == TASK_IDLE;
}

const int lualinux_interruptible = TASK_INTERRUPTIBLE;

#define TASK(name)	{ #name, TASK_##name }
const struct lunatik_constant lualinux_task[] = {
	TASK(RUNNING),
	TASK(INTERRUPTIBLE),
	TASK(UNINTERRUPTIBLE),
	TASK(KILLABLE),
	TASK(IDLE),
	{ NULL, 0 },
};

#define STAT(name)	{ #name, S_##name }
const struct lunatik_constant lualinux_stat[] = {
	STAT(IFMT), STAT(IFSOCK), STAT(IFLNK), STAT(IFREG), STAT(IFBLK), STAT(IFDIR), STAT(IFCHR), STAT(IFIFO),
	STAT(ISUID), STAT(ISGID), STAT(ISVTX),
	STAT(IRWXU), STAT(IRUSR), STAT(IWUSR), STAT(IXUSR),
	STAT(IRWXG), STAT(IRGRP), STAT(IWGRP), STAT(IXGRP),
	STAT(IRWXO), STAT(IROTH), STAT(IWOTH), STAT(IXOTH),
	STAT(IRWXUGO), STAT(IALLUGO), STAT(IRUGO), STAT(IWUGO), STAT(IXUGO),
	{ NULL, 0 },
};

#define ERRNO(name)	{ #name, E##name }
const struct lunatik_constant lualinux_errno[] = {
	ERRNO(PERM), ERRNO(NOENT), ERRNO(SRCH), ERRNO(INTR), ERRNO(IO), ERRNO(NXIO), ERRNO(2BIG),
	ERRNO(NOEXEC), ERRNO(BADF), ERRNO(CHILD), ERRNO(AGAIN), ERRNO(NOMEM), ERRNO(ACCES), ERRNO(FAULT),
	ERRNO(NOTBLK), ERRNO(BUSY), ERRNO(EXIST), ERRNO(XDEV), ERRNO(NODEV), ERRNO(NOTDIR), ERRNO(ISDIR),
	ERRNO(INVAL), ERRNO(NFILE), ERRNO(MFILE), ERRNO(NOTTY), ERRNO(TXTBSY), ERRNO(FBIG), ERRNO(NOSPC),
	ERRNO(SPIPE), ERRNO(ROFS), ERRNO(MLINK), ERRNO(PIPE), ERRNO(DOM), ERRNO(RANGE),
	{ NULL, 0 },
};

static struct lunatik_library libraries[] = {
	{ .name = "linux", .open = luaopen_linux },
	{ .name = "linux.stat", .open = luaopen_linux_stat },
	{ .name = "linux.task", .open = luaopen_linux_task },
	{ .name = "linux.errno", .open = luaopen_linux_errno },
};
lunatik_libraries(libraries);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of kernel facilities");
MODULE_ALIAS("lunatik-lib-linux");
MODULE_ALIAS("lunatik-lib-linux.stat");
MODULE_ALIAS("lunatik-lib-linux.task");
MODULE_ALIAS("lunatik-lib-linux.errno");
