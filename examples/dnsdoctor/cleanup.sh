#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# Takes away what setup.sh has made.
[ ! -e /run/dnsdoctor.pid ] || kill "$(cat /run/dnsdoctor.pid)"
rm -f /run/dnsdoctor.pid
ip netns delete dnsdoctor
