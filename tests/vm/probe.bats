#!/usr/bin/env bats
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Probes in the running kernel: what scripts do in them, and where, never takes the machine down. tests/lua/probe.lua
# has the library's functions.
#
# A probe rewrites the kernel's code. QEMU 7.2 may run such code on another CPU as it was in the middle of that (an
# int3 that is no longer there, and then of a probe without a copy of the instruction: the kernel panics). So where
# it emulates the CPU, there is one only while probes come and go, and two in between.

bats_require_minimum_version 1.5.0
load log
load background
load slowness

list=/sys/kernel/debug/kprobes/list
script=tests/scripts/probes

second=/sys/devices/system/cpu/cpu1/online
emulated() { grep -q 'QEMU TCG' /proc/cpuinfo; }
one_cpu() { ! emulated || echo 0 >$second; }
both_cpus() { echo 1 >$second; }

setup_file() {
	# Its grace periods would take most of the time.
	echo 1 >/sys/kernel/rcu_expedited
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	lunatik load
}

teardown_file() {
	echo 0 >/sys/kernel/rcu_expedited
	both_cpus
}

setup() {
	one_cpu
	mark
	background=()
}

teardown() {
	tell_failure
	end_background
	one_cpu
	lunatik load
	for name in $(lunatik list | awk 'NR > 1 { print $1 }'); do
		lunatik stop "$name"
	done
	rmmod mydevice || true
	# Nothing is left in the kernel's code.
	[ -z "$(cat $list)" ]
}

still_evaluates() { [ "$(timeout $((30 * slowness)) lunatik <<<'return 6*7')" = 42 ]; }

start() { # ACTION TARGET=POINTS... [OPTION...]
	lunatik <<<"local e = require('lunatik')._ENV e.probe_action, e.probe_targets = '$1', '$2'"
	lunatik run $script "${@:3}"
}

# Prints the numbers of events that were handled, and missed.
events() {
	lunatik <<<"local r = require('lunatik')._ENV.runtimes['$script'] local n, m = r:resume() return n .. ' ' .. m"
}

handled() { events | cut -d ' ' -f 1; }
missed() { events | cut -d ' ' -f 2; }

# Files, pipes, tasks, memory, the network and timers
work() {
	run_on bash -c 'while :; do dd if=/dev/zero bs=4k count=20 2>/dev/null | cat >/dev/null; /bin/true; sleep 0.05; done'
	ip link set lo up
	run_on ping -i 0.05 127.0.0.1
}

@test "probe: a handler that never ends is stopped after 1 ms each time, and its script after eight" {
	start forever syscall:getsid=pre --budget 1ms
	# Of a CPU's time handlers have a share, which one that was held up leaves nothing of for a while.
	within 10 python3 -c 'import os, time; [(os.getsid(0), time.sleep(0.01)) for _ in range(200)]'
	[[ "$(log)" == *"probes.lua"*"the script ran for too long"* ]]
	[[ "$(log)" == *"$script: stopped: it went over its limits again and again"* ]]
	lunatik list | grep "$script.*stopped"
	within 5 python3 -c 'import os; [os.getsid(0) for _ in range(1000)]'
	for _ in {1..50}; do [ -n "$(cat $list)" ] || break; sleep 0.1; done
	[ -z "$(cat $list)" ]
	still_evaluates
}

@test "probe: handlers in the allocator, the locks, timers, the log and the scheduler do all that they may" {
	work
	for targets in "kfree=pre kmem_cache_free=pre,post __alloc_pages_noprof=pre,ret __kmalloc_noprof=pre,ret krealloc_noprof=pre" \
		"_raw_spin_lock=pre _raw_spin_lock_irqsave=pre,post _raw_spin_unlock=pre _raw_spin_unlock_irqrestore=pre mutex_lock=pre,ret" \
		"hrtimer_start_range_ns=pre,ret ktime_get=pre,ret mod_timer=pre call_rcu=pre,ret __call_rcu_common=pre rcu_core=pre" \
		"vprintk_emit=pre,ret vprintk=pre console_unlock=pre up=pre wake_up_klogd=pre" \
		"try_to_wake_up=pre,ret schedule=pre,ret complete=pre,ret get_random_u64=pre,ret ktime_get_real_ts64=pre __do_softirq=pre irq_work_queue=pre"; do
		# Not all of them are in each kernel.
		known=
		for target in $targets; do
			! grep -q " [tT] ${target%=*}$" /proc/kallsyms || known+="$target "
		done
		start all "$known" --budget 100ms
		both_cpus
		sleep 0.5
		timeout $((60 * slowness)) lunatik <<<'for i = 1, 20 do print(i) end local t = {} for i = 1, 200 do t[i] = {} end' >/dev/null
		echo "# $known: $(events)"
		one_cpu
		lunatik stop $script
	done
	still_evaluates
}

