// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library packet. Whatever is parsed is parsed where it lies, and in pieces cut at many places: with the same
// results.
#include "support.hpp"

namespace {

/* What the tests are written with: packets, and the library called on them. */
const char packets_lua[] = R"lua(
packet = require("packet")
local host = require("host")

-- packet.NAME(buffer, ...) for a buffer of these bytes, however they lie; `how` is of host.pieces().
local function call(how, name, bytes, ...)
	local arguments, results = table.pack(...), nil
	local function parse(view)
		local got = table.pack(packet[name](view, table.unpack(arguments, 1, arguments.n)))
		if results then same(got, results) end
		results = got
	end
	if how == "" then host.shown(bytes, parse) end
	for _, hand in ipairs { 0, 1, 14, 27, 40, 54, #bytes // 2, #bytes - 1, #bytes } do
		if hand >= 0 and hand <= #bytes then host.pieces(bytes, hand, parse, how) end
	end
	return table.unpack(results, 1, results.n)
end
function parsed(name, bytes, ...) return call("", name, bytes, ...) end
-- The same of a packet that begins with the network header.
function routed(name, bytes, ...) return call("network", name, bytes, ...) end

-- The results are these.
function gives(wanted, ...)
	same(table.pack(...), table.pack(table.unpack(wanted, 1, wanted.n or #wanted)))
end
-- The result is one nil.
function refuses(...) gives({ n = 1 }, ...) end

-- For each length below the whole, the function returns nil, up to `whole` bytes.
function truncated(name, bytes, whole, ...)
	for length = 0, whole - 1 do refuses(parsed(name, bytes:sub(1, length), ...)) end
	assert(parsed(name, bytes:sub(1, whole), ...) ~= nil, name .. " of " .. whole)
end

local be = string.pack
function eth(type, payload) return "\2\0\0\0\0\2\2\0\0\0\0\1" .. be(">I2", type) .. payload end
function tag(id, type, payload) return be(">I2I2", id, type) .. payload end
-- fields: options, total, fragment, first
function ip4(protocol, payload, fields)
	fields = fields or {}
	local options = fields.options or ""
	return be(">BBI2I2I2BBI2I4I4", fields.first or 0x45 + #options // 4, 0x10, fields.total or 20 + #options + #payload, 7,
		  fields.fragment or 0, 64, protocol, 0, 0xc0000201, 0xc6336402) .. options .. payload
end
function ip6(protocol, payload, fields)
	fields = fields or {}
	return be(">I4I2BBI8I8I8I8", fields.first or 0x61234567, fields.total or #payload, protocol, 63, 0x20010db800000000, 1,
		  0x20010db8ffff0000, 2) .. payload
end
function tcp(payload, fields)
	fields = fields or {}
	local options = fields.options or ""
	return be(">I2I2I4I4I2I2I2I2", 40000, fields.port or 443, 0x81020304, 0x85060708,
		  fields.flags or (5 + #options // 4) << 12 | 0x118, 1000, 0, 0) .. options .. payload
end
function udp(payload, fields)
	fields = fields or {}
	return be(">I2I2I2I2", fields.source or 40000, fields.port or 53, fields.length or 8 + #payload, 0) .. payload
end
-- A chain of packets as each link, network and tags carry it: its offset, and the whole.
function carried(protocol, payload, each)
	for tags = 0, 4 do
		for version, network in pairs { [0x0800] = ip4(protocol, payload), [0x86dd] = ip6(protocol, payload) } do
			local frame, type = network, version
			for i = 1, tags do frame, type = tag(i, type, frame), i % 2 == 1 and 0x8100 or 0x88a8 end
			each(14 + 4 * tags + (version == 0x0800 and 20 or 40), eth(type, frame))
		end
	end
end

-- DNS
function message(fields, ...)
	return be(">I2I2I2I2I2I2", 0x1234, fields.flags or 0x0100, fields.questions or 1, fields.answers or 0, fields.authorities or 0,
		  fields.additionals or 0) .. table.concat { ... }
end
function name(...)
	local labels = {}
	for i, label in ipairs { ... } do labels[i] = be("s1", label) end
	return table.concat(labels) .. "\0"
end
function ask(name, type, class) return name .. be(">I2I2", type or 1, class or 1) end
function record(name, type, data, class) return name .. be(">I2I2I4s2", type, class or 1, 300, data) end
function pointer(at) return be(">I2", 0xc000 | at) end

-- TLS; each length may be a lie
function hello(fields)
	fields = fields or {}
	local names = fields.names or be(">Bs2", 0, fields.name or "www.Example.org")
	local server = fields.server or be(">I2", fields.list or #names) .. names
	local extensions = be(">I2s2", 0x2b, "\2\3\4") .. be(">I2s2", 10, "\0\2\0\29") ..
		be(">I2I2", fields.kind or 0, fields.extension or #server) .. server .. (fields.behind or be(">I2s2", 16, "\0\3\2h2"))
	local body = "\3\3" .. ("R"):rep(32) .. be("s1", fields.session or ("S"):rep(32)) .. be(">s2", fields.suites or "\x13\1\x13\2") ..
		be("s1", fields.compression or "\0") .. be(">I2", fields.extensions or #extensions) .. extensions
	local handshake = be(">BI3", fields.type or 1, fields.message or #body) .. body
	return be(">BI2I2", fields.content or 22, fields.version or 0x0301, fields.record or #handshake) .. handshake
end
)lua";

class Packet : public Core {
protected:
	void SetUp() override
	{
		Core::SetUp();
		script("packets", packets_lua);
	}
	void lua(const std::string &text)
	{
		Core::lua("require('packets') " + text);
	}
};

} // namespace

/* --- link ------------------------------------------------------------------------------- */

LUA(Packet, EthernetGivesTypeAndAddresses, R"lua(
	local frame = eth(0x0800, "rest")
	gives({ 14, 0x0800, 0x020000000001, 0x020000000002 }, parsed("ethernet", frame))
	gives({ 14, 0x0800, 0x020000000001, 0x020000000002 }, parsed("ethernet", frame, 0))
	gives({ 17, 0x0800, 0x020000000001, 0x020000000002 }, parsed("ethernet", "abc" .. frame, 3))
	truncated("ethernet", frame, 14)
	refuses(routed("ethernet", frame))
	gives({ 14, 0x0800, 0x020000000001, 0x020000000002 }, routed("ethernet", frame, 0))
)lua")

LUA(Packet, VlanTagsAreReadOneByOne, R"lua(
	local frame = eth(0x88a8, tag(0xb123, 0x8100, tag(5, 0x0800, "")))
	gives({ 18, 0x8100, 0x123, 5, true }, parsed("vlan", frame))
	gives({ 18, 0x8100, 0x123, 5, true }, parsed("vlan", frame, 14))
	gives({ 22, 0x0800, 5, 0, false }, parsed("vlan", frame, 18))
	truncated("vlan", frame, 18)
	refuses(parsed("vlan", eth(0x0800, ("x"):rep(30))))
	refuses(routed("vlan", frame))
)lua")

LUA(Packet, ArpGivesWhoAsksForWhom, R"lua(
	local body = string.pack(">I2I2BBI2I6I4I6I4", 1, 0x0800, 6, 4, 1, 0x020000000001, 0xc0000201, 0, 0xc0000202)
	local fields = { 42, 1, 0x020000000001, 0xc0000201, 0, 0xc0000202 }
	gives(fields, parsed("arp", eth(0x0806, body)))
	gives(fields, parsed("arp", eth(0x0806, body), 14))
	truncated("arp", eth(0x0806, body), 42)
	fields[1] = 46
	gives(fields, parsed("arp", eth(0x8100, tag(1, 0x0806, body))))
	fields[1] = 28
	gives(fields, routed("arp", body))
	refuses(parsed("arp", eth(0x0800, body)))
	for at = 1, 6 do
		refuses(parsed("arp", body:sub(1, at - 1) .. string.char(body:byte(at) ~ 1) .. body:sub(at + 1), 0))
	end
)lua")

/* --- network ---------------------------------------------------------------------------- */

LUA(Packet, Ipv4GivesItsFieldsBehindItsOptions, R"lua(
	local fields = { 34, 17, 0xc0000201, 0xc6336402, 64, 38, 0, false, 0x10, 7 }
	gives(fields, parsed("ipv4", eth(0x0800, ip4(17, "abcd"))))
	gives(fields, parsed("ipv4", eth(0x0800, ip4(17, "abcd")) .. "padding"))
	gives(fields, parsed("ipv4", eth(0x1234, ip4(17, "abcd")), 14))
	refuses(parsed("ipv4", eth(0x1234, ip4(17, "abcd"))))
	for words = 1, 10 do
		local packet = ip4(17, "abcd", { options = ("\0"):rep(4 * words) })
		fields[1], fields[6] = 20 + 4 * words, 24 + 4 * words
		gives(fields, routed("ipv4", packet))
		truncated("ipv4", packet, 20 + 4 * words, 0)
	end
	gives({ 20, 6, 0xc0000201, 0xc6336402, 64, 24, 0x2000 - 8, true, 0x10, 7 }, routed("ipv4", ip4(6, "abcd", { fragment = 0x23ff })))
	gives({ 20, 6, 0xc0000201, 0xc6336402, 64, 24, 65528, false, 0x10, 7 }, routed("ipv4", ip4(6, "abcd", { fragment = 0xdfff })))
)lua")

LUA(Packet, Ipv4ThatLiesIsNone, R"lua(
	for first = 0, 255 do
		local good = first >= 0x45 and first <= 0x4f
		same(parsed("ipv4", ip4(17, ("x"):rep(40), { first = first }), 0), good and (first & 15) * 4 or nil)
	end
	for total = 0, 19 do refuses(parsed("ipv4", ip4(17, "abcd", { total = total }), 0)) end
	refuses(parsed("ipv4", ip4(17, "abcd", { options = ("\0"):rep(8), total = 27 }), 0))
	-- More than there is ends with what there is.
	for _, total in ipairs { 25, 1500, 65535 } do
		same(select(6, parsed("ipv4", ip4(17, "abcd", { total = total }), 0)), 24)
	end
)lua")

LUA(Packet, Ipv6GivesAddressesAsIntegers, R"lua(
	local fields = { 54, 17, 0x20010db800000000, 1, 0x20010db8ffff0000, 2, 63, 58, 0, false, 0x12, 0x34567 }
	gives(fields, parsed("ipv6", eth(0x86dd, ip6(17, "abcd"))))
	gives(fields, parsed("ipv6", eth(0x86dd, ip6(17, "abcd")) .. "padding"))
	gives(fields, parsed("ipv6", eth(0x86dd, ip6(17, "abcd")), 14))
	truncated("ipv6", eth(0x86dd, ip6(17, "")), 54)
	refuses(parsed("ipv6", eth(0x0800, ip6(17, "abcd"))))
	for version = 0, 15 do
		local refused = parsed("ipv6", ip6(17, "abcd", { first = version << 28 }), 0) == nil
		same(refused, version ~= 6)
	end
	same(select(8, parsed("ipv6", ip6(17, "abcd", { total = 65535 }), 0)), 44)
)lua")

LUA(Packet, ExtensionHeadersAreSkipped, R"lua(
	local function header(next, words) return string.char(next, words) .. ("\0"):rep(6 + 8 * words) end
	local function auth(next, words) return string.char(next, words) .. ("\0"):rep(4 * words + 6) end
	local function fragment(next, field) return string.pack(">BBI2I4", next, 0, field, 99) end
	local segment = tcp("data")
	for _, case in ipairs {
		{ 0, header(6, 0) }, { 60, header(6, 3) }, { 43, header(6, 255) }, { 51, auth(6, 1) }, { 51, auth(6, 4) },
		{ 0, header(60, 0) .. header(43, 1) .. header(44, 0) .. fragment(51, 0) .. auth(60, 4) .. header(6, 0) },
		{ 44, fragment(6, 1) }, { 60, header(60, 0):rep(150) .. header(6, 0) },
	} do
		local first, chain = table.unpack(case)
		local packet = ip6(first, chain .. segment)
		local next, protocol = routed("ipv6", packet)
		same(next, 40 + #chain)
		same(protocol, 6)
		same(routed("tcp", packet), 60 + #chain)
		for cut = math.max(0, #chain - 60), #chain - 1 do
			-- as long as the data is, and as long as the packet says
			refuses(parsed("ipv6", packet:sub(1, 40 + cut), 0))
			refuses(parsed("ipv6", ip6(first, chain .. segment, { total = cut }), 0))
			refuses(routed("tcp", ip6(first, chain .. segment, { total = cut })))
		end
	end
	-- What is behind is a part of the data, of which the first fragment has the header.
	local later = ip6(44, fragment(6, 1 << 3 | 1) .. segment)
	gives({ 48, 6, 8, true }, (function(...) local r = { ... } return r[1], r[2], r[9], r[10] end)(routed("ipv6", later)))
	refuses(routed("tcp", later))
	refuses(routed("flow", later))
	-- Even where that looks like one more header
	same(select(2, routed("ipv6", ip6(44, fragment(60, 8) .. header(6, 0) .. segment))), 60)
	-- Options for each hop come first.
	gives({ 48, 0 }, (function(next, protocol) return next, protocol end)(routed("ipv6", ip6(60, header(0, 0) .. header(6, 0) .. segment))))
	refuses(routed("tcp", ip6(60, header(0, 0) .. header(6, 0) .. segment)))
	-- What cannot be looked into, and what is nothing
	for _, protocol in ipairs { 50, 59, 135, 255 } do
		gives({ 40, protocol }, (function(next, protocol) return next, protocol end)(routed("ipv6", ip6(protocol, header(6, 0)))))
	end
)lua")

LUA(Packet, JoinedSegmentsOfTheKernelAreAsLongAsTheyAre, R"lua(
	local payload = ("x"):rep(70000)
	local host = require("host")
	for length, network in pairs { [20] = ip4(6, tcp(payload), { total = 0 }), [40] = ip6(6, tcp(payload), { total = 0 }) } do
		host.pieces(network, 100, function(view)
			gives({ length + 20, 40000, 443, 0x118, 0x81020304, 0x85060708, 1000, 70000 }, packet.tcp(view))
		end, "network")
	end
	host.pieces(ip4(17, udp(payload, { length = 0 }), { total = 0 }), 100, function(view)
		gives({ 28, 40000, 53, 70000 }, packet.udp(view))
	end, "network")
	refuses(routed("tcp", ip4(6, tcp("x"), { total = 0 })))
	refuses(routed("tcp", ip6(6, tcp("x"), { total = 0 })))
)lua")

/* --- transport -------------------------------------------------------------------------- */

LUA(Packet, TcpIsFoundBehindTagsAndBothVersions, R"lua(
	carried(6, tcp("payload"), function(at, frame)
		local fields = { at + 20, 40000, 443, 0x118, 0x81020304, 0x85060708, 1000, 7 }
		gives(fields, parsed("tcp", frame))
		gives(fields, parsed("tcp", frame .. "padding"))
		gives(fields, parsed("tcp", frame, at))
		refuses(parsed("udp", frame))
		refuses(parsed("icmp", frame))
		truncated("tcp", frame, at + 20)
	end)
	-- A fifth tag is one too many.
	local frame = ip4(6, tcp(""))
	for i = 1, 5 do frame = tag(i, i == 1 and 0x0800 or 0x8100, frame) end
	refuses(parsed("tcp", eth(0x8100, frame)))
)lua")

LUA(Packet, TcpEndsItsHeaderWhereItSays, R"lua(
	for words = 0, 15 do
		local segment = tcp(("x"):rep(44), { flags = words << 12 | 2 })
		if words < 5 then
			refuses(routed("tcp", ip4(6, segment)))
		else
			local next, _, _, flags, _, _, _, length = routed("tcp", ip4(6, segment))
			same(next, 20 + 4 * words)
			same(flags, packet.flag.SYN)
			same(length, 64 - 4 * words)
			refuses(routed("tcp", ip4(6, segment, { total = 20 + 4 * words - 1 })))
			truncated("tcp", segment, 4 * words, 0)
		end
	end
	same(select(4, routed("tcp", ip4(6, tcp("", { flags = 0x5fff })))), 0x1ff)
)lua")

LUA(Packet, WhatNobodyTakesMayBeLeftOutAndHooksSeeAll, R"lua(
	local frame = eth(0x0800, ip4(6, tcp("data")))
	require("host").shown(frame, function(view)
		for name, all in pairs { tcp = 8, ipv4 = 10 } do
			local parse, results = packet[name], { packet[name](view) }
			same(#results, all)
			same(select("#", parse(view)), all)
			same(select("#", parse(view, nil)), all)
			local a = parse(view)
			local b, c, d = parse(view)
			local e, f, g, h = parse(view)
			local i, j, k, l, m = parse(view)
			same({ a, b, c, d }, { results[1], results[1], results[2], results[3] })
			same({ e, f, g, h }, { table.unpack(results, 1, 4) })
			same({ i, j, k, l, m }, { table.unpack(results, 1, 5) })
			parse(view)
			-- What a hook may count is there.
			local seen
			debug.sethook(function()
				local info = debug.getinfo(2, "fr")
				if debug.getinfo(2, "S").what == "C" and info.ntransfer > 1 then seen = info.ntransfer end
			end, "r")
			local n = parse(view)
			debug.sethook()
			same(seen, all)
			same(n, results[1])
		end
	end)
)lua")

LUA(Packet, UdpGivesTheLengthThatIsThere, R"lua(
	carried(17, udp("payload"), function(at, frame)
		gives({ at + 8, 40000, 53, 7 }, parsed("udp", frame))
		gives({ at + 8, 40000, 53, 7 }, parsed("udp", frame .. "padding"))
		gives({ at + 8, 40000, 53, 7 }, parsed("udp", frame .. "padding", at))
		refuses(parsed("tcp", frame))
		truncated("udp", frame, at + 8)
		same(select(4, parsed("udp", frame:sub(1, -4))), 4)
	end)
	for length = 0, 7 do refuses(routed("udp", ip4(17, udp("payload", { length = length })))) end
	for length = 8, 15 do same(select(4, routed("udp", ip4(17, udp("payload", { length = length })))), length - 8) end
	for _, length in ipairs { 16, 100, 65535 } do
		same(select(4, parsed("udp", eth(0x0800, ip4(17, udp("payload", { length = length }))) .. "padding")), 7)
	end
)lua")

LUA(Packet, IcmpIsOfItsOwnVersion, R"lua(
	local echo = string.pack(">BBI2I2I2", 8, 3, 0, 0x8001, 2) .. "data"
	gives({ 42, 8, 3, 0x80010002, 1 }, parsed("icmp", eth(0x0800, ip4(1, echo))))
	gives({ 62, 8, 3, 0x80010002, 58 }, parsed("icmp", eth(0x86dd, ip6(58, echo))))
	gives({ 42, 8, 3, 0x80010002 }, parsed("icmp", eth(0x0800, ip4(6, echo)), 34))
	refuses(parsed("icmp", eth(0x0800, ip4(58, echo))))
	refuses(parsed("icmp", eth(0x86dd, ip6(1, echo))))
	truncated("icmp", eth(0x0800, ip4(1, echo)), 42)
	refuses(parsed("icmp", eth(0x0800, ip4(1, echo, { total = 27 }))))
	refuses(parsed("icmp", eth(0x0800, ip4(1, echo, { fragment = 1 }))))
)lua")

LUA(Packet, LaterFragmentsHaveNoTransportHeader, R"lua(
	for _, name in ipairs { "tcp", "udp", "flow", "sni", "dns" } do
		refuses(routed(name, ip4(name == "udp" and 17 or 6, tcp(hello()), { fragment = 1 })))
		refuses(routed(name, ip4(name == "udp" and 17 or 6, tcp(hello()), { fragment = 0x3fff })))
	end
	same(routed("tcp", ip4(6, tcp(""), { fragment = 0x2000 })), 40)
	same(routed("udp", ip4(17, udp("abc", { length = 3000 }), { fragment = 0x2000 })), 28)
)lua")

LUA(Packet, FlowIsOfBothVersionsAndAnyProtocol, R"lua(
	gives({ 54, 6, 0xc0000201, 0xc6336402, 40000, 443 }, parsed("flow", eth(0x0800, ip4(6, tcp("x")))))
	gives({ 62, 17, 0x20010db800000000, 0x20010db8ffff0000, 40000, 53, 1, 2 }, parsed("flow", eth(0x86dd, ip6(17, udp("x")))))
	gives({ 20, 132, 0xc0000201, 0xc6336402, 0, 0 }, routed("flow", ip4(132, "")))
	gives({ 40, 58, 0x20010db800000000, 0x20010db8ffff0000, 0, 0, 1, 2 }, routed("flow", ip6(58, "x")))
	truncated("flow", eth(0x0800, ip4(6, tcp(""))), 54)
	truncated("flow", eth(0x86dd, ip6(17, udp(""))), 62)
	refuses(parsed("flow", eth(0x0806, ("x"):rep(60))))
	refuses(parsed("flow", ("\0"):rep(60)))
	refuses(routed("flow", ""))
	-- An offset has no meaning here.
	same(parsed("flow", eth(0x0800, ip4(6, tcp("x"))), "x"), 54)
)lua")

/* --- any of them ------------------------------------------------------------------------ */

LUA(Packet, OffsetsOutsideAreNil, R"lua(
	local frame = eth(0x0800, ip4(6, tcp(hello())))
	for _, name in ipairs { "ethernet", "vlan", "arp", "ipv4", "ipv6", "icmp", "tcp", "udp", "dns", "question", "answer", "name", "sni" } do
		for _, offset in ipairs { #frame, #frame + 1, #frame - 1, -1, -14, -#frame, 1 << 31, 1 << 32, math.mininteger, math.maxinteger,
					  math.maxinteger - 14 } do
			if name ~= "name" or offset ~= #frame - 1 then refuses(parsed(name, frame, offset)) end
			if name == "question" or name == "answer" or name == "name" then
				refuses(parsed(name, frame, 0, offset))
				refuses(parsed(name, frame, offset, offset))
			end
		end
	end
)lua")

LUA(Packet, WrongArgumentsAreErrors, R"lua(
	local d = require("data").new(64)
	for name, parser in pairs(packet) do
		if type(parser) == "function" and name ~= "ip" and name ~= "mac" then
			fails("data expected, got no value", parser)
			for _, wrong in ipairs { 1, "x", true, {}, print } do fails("data expected, got " .. type(wrong), parser, wrong) end
			fails("data expected, got rcu.table", parser, require("rcu").table())
			if name ~= "flow" then
				for _, wrong in ipairs { "x", "1.5", true, {}, print } do fails("number expected, got", parser, d, wrong) end
			end
		end
	end
	for _, name in ipairs { "question", "answer", "name" } do
		fails("number expected, got no value", packet[name], d)
		fails("number expected, got table", packet[name], d, 0, {})
	end
	same(packet.ethernet(d, "14"), 28)
)lua")

LUA(Packet, ThatIsGoneOrClosedIsAnError, R"lua(
	local kept, pieces
	require("host").shown(eth(0x0800, ip4(6, tcp(""))), function(view) kept = view end)
	require("host").pieces(eth(0x0800, ip4(6, tcp(""))), 20, function(view) pieces = view end)
	local closed do local d <close> = require("data").new(64) closed = d end
	for name, parser in pairs(packet) do
		if type(parser) == "function" and name ~= "ip" and name ~= "mac" then
			fails("the memory is gone", parser, kept, 0)
			fails("the memory is gone", parser, pieces, 0)
			fails("data is closed", parser, closed, 0)
			if name ~= "question" and name ~= "answer" and name ~= "name" then fails("the memory is gone", parser, kept) end
		end
	end
)lua")

LUA(Packet, ThatCannotBeReadIsNil, R"lua(
	local frame = eth(0x0800, ip4(6, tcp(hello())))
	for hand = 0, #frame do
		require("host").pieces(frame, hand, function(view)
			same(packet.tcp(view) ~= nil, hand >= 54)
			same(packet.sni(view) ~= nil, hand >= frame:find("org", 1, true) + 2)
		end, "unreadable")
	end
)lua")

LUA(Packet, NamesItsConstantsAsTheKernelDoes, R"lua(
	same(packet.type.IP, 0x0800)
	same(packet.type["8021Q"], 0x8100)
	same(packet.type.IPV6, 0x86dd)
	same(packet.protocol.TCP, 6)
	same(packet.protocol.ICMPV6, 58)
	same(packet.flag.SYN | packet.flag.ACK, 0x12)
)lua")

/* --- DNS -------------------------------------------------------------------------------- */

LUA(Packet, DnsGivesItsQuestion, R"lua(
	local text = message({ answers = 2, authorities = 3, additionals = 4 }, ask(name("WWW", "Example", "org"), 28))
	local fields = { 42 + #text, "www.example.org", 28, 1, 0x1234, 0x0100, 1, 2, 3, 4 }
	gives(fields, parsed("dns", eth(0x0800, ip4(17, udp(text)))))
	gives(fields, parsed("dns", eth(0x0800, ip4(17, udp(text))), 42))
	gives(fields, parsed("dns", eth(0x0800, ip4(17, udp(text, { source = 5353, port = 9 })))))
	truncated("dns", eth(0x0800, ip4(17, udp(text))), 42 + #text)
	truncated("dns", text, #text, 0)
	refuses(parsed("dns", eth(0x0800, ip4(17, udp(text, { port = 54 })))))
	refuses(parsed("dns", eth(0x0800, ip4(6, tcp(text, { port = 53 })))))
	-- A datagram that ends before the message
	refuses(parsed("dns", eth(0x0800, ip4(17, udp(text, { length = 7 + #text })))))
	refuses(parsed("dns", eth(0x0800, ip4(17, udp(text), { total = 27 + #text })) .. "padding"))
	-- Over TCP, behind two bytes of length
	local stream = eth(0x0800, ip4(6, tcp(string.pack(">s2", text), { port = 53 })))
	local at = parsed("tcp", stream)
	same(select(2, parsed("dns", stream, at + 2)), "www.example.org")
)lua")

LUA(Packet, DnsWithoutAQuestionHasItsCounts, R"lua(
	gives({ 12, nil, nil, nil, 0x1234, 0x8400, 0, 1, 0, 0, n = 10 }, parsed("dns", message { flags = 0x8400, questions = 0, answers = 1 }, 0))
	gives({ 40, nil, nil, nil, 0x1234, 0x0100, 0, 0, 0, 0, n = 10 }, routed("dns", ip4(17, udp(message { questions = 0 }))))
)lua")

LUA(Packet, DnsQuestionsAreWalked, R"lua(
	local text = message({ questions = 3 }, ask(name("a", "example")), ask("\1b" .. pointer(14), 12), ask(name("c"), 255, 3))
	local frame = eth(0x0800, ip4(17, udp(text)))
	local next, first = parsed("dns", frame)
	same(first, "a.example")
	gives({ next + 8, "b.example", 12, 1 }, parsed("question", frame, next))
	gives({ next + 8, "b.example", 12, 1 }, parsed("question", frame, next, 42))
	gives({ #frame, "c", 255, 3 }, parsed("question", frame, next + 8))
	for length = next, next + 7 do refuses(parsed("question", frame:sub(1, length), next)) end
)lua")

LUA(Packet, DnsRecordsAreWalkedWithTheirAddresses, R"lua(
	local owner = pointer(12)
	local records = {
		record(owner, 5, "\5alias" .. pointer(16)),
		record("\5alias" .. pointer(16), 1, "\xc0\0\2\1"),
		record("\5alias" .. pointer(16), 28, "\x20\1\x0d\xb8" .. ("\0"):rep(11) .. "\1", 0x8001),
		record(owner, 1, "\xc0\0\2"), record(owner, 28, "\xc0\0\2\1"), record(owner, 1, "\xc0\0\2\1", 3), record("\0", 41, ""),
	}
	local text = message({ answers = #records }, ask(name("www", "example", "org")), table.concat(records))
	local frame = eth(0x86dd, ip6(17, udp(text)))
	local wanted = {
		{ "www.example.org", 5, 1, 300, 8 }, { "alias.example.org", 1, 1, 300, 4, 0xc0000201 },
		{ "alias.example.org", 28, 0x8001, 300, 16, 0x20010db800000000, 1 },
		{ "www.example.org", 1, 1, 300, 3 }, { "www.example.org", 28, 1, 300, 4 }, { "www.example.org", 1, 3, 300, 4 }, { "", 41, 1, 300, 0 },
	}
	local next = parsed("dns", frame)
	local start = parsed("udp", frame)
	for i, fields in ipairs(wanted) do
		local at, stop = next, next + #records[i]
		table.insert(fields, 1, stop)
		table.insert(fields, 6, stop - fields[6])
		gives(fields, parsed("answer", frame, at))
		gives(fields, parsed("answer", frame, at, start))
		for length = at, stop - 1 do refuses(parsed("answer", frame:sub(1, length), at)) end
		next = stop
	end
	same(next, #frame)
	refuses(parsed("answer", frame, next))
	gives({ start + 33 + 20, "alias.example.org" }, parsed("name", frame, start + 33 + 12))
	same(records[1]:sub(13, 13), "\5")
	-- Data that is longer than the message
	local lying = message({ answers = 1 }, ask(name("a")), name("a") .. string.pack(">I2I2I4I2", 1, 1, 0, 5) .. "abcd")
	refuses(parsed("answer", lying, 19, 0))
)lua")

LUA(Packet, DnsNamesHoldAnyByteAndTellDotsApart, R"lua(
	local bytes = {}
	for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
	local all = table.concat(bytes)
	for from = 1, 256, 63 do
		local label = all:sub(from, from + 62)
		local text = label:gsub("[A-Z]", string.lower):gsub("[.\\]", "\\%0")
		gives({ #label + 2, text }, (function(next, name) return next - 12, name end)(parsed("name", message({}, name(label)), 12, 0)))
	end
	same(select(2, parsed("name", message({}, name("a.b", "c")), 12, 0)), "a\\.b.c")
	same(select(2, parsed("name", message({}, name("a", "b", "c")), 12, 0)), "a.b.c")
	same(select(2, parsed("name", message({}, name()), 12, 0)), "")
	same(select(2, parsed("name", message({}, name("\0")), 12, 0)), "\0")
)lua")

LUA(Packet, DnsNamesAreAtMostAsLongAsTheyMayBe, R"lua(
	local label = ("."):rep(63)
	local longest = name(label, label, label, ("."):rep(61))
	same(#longest, 255)
	same(#select(2, parsed("name", message({}, longest), 12, 0)), 2 * 250 + 3)
	refuses(parsed("name", message({}, name(label, label, label, ("."):rep(62))), 12, 0))
	refuses(parsed("name", message({}, name(label, label, label, label)), 12, 0))
	local many = {}
	for i = 1, 127 do many[i] = "x" end
	same(select(2, parsed("name", message({}, name(table.unpack(many))), 12, 0)), ("x."):rep(126) .. "x")
	many[128] = "x"
	refuses(parsed("name", message({}, name(table.unpack(many))), 12, 0))
	-- Pieces of one that are far apart count together.
	local half = name(label, label)
	local joined = half .. "\63" .. label .. pointer(12)
	refuses(parsed("name", message({}, half, "\63" .. label .. "\63" .. label .. pointer(12)), 12 + #half, 0))
	same(#select(2, parsed("name", message({}, joined), 12 + #half, 0)), 3 * 126 + 2)
	for _, length in ipairs { 64, 100, 127, 128, 191 } do
		refuses(parsed("name", message({}, string.char(length) .. ("x"):rep(300)), 12, 0))
	end
)lua")

LUA(Packet, DnsPointersLeadBackwardsOnly, R"lua(
	refuses(parsed("name", message({}, pointer(12)), 12, 0))
	refuses(parsed("name", message({}, pointer(14), pointer(12)), 12, 0))
	refuses(parsed("name", message({}, pointer(14), pointer(12)), 14, 0))
	refuses(parsed("name", message({}, "\1a" .. pointer(12)), 12, 0))
	refuses(parsed("name", message({}, "\1a" .. pointer(14)), 12, 0))
	refuses(parsed("name", message({}, pointer(0x3fff)), 12, 0))
	refuses(parsed("name", message({}, "\1a" .. pointer(16), "\1b\0"), 12, 0))
	same(select(2, parsed("name", message({}, "\1a\0", "\1b" .. pointer(12)), 15, 0)), "b.a")
	-- A question that points at itself
	refuses(parsed("dns", message({}, ask(pointer(12))), 0))
	refuses(parsed("dns", message({}, ask("\3www" .. pointer(12))), 0))
	-- A chain of pointers ends, too: at a name, or at so many.
	local chain = name("end")
	for i = 0, 200 do
		local at = 12 + #chain - (i == 0 and 5 or 2)
		if i <= 127 then
			gives({ 12 + #chain, "end" }, parsed("name", message({}, chain), at, 0))
		else
			refuses(parsed("name", message({}, chain), at, 0))
		end
		chain = chain .. pointer(at)
	end
)lua")

/* --- TLS -------------------------------------------------------------------------------- */

LUA(Packet, SniIsTheNameInAClientHello, R"lua(
	carried(6, tcp(hello()), function(at, frame)
		gives({ "www.Example.org" }, parsed("sni", frame))
		gives({ "www.Example.org" }, parsed("sni", frame, at + 20))
		refuses(parsed("sni", frame, at))
		-- The message may end elsewhere, the name may not.
		truncated("sni", frame, frame:find("org", 1, true) + 2)
	end)
	truncated("sni", hello(), hello():find("org", 1, true) + 2, 0)
	gives({ "x" }, parsed("sni", hello { name = "x", session = "", suites = "\x13\1", behind = "" }, 0))
	gives({ ("x"):rep(255) }, parsed("sni", hello { name = ("x"):rep(255) }, 0))
	refuses(parsed("sni", hello { name = ("x"):rep(256) }, 0))
	refuses(parsed("sni", hello { name = "" }, 0))
	refuses(parsed("sni", eth(0x0800, ip4(17, udp(hello())))))
	-- Behind what has no end
	gives({ "www.Example.org" }, parsed("sni", hello { suites = ("\x13\1"):rep(8000) }, 0))
	gives({ "z" }, parsed("sni", hello { names = string.pack(">Bs2", 7, "y") .. string.pack(">Bs2", 0, "z") }, 0))
)lua")

LUA(Packet, SniOfWhatIsNoClientHelloIsNone, R"lua(
	for _, fields in ipairs {
		{ content = 23 }, { content = 0 }, { version = 0x0201 }, { version = 0x0401 }, { type = 2 }, { kind = 1 }, { suites = "" },
		{ compression = "" }, { session = ("S"):rep(33) }, { names = string.pack(">Bs2", 1, "name") }, { server = "" }, { server = "\0" },
		{ names = "" },
	} do
		refuses(parsed("sni", hello(fields), 0))
	end
	refuses(parsed("sni", ("\22\3\1"):rep(100), 0))
	refuses(parsed("sni", ("\0"):rep(300), 0))
	refuses(parsed("sni", ("\255"):rep(300), 0))
)lua")

LUA(Packet, SniOfLengthsThatLieIsNone, R"lua(
	local good = hello()
	local record = #good - 5
	-- Too short for what is in it: each one from the outside inwards
	for shorter = 1, record do refuses(parsed("sni", hello { record = record - shorter }, 0)) end
	refuses(parsed("sni", hello { message = record - 3 }, 0))
	refuses(parsed("sni", hello { message = 0xffffff }, 0))
	refuses(parsed("sni", hello { record = 16385 }, 0))
	local name = #"www.Example.org"
	for extension = 0, name + 4 do refuses(parsed("sni", hello { extension = extension }, 0)) end
	for list = 0, name + 2 do refuses(parsed("sni", hello { list = list }, 0)) end
	for extensions = 0, name + 23 do refuses(parsed("sni", hello { extensions = extensions }, 0)) end
	for message = 0, good:find("org", 1, true) - 8 do refuses(parsed("sni", hello { message = message }, 0)) end
	-- A name that ends behind its list, its extension, or the message
	refuses(parsed("sni", hello { names = string.pack(">BI2", 0, name + 1) .. "www.Example.org" }, 0))
	refuses(parsed("sni", hello { names = string.pack(">BI2", 0, 65535) .. "www.Example.org", list = 65535, extension = 65535,
		extensions = 65535 }, 0))
	-- Extensions of no bytes, as many as there may be
	refuses(parsed("sni", hello { kind = 5, server = "", behind = ("\0\5\0\0"):rep(4000) }, 0))
)lua")

/* --- addresses -------------------------------------------------------------------------- */

LUA(Packet, Ipv4AddressesAreText, R"lua(
	for text, address in pairs { ["0.0.0.0"] = 0, ["192.0.2.1"] = 0xc0000201, ["255.255.255.255"] = 0xffffffff, ["1.20.100.9"] = 0x01146409 } do
		gives({ text }, packet.ip(address))
		gives({ address }, packet.ip(text))
	end
	for _, text in ipairs { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ", " 1.2.3.4",
				"1.2.3.4\0", "1.2.3.-4", "1.2.3.1000", "a.b.c.d", "0x1.2.3.4" } do
		refuses(packet.ip(text))
	end
	fails("32 bits", packet.ip, 1 << 32)
	fails("32 bits", packet.ip, -1)
	fails("number expected, got nil", packet.ip, nil)
	fails("number expected, got table", packet.ip, 0, {})
)lua")

LUA(Packet, Ipv6AddressesAreTextOfRfc5952, R"lua(
	for text, address in pairs {
		["::"] = { 0, 0 }, ["::1"] = { 0, 1 }, ["1::"] = { 1 << 48, 0 }, ["2001:db8::1"] = { 0x20010db800000000, 1 },
		["2001:db8:0:1:1:1:1:1"] = { 0x20010db800000001, 0x0001000100010001 }, ["2001:db8::1:0:0:1"] = { 0x20010db800000000, 0x0001000000000001 },
		["2001:0:0:1::1"] = { 0x2001000000000001, 1 }, ["ff02::1:ff00:1234"] = { 0xff02000000000000, 0x00000001ff001234 },
		["1:2:3:4:5:6:7:8"] = { 0x0001000200030004, 0x0005000600070008 },
		["::ffff:192.0.2.1"] = { 0, 0xffffc0000201 }, ["fe80::abcd:ef01:2345:6789"] = { 0xfe80 << 48, 0xabcdef0123456789 },
		["1:2:3:4:5:6:7:0"] = { 0x0001000200030004, 0x0005000600070000 }, ["0:2:3:4:5:6:7:8"] = { 0x0000000200030004, 0x0005000600070008 },
		["1:2:3:4:5:6::"] = { 0x0001000200030004, 0x0005000600000000 },
	} do
		gives({ text }, packet.ip(table.unpack(address)))
		gives(address, packet.ip(text))
		gives(address, packet.ip(text:upper()))
	end
	for text, canonical in pairs { ["0:0:0:0:0:0:0:0"] = "::", ["::0"] = "::", ["1:0::"] = "1::", ["::0001"] = "::1", ["1:2:3:4:5:6:1.2.3.4"] = "1:2:3:4:5:6:102:304",
				       ["::1.2.3.4"] = "::102:304", ["::2:3:4:5:6:7"] = "::2:3:4:5:6:7", ["1:2:3:4:5:6:7::"] = "1:2:3:4:5:6:7:0", ["::2:3:4:5:6:7:8"] = "0:2:3:4:5:6:7:8",
				       ["64:ff9b::192.0.2.33"] = "64:ff9b::c000:221", ["::ffff:0:0"] = "::ffff:0.0.0.0" } do
		gives({ canonical }, packet.ip(packet.ip(text)))
	end
	for _, text in ipairs { ":", ":::", "1", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::",
				"g::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "::1%eth0", "::1 ", "1:::2", "1::2:" } do
		refuses(packet.ip(text))
	end
)lua")

LUA(Packet, LinkAddressesAreText, R"lua(
	gives({ "02:00:5e:10:ab:01" }, packet.mac(0x02005e10ab01))
	gives({ 0x02005e10ab01 }, packet.mac("02:00:5E:10:ab:01"))
	gives({ "00:00:00:00:00:00" }, packet.mac(0))
	gives({ "ff:ff:ff:ff:ff:ff" }, packet.mac((1 << 48) - 1))
	for _, text in ipairs { "", "02", "02:00:5e:10:ab", "02:00:5e:10:ab:01:", "02:00:5e:10:ab:1", "02:00:5e:10:ab:001", "02-00-5e-10-ab-01", "zz:00:5e:10:ab:01" } do
		refuses(packet.mac(text))
	end
	fails("48 bits", packet.mac, 1 << 48)
	fails("48 bits", packet.mac, -1)
	fails("number expected, got table", packet.mac, {})
)lua")
