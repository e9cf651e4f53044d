/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a rule of iptables has of a match or target in Lua: shared by the kernel (lib/xtable) and what iptables
 * loads (usr/lib/xtable), so that both agree on its size.
 */
#ifndef LUNATIK_XTABLE_H
#define LUNATIK_XTABLE_H

#define LUNATIK_XTABLE_USERARGS	256	/* bytes, the '\0' at the end among them */

struct lunatik_xtable_info {
	char userargs[LUNATIK_XTABLE_USERARGS];
	/* The kernel's own: user space neither reads nor compares it. */
	unsigned long long kernel[3] __attribute__((aligned(8)));
};

#endif
