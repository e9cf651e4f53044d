# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# For tests with limits of time or memory: `load slowness`. The debug kernel (tools/debug/check) is so many times slower
# as LUNATIK_SLOWNESS says, and keeps freed memory for a while to find who uses it.

slowness=${LUNATIK_SLOWNESS:-1}

slow_kernel() { [ "$slowness" -gt 1 ]; }

# within SECONDS COMMAND...: what the command does, in so long at most
within() {
	local began=$EPOCHREALTIME limit=$(($1 * slowness)) status=0
	shift
	timeout $((60 * slowness)) "$@" || status=$?
	awk -v took="$EPOCHREALTIME" -v began="$began" -v limit="$limit" \
		'BEGIN { took -= began; print "# " took " s"; exit took > limit }' || return 99
	return $status
}

milliseconds() { # COMMAND...: how long it takes
	local began=${EPOCHREALTIME/./}
	"$@" >&2
	echo $(((${EPOCHREALTIME/./} - began) / 1000))
}
