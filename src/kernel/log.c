// SPDX-License-Identifier: MIT OR GPL-2.0-only
#define pr_fmt(fmt) "lunatik: " fmt

#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/string.h>

#include "log.h"

void lunatik_log(const char *text, size_t length)
{
	printk(KERN_INFO "%.*s\n", (int)length, text);
}

static struct ratelimit_state *state_of(struct lunatik_log_limit *limit)
{
	static_assert(sizeof(struct ratelimit_state) <= sizeof(limit->storage));
	return (struct ratelimit_state *)limit->storage;
}

void lunatik_log_limit_init(struct lunatik_log_limit *limit)
{
	ratelimit_state_init(state_of(limit), 5 * HZ, 10);
}

void lunatik_log_error(const char *where, const char *text, struct lunatik_log_limit *limit)
{
	int name = strnlen(where, LUNATIK_LOG_MAX / 2);

	/* A record that is cut has no end of line, and nobody sees it until the next one comes. */
	if (!limit || __ratelimit(state_of(limit)))
		pr_err("%.*s: %.*s\n", name, where, LUNATIK_LOG_MAX - name, text);
}
