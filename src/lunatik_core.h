/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Set-up and end of the core, for the module's init and exit. Process context. */
#ifndef LUNATIK_CORE_H
#define LUNATIK_CORE_H

#ifdef __cplusplus
extern "C" {
#endif

int lunatik_core_init(void);	/* 0 or -ENOMEM */
void lunatik_core_exit(void);

/*
 * lunatik_spare - do not stop a runtime for its breaches: the one that operators talk to. Before anything
 * enters it, or later; any context.
 */
struct lunatik_object;
void lunatik_spare(struct lunatik_object *runtime);

/*
 * lunatik_sweep - end the runtimes that scripts made which no longer run, and which are no running scripts any more
 * themselves. Process context.
 */
void lunatik_sweep(void);

/* Opens the library `lunatik`. */
struct lua_State;
int luaopen_lunatik(struct lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
