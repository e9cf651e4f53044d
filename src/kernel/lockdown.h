/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's lockdown: whoever set it wants no code in the kernel that is not signed. */
#ifndef LUNATIK_KERNEL_LOCKDOWN_H
#define LUNATIK_KERNEL_LOCKDOWN_H

#ifdef __cplusplus
extern "C" {
#endif

/* lunatik_locked_down - whether it refuses scripts, as it does unsigned modules. Process context. */
int lunatik_locked_down(void);

#ifdef __cplusplus
}
#endif

#endif
