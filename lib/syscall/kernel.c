// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The 64-bit system calls: what the kernel's own headers say of them, and where their functions are. */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/unistd.h>

#include "kernel.h"
#include "lunatik_library.h"

/* What Kbuild makes of asm/unistd_64.h. */
const struct luasyscall luasyscall_names[] = {
#include "names.h"
	{ NULL, 0 },
};

/* The functions' symbols, by number. */
#define __SYSCALL(number, function)	[number] = "__x64_" #function,
#define __SYSCALL_NORETURN		__SYSCALL
static const char *const symbols[] = {
#include <asm/syscalls_64.h>
};

const unsigned int luasyscall_count = ARRAY_SIZE(symbols);

/* Null where this kernel has no function. */
static void *addresses[ARRAY_SIZE(symbols)];

void *luasyscall_address(unsigned int number)
{
	return addresses[number];
}

/* A kprobe is behind the instruction that marks a function's start for indirect calls. */
static __init void *start_of(void *address)
{
	char text[KSYM_SYMBOL_LEN], *plus;
	unsigned long offset;

	sprint_symbol(text, (unsigned long)address);
	plus = strrchr(text, '+');
	return plus && sscanf(plus, "+%lx", &offset) == 1 ? address - offset : address;
}

/*
 * The table of system calls is no symbol for modules, and since Linux 6.9 no call goes through it. A kprobe that is
 * registered without being armed tells where its symbol is.
 */
static int __init find_addresses(void)
{
	struct kprobe *probes = kvcalloc(ARRAY_SIZE(symbols), sizeof(*probes), GFP_KERNEL), **found;
	unsigned int i, count = 0;

	found = kvcalloc(ARRAY_SIZE(symbols), sizeof(*found), GFP_KERNEL);
	if (!probes || !found) {
		kvfree(found);
		kvfree(probes);
		return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (!symbols[i] || !strcmp(symbols[i], "__x64_sys_ni_syscall"))
			continue;
		probes[i].symbol_name = symbols[i];
		probes[i].flags = KPROBE_FLAG_DISABLED;
		if (register_kprobe(&probes[i]))
			continue;
		addresses[i] = start_of(probes[i].addr);
		found[count++] = &probes[i];
	}
	unregister_kprobes(found, count);
	kvfree(found);
	kvfree(probes);
	return 0;
}

static struct lunatik_library libraries[] = {
	{ .name = "syscall", .open = luaopen_syscall },
	{ .name = "syscall.table", .open = luaopen_syscall_table },
};

static int __init luasyscall_init(void)
{
	int error = find_addresses();

	if (error)
		return error;
	return lunatik_libraries_add(libraries, ARRAY_SIZE(libraries));
}

static void __exit luasyscall_exit(void)
{
	lunatik_libraries_remove(libraries, ARRAY_SIZE(libraries));
}

module_init(luasyscall_init);
module_exit(luasyscall_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of the table of system calls");
MODULE_ALIAS("lunatik-lib-syscall");
MODULE_ALIAS("lunatik-lib-syscall.table");
