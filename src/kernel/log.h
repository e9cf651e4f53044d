/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel log. */
#ifndef LUNATIK_KERNEL_LOG_H
#define LUNATIK_KERNEL_LOG_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* lunatik_log - what a script prints: one line, as it is. Any context. */
void lunatik_log(const char *text, size_t length);

/*
 * lunatik_log_error - the error of a script, with a traceback; at most ten in five seconds.
 * `where` is the script's name. Any context.
 */
void lunatik_log_error(const char *where, const char *text);

#ifdef __cplusplus
}
#endif

#endif
