// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What the core exports: Lua's API, the C API, and the binding kit. */
#include <linux/export.h>
#include <linux/module.h>

#include "../lunatik_core.h"
#include "lunatik.h"
#include "lunatik_library.h"
#include "fast.h"
#include "gate.h"
#include "packet.h"
#include "watch.h"
#include "lockdown.h"
#include "gate.h"
#include "memory.h"
#include "module.h"
#include "net.h"
#include "rcu.h"

/* C++ functions of include/lunatik.hpp; C knows them by name only. */
#define KIT(name)	void lunatik_kit_##name(void); EXPORT_SYMBOL(lunatik_kit_##name)

KIT(put);
KIT(push_box);
KIT(add_methods);
KIT(allocate);
KIT(push);
KIT(charge);
KIT(type_error);
KIT(to_object);
KIT(collect);
KIT(runtime_of);
KIT(hold);
KIT(drop);
KIT(run_task);
KIT(check_runtime);
KIT(name_of);
KIT(context_of);
KIT(net_of);
KIT(cpu_of);
KIT(gate_of);
KIT(may_sleep);
KIT(check_may_sleep);
KIT(check_may_wait);
KIT(memory_of);
KIT(enter);
KIT(leave);
KIT(hurry);
KIT(unhurry);
KIT(call);
KIT(traceback);
KIT(log_error);
KIT(slots_of);
KIT(door_of);
KIT(own_door);
KIT(find_script);
KIT(script_generation);
KIT(is_listed);
KIT(is_shareable);
KIT(set_constants);
KIT(table_size);
KIT(table_init);
KIT(table_type);
KIT(table_map);

EXPORT_SYMBOL(lunatik_runtime);
EXPORT_SYMBOL(lunatik_stop);
EXPORT_SYMBOL(lunatik_getobject);
EXPORT_SYMBOL(lunatik_putobject);
EXPORT_SYMBOL(lunatik_toruntime);
EXPORT_SYMBOL(lunatik_spare);
EXPORT_SYMBOL(lunatik_sweep);
EXPORT_SYMBOL(lunatik_settle);
EXPORT_PER_CPU_SYMBOL(lunatik_watch);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
EXPORT_PER_CPU_SYMBOL(lunatik_irq_stack);
#endif
EXPORT_SYMBOL(lunatik_watch_arm);
EXPORT_SYMBOL(lunatik_expire);
EXPORT_SYMBOL(lunatik_woken);
EXPORT_SYMBOL(lunatik_enter);
EXPORT_SYMBOL(lunatik_leave);
EXPORT_SYMBOL(klibc_setjmp);
EXPORT_SYMBOL(lunatik_library_add);
EXPORT_SYMBOL(lunatik_library_remove);
EXPORT_SYMBOL(luafast_call);
EXPORT_SYMBOL(luafast_call_three);
EXPORT_SYMBOL(luafast_keep);
EXPORT_SYMBOL(luafast_takes);

EXPORT_SYMBOL(lunatik_locked_down);
EXPORT_SYMBOL(lunatik_net_get);
EXPORT_SYMBOL(lunatik_net_put);
EXPORT_SYMBOL(lunatik_module_uses_us);
EXPORT_SYMBOL(lunatik_stack_floor);
EXPORT_SYMBOL(lunatik_gate_is_urged);
EXPORT_SYMBOL(lunatik_gate_urges);
EXPORT_SYMBOL(lunatik_memory_new);
EXPORT_SYMBOL(lunatik_memory_free);
EXPORT_SYMBOL(lunatik_memory_resize);
EXPORT_SYMBOL(lunatik_rcu_read_lock);
EXPORT_SYMBOL(lunatik_rcu_read_unlock);
EXPORT_SYMBOL(lunatik_rcu_synchronize);
EXPORT_SYMBOL(lunatik_defer);

