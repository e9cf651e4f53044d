/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_LIMITS_H
#define _KLIBC_LIMITS_H

#ifndef CHAR_BIT
#define CHAR_BIT	8
#endif
#ifndef UCHAR_MAX
#define UCHAR_MAX	255
#endif
#ifndef INT_MAX
#define INT_MAX		__INT_MAX__
#define INT_MIN		(-INT_MAX - 1)
#endif
#ifndef UINT_MAX
#define UINT_MAX	(__INT_MAX__ * 2U + 1U)
#endif
#ifndef LONG_MAX
#define LONG_MAX	__LONG_MAX__
#define LONG_MIN	(-LONG_MAX - 1)
#endif
#ifndef LLONG_MAX
#define LLONG_MAX	__LONG_LONG_MAX__
#define LLONG_MIN	(-__LONG_LONG_MAX__ - 1LL)
#endif
#ifndef ULLONG_MAX
#define ULLONG_MAX	(__LONG_LONG_MAX__ * 2ULL + 1ULL)
#endif
#ifndef SHRT_MAX
#define SHRT_MAX	32767
#endif
#ifndef USHRT_MAX
#define USHRT_MAX	65535
#endif

#endif