@test "probe: handlers in Lunatik's own functions are called, those of their own visits are not" {
	start all "lunatik_kit_enter=pre,post lunatik_memory_resize=pre luaprobe_run=pre,post lua_pcallk=pre luafast_attend=pre lunatik_gate_enter=pre lunatik_defer=pre" --budget 100ms
	still_evaluates
	within 20 lunatik <<<'for i = 1, 300 do pcall(error, {}) end'
	[ "$(handled)" -gt 300 ]
	lunatik stop $script
}

@test "probe: a function that is no function of ftrace's is probed by a breakpoint, or by a jump" {
	for points in pre pre,post; do
		start all clear_page_erms=$points
		grep clear_page_erms $list
		# Jumps take the place of breakpoints only after a while.
		for _ in 1 2; do
			/bin/true
			sleep 0.5
		done
		# With KASAN breakpoints call no handler, jumps do.
		[ $(($(handled) + $(missed))) -gt 50 ]
		grep -q ' kasan_report$' /proc/kallsyms || [ "$(handled)" -gt 50 ]
		lunatik stop $script
	done
}

@test "probe: a script in a hot path is started and stopped 50 times under load" {
	work
	lunatik <<<"local e = require('lunatik')._ENV e.probe_action, e.probe_targets = 'nothing', 'syscall:read=pre ip_rcv=pre'"
	for _ in {1..10}; do
		# Until there is an event, so that each is stopped in the middle of them
		[ "$(lunatik <<<"for _ = 1, 5 do
			local r = require('lunatik').runtime('$script')
			repeat require('linux').schedule(10) until r:resume() > 0
			r:stop()
		end
		return 'done'")" = done ]
	done
	still_evaluates
}

@test "probe: long handlers at every step of the kernel leave it time to go on" {
	work
	start long "syscall:read=pre syscall:write=pre vfs_read=pre vfs_write=pre _raw_spin_lock=pre kfree=pre __rcu_read_lock=pre" --budget 100ms
	both_cpus
	for _ in {1..100}; do
		[[ "$(log)" != *"handlers of probes take more than 80 % of CPU"* ]] || break
		sleep 0.1
	done
	within 30 lunatik <<<'return 6*7'
	[ "$(missed)" -gt 0 ]
	one_cpu
	within 30 lunatik stop $script
	[[ "$(log)" == *"handlers of probes take more than 80 % of CPU"* ]]
}

@test "probe: handlers that need more memory than there is fail, and the next one is called" {
	for action in deep memory; do
		start $action syscall:getsid=pre --budget 100ms --memory $(slow_kernel && echo 128 || echo 512)K
		# The first may take the whole of its time, and probes a rest after it.
		python3 -c 'import os, time; os.getsid(0); time.sleep(0.5); os.getsid(0)'
		[ "$(handled)" = 2 ]
		[[ "$(log)" == *"lunatik: $script: "*"not enough memory"* ]]
		lunatik stop $script
	done
}

@test "probe: show() writes registers and the way to the function to the log, in good time and without end" {
	start show syscall:getsid=pre
	python3 -c 'import os; os.getsid(0)'
	for _ in {1..20}; do [[ "$(log)" != *do_syscall_64* ]] || break; sleep 0.1; done
	[[ "$(log)" == *"lunatik: probe on CPU "*", task python3 ("*"), at __x64_sys_getsid+"* ]]
	# Pointers of the kernel; and what called the function, without the handler
	[[ "$(log)" == *" di ff"*"  __x64_sys_getsid+"*"do_syscall_64"* ]]
	[[ "$(log)" != *lua_pcallk* ]]
	lunatik stop $script
	start shows syscall:getsid=pre --budget 100ms
	python3 -c 'import os; [os.getsid(0) for _ in range(500)]'
	[ "$(handled)" = 500 ]
	[[ "$(log)" == *"more were not shown"* ]]
}

@test "probe: a call that returns after the script was stopped, and the module unloaded, does return" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 5<>"$BATS_TEST_TMPDIR/fifo"
	start nothing "syscall:read=pre,ret"
	timeout 60 head -c 3 <&5 >"$BATS_TEST_TMPDIR/read" 3>&- &
	sleep 1
	lunatik stop $script
	lunatik unload
	[ -z "$(lsmod | grep ^luaprobe)" ]
	echo abc >&5
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/read")" = abc ]
	exec 5<&-
}

