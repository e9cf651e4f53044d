-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- lunatik: softirq percpu
--
-- A DNS cache at XDP: answers queries for IPv4 addresses (type A, over UDP and IPv4) out of a table that all
-- CPUs share, before the network stack sees them. What it does not know passes on to the DNS server behind; the
-- response, when it comes back through an interface that this script is attached to, fills the table.
--
--	lunatik attach examples/dnscache eth0

local environment = require("lunatik")._ENV
local linux = require("linux")
local packet = require("packet")
local rcu = require("rcu")
local xdp = require("xdp")
local action = require("linux.xdp")

local IPV4 <const>, UDP <const>, DNS <const> = packet.type.IP, packet.protocol.UDP, 53
local A <const>, CNAME <const>, OPT <const>, IN <const> = 1, 5, 41, 1
local ETHERNET <const>, DNS_HEADER <const> = 14, 12

local TTL_MAX <const> = 86400     -- seconds that an answer is kept at most
local ADDRESSES_MAX <const> = 8   -- of a name
local RECORDS_MAX <const> = 32    -- of a response that are looked at
local PATIENCE <const> = 5        -- seconds in which a server is to respond

-- Both tables have a fixed number of places, which names and queries share by chance: the latest one has it. So
-- nobody fills the memory by asking.
local PLACES <const> = 4096
local places = {}
for i = 0, PLACES - 1 do
	places[i] = tostring(i)
end

-- place of a name = "expiry addresses name", as CACHED packs it
local CACHED <const> = ">I8 s1 s1"
-- place of a query = "expiry, what tells it from others, name"
local PENDING <const> = ">I8 c14 s1"

local function shared(name)
	environment[name] = environment[name] or rcu.table(PLACES)
	return environment[name]
end
local cache, pending = shared("dnscache"), shared("dnscache_pending")

local function now()
	return linux.time() // 1000000000
end

local function place_of(text)
	local hash = 0
	for i = 1, #text do
		hash = hash * 31 + text:byte(i)
	end
	return places[(hash ~ hash >> 13) & PLACES - 1]
end

-- --- reading ---------------------------------------------------------------------------------

-- Whether this is one question for IPv4 addresses, with its name as it is, and before the message ends.
local function is_plain(dns, at, name, kind, class, questions, stop)
	return questions == 1 and kind == A and class == IN and at == dns + DNS_HEADER + #name + 2 + 4 and at <= stop
end

-- Whether the client wants signatures (RFC 3225), which are not kept here. Anything else behind the question is
-- not understood either.
local function wants_more(frame, dns, at, additional, stop)
	if additional == 0 then
		return false
	end
	local next, name, kind, _, flags = packet.answer(frame, at, dns)
	return additional > 1 or not next or next > stop or name ~= "" or kind ~= OPT or flags & 0x8000 ~= 0
end

-- The addresses that the answers lead to from a name, as one string, and the shortest time to live of all.
local function answers(frame, dns, at, count, name, stop)
	local addresses, ttl = "", TTL_MAX
	for _ = 1, math.min(count, RECORDS_MAX) do
		local next, owner, kind, class, record_ttl, data, _, address = packet.answer(frame, at, dns)
		if not next or next > stop then
			return ""
		end
		if class == IN and owner == name then
			-- RFC 2181: what looks negative is zero.
			if kind == CNAME or address and kind == A then
				ttl = math.min(ttl, record_ttl < 1 << 31 and record_ttl or 0)
			end
			if kind == CNAME then
				_, name = packet.name(frame, data, dns)
			elseif kind == A and address and #addresses < ADDRESSES_MAX * 4 then
				addresses = addresses .. (">I4"):pack(address)
			end
		end
		at = next
	end
	return addresses, ttl
end

-- --- answering ----------------------------------------------------------------------------

-- The sum of 16-bit words, from an offset to another, with the last byte alone.
local function add_up(frame, from, to, sum)
	while from + 4 <= to do
		sum = sum + frame:getuint32be(from)
		from = from + 4
	end
	if from + 2 <= to then
		sum = sum + frame:getuint16be(from)
		from = from + 2
	end
	return from < to and sum + (frame:getbyte(from) << 8) or sum
end

local function checksum(sum)
	while sum > 0xffff do
		sum = (sum & 0xffff) + (sum >> 16)
	end
	return ~sum & 0xffff
end

