// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Hands every packet to one script, whose name `lunatik attach` puts here before it loads this. A packet
// whose callback fails, or whose script does not run, passes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_luaxdp_run(char *key, __u64 key_sz, struct xdp_md *xdp_ctx, void *arg, __u64 arg_sz) __ksym;

// With its end. The verifier knows no kfunc that only reads what it is given: this may be written.
char script[256];
const volatile __u32 script_size;

SEC("xdp.frags")
int lunatik(struct xdp_md *ctx)
{
	char nothing = 0;
	int action = bpf_luaxdp_run(script, script_size, ctx, &nothing, 0);

	return action < 0 ? XDP_PASS : action;
}

char _license[] SEC("license") = "Dual MIT/GPL";
