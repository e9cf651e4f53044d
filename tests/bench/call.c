// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Calls the script bench/SCRIPT with the offset of the TCP payload; SCRIPT is set when it is compiled.
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

extern int bpf_luaxdp_run(char *key, size_t key_sz, struct xdp_md *xdp_ctx, void *arg, size_t arg_sz) __ksym;

static char script[] = "bench/" SCRIPT;

struct argument {
	__u16 offset;
} __attribute__((packed));

SEC("xdp") int call(struct xdp_md *ctx)
{
	struct argument argument = { .offset = bpf_htons(54) };
	int action = bpf_luaxdp_run(script, sizeof(script), ctx, &argument, sizeof(argument));

	return action < 0 ? XDP_PASS : action;
}

char _license[] SEC("license") = "Dual MIT/GPL";
