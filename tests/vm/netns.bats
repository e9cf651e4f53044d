#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# In which network namespace scripts act, and that they do not keep it.
#
#	first ── near ═══ veth ═══ far ── far

setup_file() {
	lunatik load
}

setup() {
	ip netns add far
	ip link add near type veth peer name far netns far
	far=$(stat -Lc %i /run/netns/far)
	first=$(stat -Lc %i /proc/self/ns/net)
}

teardown() {
	for script in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$script"
	done
	lunatik <<<'require("lunatik")._ENV.spawned = nil'
	ip netns delete far || true
	ip link delete near || true
}

namespace() { # SCRIPT: where the running script acts
	lunatik <<<"return require('lunatik')._ENV.runtimes['$1']:info().netns"
}

@test "netns: a script acts in the namespace of whoever has it run" {
	[ "$far" != "$first" ]
	lunatik run tests/scripts/nothing
	[ "$(namespace tests/scripts/nothing)" = "$first" ]
	ip netns exec far lunatik run tests/scripts/task
	[ "$(namespace tests/scripts/task)" = "$far" ]
}

@test "netns: so does one that is spawned, and what its thread makes" {
	ip netns exec far lunatik spawn tests/scripts/spawner
	[ "$(namespace tests/scripts/spawner)" = "$far" ]
	for _ in {1..50}; do
		spawned=$(lunatik <<<'local s = require("lunatik")._ENV.spawned return s and s:info().netns')
		[ "$spawned" = nil ] || break
		sleep 0.1
	done
	[ "$spawned" = "$far" ]
}

@test "netns: a request to /dev/lunatik makes runtimes in its sender's" {
	[ "$(ip netns exec far lunatik <<<"return require('lunatik').runtime('tests/scripts/nothing'):info().netns")" = "$far" ]
}

@test "netns: a running script does not keep its namespace, which is told as ended" {
	ip netns exec far lunatik run tests/scripts/nothing
	ip netns delete far
	for _ in {1..100}; do
		[ -e /sys/class/net/near ] || break
		sleep 0.1
	done
	[ ! -e /sys/class/net/near ]
	[ "$(namespace tests/scripts/nothing)" = nil ]
	lunatik stop tests/scripts/nothing
}
