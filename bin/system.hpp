/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef COMMAND_SYSTEM_HPP
#define COMMAND_SYSTEM_HPP

/* Loads all of Lunatik, and stops and unloads all of it. Throws Failure. */
void load();
void unload();
void reload();

/* Shows which modules are loaded. */
void show_status();

#endif
