# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=bash
# For tests that do several things at once: `load background`; setup() begins with background=().

run_on() { # COMMAND...: in the background, until the test ends
	"$@" >/dev/null 2>&1 3>&- &
	background+=($!)
}

end_background() {
	[ ${#background[@]} = 0 ] || kill -KILL "${background[@]}" || true
	wait
}