EXPORT_SYMBOL(lua_absindex);
EXPORT_SYMBOL(lua_arith);
EXPORT_SYMBOL(lua_atpanic);
EXPORT_SYMBOL(lua_callk);
EXPORT_SYMBOL(lua_checkstack);
EXPORT_SYMBOL(lua_closeslot);
EXPORT_SYMBOL(lua_compare);
EXPORT_SYMBOL(lua_concat);
EXPORT_SYMBOL(lua_copy);
EXPORT_SYMBOL(lua_createtable);
EXPORT_SYMBOL(lua_dump);
EXPORT_SYMBOL(lua_error);
EXPORT_SYMBOL(lua_gc);
EXPORT_SYMBOL(lua_getallocf);
EXPORT_SYMBOL(lua_getfield);
EXPORT_SYMBOL(lua_getglobal);
EXPORT_SYMBOL(lua_gethook);
EXPORT_SYMBOL(lua_gethookcount);
EXPORT_SYMBOL(lua_gethookmask);
EXPORT_SYMBOL(lua_geti);
EXPORT_SYMBOL(lua_getinfo);
EXPORT_SYMBOL(lua_getiuservalue);
EXPORT_SYMBOL(lua_getlocal);
EXPORT_SYMBOL(lua_getmetatable);
EXPORT_SYMBOL(lua_getstack);
EXPORT_SYMBOL(lua_gettable);
EXPORT_SYMBOL(lua_gettop);
EXPORT_SYMBOL(lua_getupvalue);
EXPORT_SYMBOL(lua_iscfunction);
EXPORT_SYMBOL(lua_isinteger);
EXPORT_SYMBOL(lua_isnumber);
EXPORT_SYMBOL(lua_isstring);
EXPORT_SYMBOL(lua_isuserdata);
EXPORT_SYMBOL(lua_isyieldable);
EXPORT_SYMBOL(lua_len);
EXPORT_SYMBOL(lua_load);
EXPORT_SYMBOL(lua_newthread);
EXPORT_SYMBOL(lua_newuserdatauv);
EXPORT_SYMBOL(lua_next);
EXPORT_SYMBOL(lua_pcallk);
EXPORT_SYMBOL(lua_pushboolean);
EXPORT_SYMBOL(lua_pushcclosure);
EXPORT_SYMBOL(lua_pushfstring);
EXPORT_SYMBOL(lua_pushinteger);
EXPORT_SYMBOL(lua_pushlightuserdata);
EXPORT_SYMBOL(lua_pushlstring);
EXPORT_SYMBOL(lua_pushnil);
EXPORT_SYMBOL(lua_pushnumber);
EXPORT_SYMBOL(lua_pushstring);
EXPORT_SYMBOL(lua_pushthread);
EXPORT_SYMBOL(lua_pushvalue);
EXPORT_SYMBOL(lua_pushvfstring);
EXPORT_SYMBOL(lua_rawequal);
EXPORT_SYMBOL(lua_rawget);
EXPORT_SYMBOL(lua_rawgeti);
EXPORT_SYMBOL(lua_rawgetp);
EXPORT_SYMBOL(lua_rawlen);
EXPORT_SYMBOL(lua_rawset);
EXPORT_SYMBOL(lua_rawseti);
EXPORT_SYMBOL(lua_rawsetp);
EXPORT_SYMBOL(lua_resetthread);
EXPORT_SYMBOL(lua_resume);
EXPORT_SYMBOL(lua_rotate);
EXPORT_SYMBOL(lua_setallocf);
EXPORT_SYMBOL(lua_setcstacklimit);
EXPORT_SYMBOL(lua_setfield);
EXPORT_SYMBOL(lua_setglobal);
EXPORT_SYMBOL(lua_sethook);
EXPORT_SYMBOL(lua_seti);
EXPORT_SYMBOL(lua_setiuservalue);
EXPORT_SYMBOL(lua_setlocal);
EXPORT_SYMBOL(lua_setmetatable);
EXPORT_SYMBOL(lua_settable);
EXPORT_SYMBOL(lua_settop);
EXPORT_SYMBOL(lua_setupvalue);
EXPORT_SYMBOL(lua_setwarnf);
EXPORT_SYMBOL(lua_status);
EXPORT_SYMBOL(lua_stringtonumber);
EXPORT_SYMBOL(lua_toboolean);
EXPORT_SYMBOL(lua_tocfunction);
EXPORT_SYMBOL(lua_toclose);
EXPORT_SYMBOL(lua_tointegerx);
EXPORT_SYMBOL(lua_tolstring);
EXPORT_SYMBOL(lua_tonumberx);
EXPORT_SYMBOL(lua_topointer);
EXPORT_SYMBOL(lua_tothread);
EXPORT_SYMBOL(lua_touserdata);
EXPORT_SYMBOL(lua_type);
EXPORT_SYMBOL(lua_typename);
EXPORT_SYMBOL(lua_upvalueid);
EXPORT_SYMBOL(lua_upvaluejoin);
EXPORT_SYMBOL(lua_version);
EXPORT_SYMBOL(lua_warning);
EXPORT_SYMBOL(lua_xmove);
EXPORT_SYMBOL(lua_yieldk);
EXPORT_SYMBOL(luaL_addgsub);
EXPORT_SYMBOL(luaL_addlstring);
EXPORT_SYMBOL(luaL_addstring);
EXPORT_SYMBOL(luaL_addvalue);
EXPORT_SYMBOL(luaL_argerror);
EXPORT_SYMBOL(luaL_buffinit);
EXPORT_SYMBOL(luaL_buffinitsize);
EXPORT_SYMBOL(luaL_callmeta);
EXPORT_SYMBOL(luaL_checkany);
EXPORT_SYMBOL(luaL_checkinteger);
EXPORT_SYMBOL(luaL_checklstring);
EXPORT_SYMBOL(luaL_checknumber);
EXPORT_SYMBOL(luaL_checkoption);
EXPORT_SYMBOL(luaL_checkstack);
EXPORT_SYMBOL(luaL_checkversion_);
EXPORT_SYMBOL(luaL_checktype);
EXPORT_SYMBOL(luaL_checkudata);
EXPORT_SYMBOL(luaL_error);
EXPORT_SYMBOL(luaL_getmetafield);
EXPORT_SYMBOL(luaL_getsubtable);
EXPORT_SYMBOL(luaL_gsub);
EXPORT_SYMBOL(luaL_len);
EXPORT_SYMBOL(luaL_loadbufferx);
EXPORT_SYMBOL(luaL_loadfilex);
EXPORT_SYMBOL(luaL_loadstring);
EXPORT_SYMBOL(luaL_newmetatable);
EXPORT_SYMBOL(luaL_optinteger);
EXPORT_SYMBOL(luaL_optlstring);
EXPORT_SYMBOL(luaL_optnumber);
EXPORT_SYMBOL(luaL_prepbuffsize);
EXPORT_SYMBOL(luaL_pushresult);
EXPORT_SYMBOL(luaL_pushresultsize);
EXPORT_SYMBOL(luaL_ref);
EXPORT_SYMBOL(luaL_requiref);
EXPORT_SYMBOL(luaL_setfuncs);
EXPORT_SYMBOL(luaL_setmetatable);
EXPORT_SYMBOL(luaL_testudata);
EXPORT_SYMBOL(luaL_tolstring);
EXPORT_SYMBOL(luaL_traceback);
EXPORT_SYMBOL(luaL_typeerror);
EXPORT_SYMBOL(luaL_unref);
EXPORT_SYMBOL(luaL_where);
