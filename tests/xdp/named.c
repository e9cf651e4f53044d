// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Calls the script that the packet names and returns what the kfunc returned: for
// bpf(BPF_PROG_TEST_RUN) only, since -1 is no XDP action. tests/vm/frames makes such packets, which may be in pieces.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int bpf_luaxdp_run(char *key, size_t key_sz, struct xdp_md *xdp_ctx, void *arg, size_t arg_sz) __ksym;

struct call {
	struct ethhdr eth;
	__u8 key_size;
	__u8 argument_size;	/* 0: there is no argument, the pointer is NULL */
	char key[127];
	char argument[63];
};

SEC("xdp.frags") int named(struct xdp_md *ctx)
{
	struct call call;

	if (bpf_xdp_load_bytes(ctx, 0, &call, sizeof(call)))
		return XDP_ABORTED;
	if (!call.argument_size)
		return bpf_luaxdp_run(call.key, call.key_size & 127, ctx, NULL, 0);
	return bpf_luaxdp_run(call.key, call.key_size & 127, ctx, call.argument, call.argument_size & 63);
}

char _license[] SEC("license") = "Dual MIT/GPL";
