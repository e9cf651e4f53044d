/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef _KLIBC_FLOAT_H
#define _KLIBC_FLOAT_H
/* Empty: Lua's number type here is an integer (lua/luaconf.h). */
#endif
