#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Running, stopping, loading and unloading many times while packets flow: nothing breaks or leaks.
#
#	+-----------------------+                 +---------------------------+
#	|                       |  ClientHellos   | namespace far             |
#	|   frames send near    |---------------->|   far, native XDP:        |
#	|                       |                 |     bench/call-sni.o      |
#	|   bpftool prog run    |                 |                           |
#	|     bench/call-sni.o  |                 |                           |
#	+-----------------------+                 +---------------------------+
#
# Both call the script bench/sni, which drops them: far receives packets in softirqs on the stack of
# interrupts, bpftool calls on its own stack, a new one each time.
#
# Each attachment and each run by bpftool rewrites the kernel's code that jumps to XDP programs. QEMU 7.2
# may run such code as it was in the middle of that, on another CPU (an int3 that is no longer there: the
# kernel panics). So what rewrites it and what runs it keep to CPU 1, and the commands to CPU 0.

bats_require_minimum_version 1.5.0
load log
load slowness

rounds=$((200 / slowness))
script=bench/sni
program=build/$(uname -r)/bench/call-sni.o
frame=tests/bench/sni.bin
pin=/sys/fs/bpf/test

far() { nsenter --net=/run/netns/far "$@"; }

setup_file() {
	ip netns add far
	ip link add near type veth peer name far netns far
	# It would send of its own accord, from any CPU.
	echo 1 >/proc/sys/net/ipv6/conf/near/disable_ipv6
	ip link set near up
	far ip link set far up
	# The grace periods of unloading would take most of the time.
	echo 1 >/sys/kernel/rcu_expedited
}

teardown_file() {
	echo 0 >/sys/kernel/rcu_expedited
	ip netns delete far
	lunatik load
}

keep_to() { taskset --cpu-list --pid "$1" $BASHPID >/dev/null; }

setup() {
	keep_to 0
	senders=()
	lunatik load
	mark
}

teardown() {
	tell_failure
	stop_packets
	detach
	# The next tests find Lunatik loaded, as these did.
	lunatik load
	lunatik stop $script || true
}

attach() {
	(keep_to 1 && bpftool prog load "$program" $pin && far bpftool net attach xdpdrv pinned $pin dev far)
}

detach() {
	[ ! -e $pin ] || (keep_to 1 && far bpftool net detach xdpdrv dev far)
	rm -f $pin
}

# For half an hour at most.
send_on() { # CPU
	(keep_to "$1" && exec tests/vm/frames send near $frame 1800) 3>&- &
	senders+=($!)
}

# Once told to end, it waits for bpftool.
feed() {
	trap 'exit 0' TERM
	keep_to 1
	while bpftool prog run pinned $pin data_in $frame repeat 2000; do
		sleep 0.05
	done
}

start_packets() {
	send_on 1
	if [ -e $pin ]; then
		feed >/dev/null 2>&1 3>&- &
		senders+=($!)
	fi
}

stop_packets() {
	[ ${#senders[@]} = 0 ] || kill "${senders[@]}"
	for sender in "${senders[@]}"; do
		wait "$sender" || true
	done
	senders=()
}

# A processor of the virtual machine may itself wait for one, in the middle of a packet.
start() { lunatik run --budget 500ms $script softirq percpu; }

run_and_stop() { # TIMES
	for _ in $(seq "$1"); do
		start || return
		lunatik stop $script || return
	done
}

load_and_unload() { # TIMES
	for round in $(seq "$1"); do
		lunatik load || return
		if ((round % 10 == 0)); then
			attach && start && sleep 0.1 && detach || return
		fi
		lunatik unload || return
	done >/dev/null
}

dropped() { far ethtool -S far | awk '/_xdp_drops:/ { sum += $2 } END { print sum + 0 }'; }

wait_for_drops() {
	local before
	before=$(dropped)
	for _ in {1..100}; do
		[ "$(dropped)" -eq "$before" ] || return 0
		sleep 0.1
	done
	return 1
}

# What is in use, in KiB: slabs that cannot be reclaimed, and all memory, save the free pages that each
# CPU keeps for itself, which are tens of MiB now and then. And Lunatik's areas in vmalloc space.
measure() {
	sync
	for _ in 1 2 3; do
		sleep 0.5
		echo 3 >/proc/sys/vm/drop_caches
	done
	awk -v page="$(getconf PAGESIZE)" '
		/^MemTotal:/ { used += $2 }
		/^MemAvailable:/ { used -= $2 }
		/^SUnreclaim:/ { slab = $2 }
		$1 == "count:" { used -= $2 * page / 1024 }
		/\[(lunatik|lua)/ { areas++ }
		END { print slab, used, areas + 0 }' /proc/meminfo /proc/zoneinfo /proc/vmallocinfo
}

# A runtime of the script takes 47 KiB: one leaked per round would be 9 MiB.
slab_tolerance=2048 memory_tolerance=3072
# There what was freed is kept for a while, and leaks are kmemleak's (tests/vm/leaks).
! slow_kernel || slab_tolerance=400000 memory_tolerance=400000

check_memory() { # BEFORE AFTER
	local before after
	read -r -a before <<<"$1"
	read -r -a after <<<"$2"
	echo "# slab $((after[0] - before[0])) KiB more, memory $((after[1] - before[1])) KiB more," \
		"${after[2]} vmalloc areas (before: ${before[2]})"
	((after[0] - before[0] < slab_tolerance)) && ((after[1] - before[1] < memory_tolerance)) &&
		((after[2] == before[2]))
}

references() { cat /sys/module/lua*/refcnt | paste -s -d ' '; }

@test "stress: $rounds runs and stops while packets flow leave no memory and no reference behind" {
	attach
	run_and_stop 10
	references=$(references)
	before=$(measure)
	dropped=$(dropped)

	start_packets
	run_and_stop $rounds
	stop_packets
	[ "$(dropped)" -gt "$dropped" ]

	# On both CPUs at once
	dropped=$(dropped)
	send_on 0
	send_on 1
	run_and_stop $((rounds / 4))
	stop_packets
	[ "$(dropped)" -gt "$dropped" ]

	check_memory "$before" "$(measure)" >&3
	echo "references to modules: $(references) (before: $references)"
	[ "$(references)" = "$references" ]
	[ -z "$(log | grep lunatik)" ]
}

@test "stress: $rounds loads and unloads while packets flow leave no memory behind" {
	lunatik unload
	load_and_unload 10
	before=$(measure)
	dropped=$(dropped)

	start_packets
	load_and_unload $rounds
	stop_packets

	[ "$(dropped)" -gt "$dropped" ]
	check_memory "$before" "$(measure)" >&3
	[[ "$(lsmod)" != *lunatik* ]]
	[ -z "$(log | grep lunatik:)" ]
}

@test "stress: an XDP program keeps the module that it calls from being unloaded, and goes on when it is loaded again" {
	attach
	start
	start_packets
	run -1 lunatik unload
	[[ "$output" == *"module luaxdp is in use"* ]]
	run ! rmmod luaxdp
	[ ! -e /dev/lunatik ]

	lunatik load
	start
	wait_for_drops

	stop_packets
	detach
	lunatik unload
	[[ "$(lsmod)" != *lunatik* ]]
}
