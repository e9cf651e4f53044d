/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_ERRNO_H
#define _KLIBC_ERRNO_H

/* The last error of fopen(), positive. */
#define errno (*klibc_errno())
int *klibc_errno(void);

/* A C unit that includes Linux headers has these from there. */
#ifndef ENOENT
#define EPERM		1
#define ENOENT		2
#define EINTR		4
#define ENXIO		6
#define ENOMEM		12
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define EINVAL		22
#define ENOSPC		28
#define EDEADLK		35
#define ECANCELED	125
#endif

#endif
