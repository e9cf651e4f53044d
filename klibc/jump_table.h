/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The section in which this kernel's objtool looks for the targets of computed jumps. */
#ifndef KLIBC_JUMP_TABLE_H
#define KLIBC_JUMP_TABLE_H

#include <linux/compiler.h>

#define KLIBC_JUMP_TABLE	__annotate_jump_table

#endif
