/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_SIGNAL_H
#define _KLIBC_SIGNAL_H

/* What an interrupt may write in one piece: the hook mask of a state. */
typedef int sig_atomic_t;

#endif
