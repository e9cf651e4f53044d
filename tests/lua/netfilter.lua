-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library `netfilter`, where no packet is needed: tests/vm/netfilter.bats has those.

local netfilter = require("netfilter")

local check = require("tests.lib.check")
local equal, fails = check.equal, check.fails

return {
	["the constants are those of the kernel's headers"] = function()
		local expected = {
			family = { UNSPEC = 0, INET = 1, IPV4 = 2, ARP = 3, NETDEV = 5, BRIDGE = 7, IPV6 = 10 },
			action = { DROP = 0, ACCEPT = 1, STOLEN = 2, QUEUE = 3, REPEAT = 4, STOP = 5, CONTINUE = 0xffffffff, RETURN = -5 },
			inet_hooks = { PRE_ROUTING = 0, LOCAL_IN = 1, FORWARD = 2, LOCAL_OUT = 3, POST_ROUTING = 4 },
			bridge_hooks = { PRE_ROUTING = 0, LOCAL_IN = 1, FORWARD = 2, LOCAL_OUT = 3, POST_ROUTING = 4 },
			arp_hooks = { IN = 0, OUT = 1, FORWARD = 2 },
			netdev_hooks = { INGRESS = 0, EGRESS = 1 },
			ip_priority = { FIRST = -2147483648, RAW_BEFORE_DEFRAG = -450, CONNTRACK_DEFRAG = -400, RAW = -300,
				SELINUX_FIRST = -225, CONNTRACK = -200, MANGLE = -150, NAT_DST = -100, FILTER = 0, SECURITY = 50,
				NAT_SRC = 100, SELINUX_LAST = 225, CONNTRACK_HELPER = 300, LAST = 2147483647 },
			bridge_priority = { FIRST = -2147483648, NAT_DST_BRIDGED = -300, FILTER_BRIDGED = -200, BRNF = 0,
				NAT_DST_OTHER = 100, FILTER_OTHER = 200, NAT_SRC = 300, LAST = 2147483647 },
		}
		for name, constants in pairs(expected) do
			for constant, value in pairs(constants) do
				equal(netfilter[name][constant], value)
			end
			for constant in pairs(netfilter[name]) do
				assert(constants[constant], constant)
			end
		end
	end,

	["the constants are modules, too, of the same tables"] = function()
		local nf = require("linux.nf")
		local same = { proto = "family", action = "action", inet = "inet_hooks", bridge = "bridge_hooks", arp = "arp_hooks",
			netdev = "netdev_hooks" }
		for name, table in pairs(same) do
			assert(require("linux.nf." .. name) == netfilter[table] and nf[name] == netfilter[table], name)
		end
		assert(require("linux.nf.ip.pri") == netfilter.ip_priority and nf.ip.pri == netfilter.ip_priority)
		assert(require("linux.nf.br.pri") == netfilter.bridge_priority and nf.br.pri == netfilter.bridge_priority)
		assert(require("linux.nf.ip") == nf.ip and nf.family == nf.proto)
	end,

	["a module of constants is opened before the library"] = function()
		local task = check.task(true, [[ local pri = require("linux.nf.ip.pri")
			assert(require("netfilter").ip_priority == pri and pri.FILTER == 0) ]])
		task:stop()
	end,

	["only scripts of softirq context register hooks"] = function()
		fails("run the script with 'softirq'", netfilter.register, {})
	end,

	["what is no hook is not stopped"] = function()
		for _, value in ipairs { false, 42, "hook", {}, print, require("data").new(1) } do
			fails("netfilter.hook expected", netfilter.unregister, value)
		end
		fails("netfilter.hook expected", netfilter.unregister)
	end,
}
