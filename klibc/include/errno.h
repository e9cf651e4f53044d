/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_ERRNO_H
#define _KLIBC_ERRNO_H

/* The last error of fopen() in the running task, positive. */
#define errno klibc_errno()
int klibc_errno(void);

/* A C unit that includes Linux headers has these from there. */
#ifndef ENOENT
#define EPERM		1
#define ENOENT		2
#define EINTR		4
#define ENXIO		6
#define E2BIG		7
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOSPC		28
#define ERANGE		34
#define EDEADLK		35
#define EOPNOTSUPP	95
#define ECANCELED	125
#endif

#endif