-- Makes the query its own response, with these records behind the question.
local function respond(frame, udp, at, count, records)
	local ip, dns, length = ETHERNET, udp + 8, at + #records - udp
	frame:resize(at + #records)
	local macs, addresses, ports = frame:getstring(0, 12), frame:getstring(ip + 12, 8), frame:getstring(udp, 4)
	frame:setstring(0, macs:sub(7, 12) .. macs:sub(1, 6))
	frame:setstring(ip + 12, addresses:sub(5, 8) .. addresses:sub(1, 4))
	frame:setstring(udp, ports:sub(3, 4) .. ports:sub(1, 2))
	frame:setstring(at, records)

	-- A response; what was asked to be recursive is; no error. One question, these answers, nothing else.
	frame:setuint16be(dns + 2, 0x8080 | frame:getuint16be(dns + 2) & 0x0110)
	frame:setuint16be(dns + 6, count)
	frame:setuint16be(dns + 8, 0)
	frame:setuint16be(dns + 10, 0)

	frame:setuint16be(ip + 2, udp - ip + length)
	frame:setbyte(ip + 8, 64)
	frame:setuint16be(ip + 10, 0)
	frame:setuint16be(ip + 10, checksum(add_up(frame, ip, udp, 0)))
	frame:setuint16be(udp + 4, length)
	frame:setuint16be(udp + 6, 0)
	local sum = checksum(add_up(frame, ip + 12, ip + 20, add_up(frame, udp, udp + length, UDP + length)))
	frame:setuint16be(udp + 6, sum ~= 0 and sum or 0xffff)
end

-- The records for addresses, each named by a pointer to the question.
local function records_of(addresses, ttl)
	local records = {}
	for i = 1, #addresses, 4 do
		records[#records + 1] = (">I2 I2 I2 I4 s2"):pack(0xc000 | DNS_HEADER, A, IN, ttl, addresses:sub(i, i + 3))
	end
	return #records, table.concat(records)
end

-- What tells a query from others
local function identity(client, server, client_port, server_port, id)
	return (">I4 I4 I2 I2 I2"):pack(client, server, client_port, server_port, id)
end

local function take_query(frame, udp, dns, stop, client, server, port)
	local at, name, kind, class, id, flags, questions, count, authority, additional = packet.dns(frame, dns)
	-- A query (RFC 1035), with nothing but its question, and perhaps what is additional
	if not at or flags & 0xf800 ~= 0 or count + authority > 0 or
	   not is_plain(dns, at, name, kind, class, questions, stop) or wants_more(frame, dns, at, additional, stop) then
		return action.PASS
	end
	local time, entry = now(), cache[place_of(name)]
	if entry then
		local expiry, addresses, known = CACHED:unpack(entry)
		if known == name and expiry > time then
			respond(frame, udp, at, records_of(addresses, expiry - time))
			return action.TX
		end
	end
	local query = identity(client, server, port, DNS, id)
	pending[place_of(query)] = PENDING:pack(time + PATIENCE, query, name)
	return action.PASS
end

-- Only what was asked for is believed: a response to a query that passed here.
local function take_response(frame, dns, stop, server, client, port)
	local at, name, kind, class, id, flags, questions, count = packet.dns(frame, dns)
	-- A response, whole, without an error
	if not at or flags & 0xfa0f ~= 0x8000 or not is_plain(dns, at, name, kind, class, questions, stop) then
		return action.PASS
	end
	local query, time = identity(client, server, port, DNS, id), now()
	local place = place_of(query)
	local entry = pending[place]
	if not entry or entry ~= PENDING:pack((PENDING:unpack(entry)), query, name) or PENDING:unpack(entry) < time then
		return action.PASS
	end
	pending[place] = nil
	local addresses, ttl = answers(frame, dns, at, count, name, stop)
	if #addresses > 0 and ttl > 0 then
		cache[place_of(name)] = CACHED:pack(time + ttl, addresses, name)
	end
	return action.PASS
end

local function judge(frame)
	local _, kind = packet.ethernet(frame)
	if kind ~= IPV4 then
		return action.PASS
	end
	local udp, protocol, source, destination, _, stop, fragment, more = packet.ipv4(frame, ETHERNET)
	if not udp or protocol ~= UDP or fragment > 0 or more then
		return action.PASS
	end
	local dns, from, to, length = packet.udp(frame, udp)
	if not dns or dns + length > stop then
		return action.PASS
	elseif to == DNS then
		return take_query(frame, udp, dns, dns + length, source, destination, from)
	elseif from == DNS then
		return take_response(frame, dns, dns + length, source, destination, to)
	end
	return action.PASS
end

xdp.attach(function(frame)
	-- What has no room for an answer passes: nothing of it has been written by then.
	local good, verdict = pcall(judge, frame)
	return good and verdict or action.PASS
end)
