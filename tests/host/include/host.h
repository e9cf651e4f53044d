/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What Lua's unit sees first: the host's C library where klibc is otherwise. */
#include <math.h>	/* before luaconf.h has its own floor() and the like */
#include <stdio.h>

#undef BUFSIZ
#define BUFSIZ 256	/* on the stack of whoever loads a file */

/* No locale. */
#define strcoll(a, b) strcmp(a, b)
