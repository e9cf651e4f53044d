/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUADATA_KERNEL_H
#define LUADATA_KERNEL_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

int luaopen_data(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
