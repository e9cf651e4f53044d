/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel log. */
#ifndef LUNATIK_KERNEL_LOG_H
#define LUNATIK_KERNEL_LOG_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* lunatik_log - what a script prints: one line of at most LUNATIK_LOG_MAX bytes, as it is. Any context. */
void lunatik_log(const char *text, size_t length);
#define LUNATIK_LOG_MAX	960	/* one record of the kernel's log (976 bytes at least), with room for what is around */

/* What lets ten errors through in five seconds. It needs no end. */
struct lunatik_log_limit {
	unsigned long storage[16];
};
void lunatik_log_limit_init(struct lunatik_log_limit *limit);

/*
 * lunatik_log_error - the error of a script, with a traceback, if its limit lets it through; NULL: always.
 * `where` is the script's name. Any context.
 */
void lunatik_log_error(const char *where, const char *text, struct lunatik_log_limit *limit);

#ifdef __cplusplus
}
#endif

#endif
