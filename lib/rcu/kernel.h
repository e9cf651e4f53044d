/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUARCU_KERNEL_H
#define LUARCU_KERNEL_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

int luaopen_rcu(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
