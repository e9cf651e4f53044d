// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Hands every packet, as it is, to the script tests/whole, and returns what the kfunc returned: for
// bpf(BPF_PROG_TEST_RUN) only.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int bpf_luaxdp_run(char *key, size_t key_sz, struct xdp_md *xdp_ctx, void *arg, size_t arg_sz) __ksym;

static char script[] = "tests/whole";

SEC("xdp") int whole(struct xdp_md *ctx)
{
	return bpf_luaxdp_run(script, sizeof(script), ctx, NULL, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
