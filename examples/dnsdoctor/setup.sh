#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# A DNS server for lunatik.com in a network namespace of its own, and this machine as its client:
#
#	this machine                         namespace dnsdoctor
#	  dnsdoctor0 10.1.1.2 ------------- dnsdoctor1 10.1.1.1, dnsmasq: lunatik.com is 192.168.10.1
#
# Needs dnsmasq (Debian: dnsmasq-base). cleanup.sh takes it all away.
set -eu
ip netns add dnsdoctor
ip link add dnsdoctor0 type veth peer name dnsdoctor1 netns dnsdoctor
ip address add 10.1.1.2/24 dev dnsdoctor0
ip link set dnsdoctor0 up
ip -n dnsdoctor address add 10.1.1.1/24 dev dnsdoctor1
ip -n dnsdoctor link set lo up
ip -n dnsdoctor link set dnsdoctor1 up
ip netns exec dnsdoctor dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --address=/lunatik.com/192.168.10.1 \
	--listen-address=10.1.1.1 --bind-interfaces --pid-file=/run/dnsdoctor.pid
echo 'now: dig @10.1.1.1 lunatik.com'