@test "probe: modules are unloaded while probes are hit" {
	work
	start all "syscall:read=pre,ret syscall:write=pre,post"
	sleep 0.5
	lunatik unload
	[ -z "$(lsmod | grep ^lunatik)" ]
}

@test "probe: the module that has the probed function goes first" {
	modprobe mydevice
	symbol=$(awk '$4 == "[mydevice]" && $2 ~ /[tT]/ { print $3 }' /proc/kallsyms | grep -v 'init\|exit\|cleanup\|__' | head -n 1)
	start nothing "$symbol=pre"
	rmmod mydevice
	still_evaluates
	lunatik stop $script
	run -1 lunatik run $script
	[[ "$output" == *"cannot probe $symbol (error 2)"* ]]
}

@test "probe: nothing is registered when a script fails, and what is kept off is not run" {
	start nothing "no_such_symbol=pre" || true
	start nothing "syscall:getsid=pre no_such_symbol=ret" || true
	start nothing "syscall:getsid=pre lua_pcallk=ret" || true
	run -1 lunatik run $script
	[[ "$output" == *"an error in a script may leave a function of Lunatik without one"* ]]
	[ -z "$(cat $list)" ]
}

# --- the example ---

count_of() { awk -v name="$1:" '$1 == name { print $2 }'; }

@test "systrack: counts as many calls as were made, on both CPUs at once" {
	lunatik run examples/systrack
	before=$(cat /dev/systrack)
	[ "$(awk '{ print $1 }' <<<"$before" | tr '\n' ' ')" = "read: readv: write: writev: openat: close: " ]
	# Nothing else here uses these two.
	cat >"$BATS_TEST_TMPDIR/calls" <<-'PYTHON'
		import os
		zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
		buffer = [bytearray(8)]
		for i in range(4000):
		    os.readv(zero, buffer)
		    os.writev(null, buffer)
	PYTHON
	both_cpus
	for cpu in 0 1; do
		taskset --cpu-list $cpu python3 "$BATS_TEST_TMPDIR/calls" 3>&- &
	done
	wait
	after=$(cat /dev/systrack)
	echo "# $after"
	[[ "$after" != *"not counted"* ]]
	for name in readv writev; do
		[ $(($(count_of $name <<<"$after") - $(count_of $name <<<"$before"))) = 8000 ]
	done
}

@test "systrack: agrees with strace -c" {
	lunatik run examples/systrack
	both_cpus
	before=$(cat /dev/systrack)
	strace -f -c -U name,calls -o "$BATS_TEST_TMPDIR/strace" python3 -c '
import os
pid = os.fork()
for i in range(100):
    file = os.open("/dev/zero", os.O_RDWR)
    os.writev(file, [os.readv(file, [bytearray(8)]).to_bytes(8, "little")])
    os.write(file, os.read(file, 1))
    os.close(file)
if pid: os.wait()
'
	after=$(cat /dev/systrack)
	echo "# $after"
	[[ "$after" != *"not counted"* ]]
	for name in read readv write writev openat close; do
		ours=$(($(count_of $name <<<"$after") - $(count_of $name <<<"$before")))
		theirs=$(awk -v name=$name '$1 == name { print $2 }' "$BATS_TEST_TMPDIR/strace")
		echo "# $name: systrack $ours, strace $theirs"
		[ "$theirs" -ge 200 ]
		case $name in
		readv | writev) [ "$ours" = "$theirs" ] ;;
		# strace itself and cat make some, too.
		*) [ "$ours" -ge "$theirs" ] && [ "$ours" -le $((theirs + 5000)) ] ;;
		esac
	done
}

@test "systrack: is read in parts, by several at once, and stopped while it counts" {
	lunatik run examples/systrack
	[ "$(dd if=/dev/systrack bs=1 status=none | awk '{ print $1 }' | tr '\n' ' ')" = "read: readv: write: writev: openat: close: " ]
	both_cpus
	for _ in 1 2; do
		run_on bash -c 'while :; do cat /dev/systrack; done'
	done
	sleep 1
	one_cpu
	lunatik stop examples/systrack
	[ ! -e /dev/systrack ]
	run -1 lunatik run examples/systrack/probes
	[[ "$output" == *"run examples/systrack, which starts this"* ]]
}
