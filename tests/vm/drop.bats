#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The port filter (examples/drop), on connections from the client to the router of router.bash.

bats_require_minimum_version 1.5.0
load log
load router

setup_file() {
	lunatik load
	make_router
}

teardown_file() {
	remove_router
	lunatik <<<'require("lunatik")._ENV.drop_ports = nil'
}

setup() {
	servers=()
	mark
	for port in 9999 8080; do
		serve router nc -lk 10.0.0.254 $port
	done
	inside client timeout 20 bash -c 'for port in 9999 8080; do until (: </dev/tcp/10.0.0.254/$port) 2>/dev/null; do sleep 0.1; done; done'
}

teardown() {
	tell_failure
	detach_all
	stop_serving
	lunatik stop examples/drop || true
	lunatik <<<'require("lunatik")._ENV.drop_ports = nil'
}

reaches() { inside client nc -z -w 2 10.0.0.254 "$1"; }

check_filter() { # MODE
	inside router lunatik attach examples/drop near --mode "$1"
	run -1 reaches 9999
	reaches 8080
	lunatik <<<'local ports = require("lunatik")._ENV.drop_ports ports["8080"] = true ports["9999"] = nil'
	reaches 9999
	run -1 reaches 8080
	inside router lunatik detach near
	reaches 8080
	nothing_logged
}

@test "drop: native, connections to the listed ports come to nothing, others are made, and the list may be changed" {
	check_filter native
}

@test "drop: generic, the same" {
	check_filter generic
}
