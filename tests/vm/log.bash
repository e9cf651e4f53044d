# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# The kernel's log, for tests: `load log`.

# The lines of the log from here on are this test's.
mark() {
	mark="${BATS_TEST_FILENAME##*/} $BATS_TEST_NUMBER $EPOCHREALTIME"
	echo "$mark" >/dev/kmsg
}

log() { dmesg --notime | sed "1,/^$mark\$/d"; }

# The log takes ten errors of Lunatik's in five seconds: lets those of other tests go by.
wait_for_log() { sleep 5; }

# In teardown(): what the log says of a test that has failed
tell_failure() { [ "${BATS_TEST_COMPLETED-}" ] || log | tail -n 50 | sed 's/^/log: /'; }
