/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef LUAPACKET_KERNEL_H
#define LUAPACKET_KERNEL_H

#include "lua.h"

#ifdef __cplusplus
extern "C" {
#endif

int luaopen_packet(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
