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
local rcu = require("rcu")
local xdp = require("xdp")
local action = require("linux.xdp")

local IPV4 <const>, UDP <const>, DNS <const> = 0x0800, 17, 53
local A <const>, CNAME <const>, OPT <const>, IN <const> = 1, 5, 41, 1
local ETHERNET <const>, UDP_HEADER <const>, DNS_HEADER <const> = 14, 8, 12

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
-- place of a query = "expiry client server ports id, name"
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

-- --- parsing: what is cut short raises "out of bounds" ------------------------------------

-- The offset of the UDP header and of what is behind its payload; nil when the packet is something else.
local function udp_of(packet)
	if packet:getuint16be(12) ~= IPV4 then
		return nil
	end
	local first = packet:getbyte(ETHERNET)
	local header = (first & 15) * 4
	if first >> 4 ~= 4 or header < 20 or packet:getbyte(ETHERNET + 9) ~= UDP or
	   packet:getuint16be(ETHERNET + 6) & 0x3fff ~= 0 then
		return nil -- not IPv4, not UDP, or in fragments
	end
	local udp = ETHERNET + header
	local stop = udp + packet:getuint16be(udp + 4)
	if stop > #packet or stop > ETHERNET + packet:getuint16be(ETHERNET + 2) or stop < udp + UDP_HEADER + DNS_HEADER then
		return nil
	end
	return udp, stop
end

-- The name of the only question, in the form of the wire and in lower case, and where the question ends; nil when
-- it is not for an IPv4 address. A name that points elsewhere, or is too long, is none.
local function question(packet, dns, stop)
	if packet:getuint16be(dns + 4) ~= 1 then
		return nil
	end
	local start = dns + DNS_HEADER
	local at = start
	local length = packet:getbyte(at)
	while length > 0 do
		at = at + 1 + length
		if length > 63 or at - start > 254 or at >= stop then
			return nil
		end
		length = packet:getbyte(at)
	end
	if at + 5 > stop or packet:getuint16be(at + 1) ~= A or packet:getuint16be(at + 3) ~= IN then
		return nil
	end
	return packet:getstring(start, at + 1 - start):lower(), at + 5
end

-- Whether the client wants signatures (RFC 3225), which are not kept here. Anything else behind the question is
-- not understood either.
local function wants_more(packet, dns, at, stop)
	local additional = packet:getuint16be(dns + 10)
	if additional == 0 then
		return false
	end
	return additional > 1 or at + 11 > stop or packet:getbyte(at) ~= 0 or packet:getuint16be(at + 1) ~= OPT or
		packet:getuint16be(at + 7) & 0x8000 ~= 0
end

-- Where the name at this offset ends. Its labels do not matter, so no pointer is followed.
local function skip_name(packet, at)
	local length = packet:getbyte(at)
	while length > 0 do
		if length >= 0xc0 then
			return at + 2
		end
		at = at + 1 + length
		length = packet:getbyte(at)
	end
	return at + 1
end

-- The addresses in the answers, as one string, and the shortest time to live of all.
local function answers(packet, dns, at, stop)
	local addresses, ttl = "", TTL_MAX
	for _ = 1, math.min(packet:getuint16be(dns + 6), RECORDS_MAX) do
		at = skip_name(packet, at)
		local kind, class, record_ttl, length = packet:getuint16be(at), packet:getuint16be(at + 2),
			packet:getuint32be(at + 4), packet:getuint16be(at + 8)
		at = at + 10
		if at + length > stop then
			return ""
		end
		if class == IN and (kind == A and length == 4 or kind == CNAME) then
			-- RFC 2181: what looks negative is zero.
			ttl = math.min(ttl, record_ttl < 1 << 31 and record_ttl or 0)
			if kind == A and #addresses < ADDRESSES_MAX * 4 then
				addresses = addresses .. packet:getstring(at, 4)
			end
		end
		at = at + length
	end
	return addresses, ttl
end

-- --- answering ----------------------------------------------------------------------------

-- The sum of 16-bit words, from an offset to another, with the last byte alone.
local function add_up(packet, from, to, sum)
	while from + 4 <= to do
		sum = sum + packet:getuint32be(from)
		from = from + 4
	end
	if from + 2 <= to then
		sum = sum + packet:getuint16be(from)
		from = from + 2
	end
	return from < to and sum + (packet:getbyte(from) << 8) or sum
end

local function checksum(sum)
	while sum > 0xffff do
		sum = (sum & 0xffff) + (sum >> 16)
	end
	return ~sum & 0xffff
end

-- Makes the query its own response, with these records behind the question.
local function respond(packet, udp, at, count, records)
	local ip, dns, length = ETHERNET, udp + UDP_HEADER, at + #records - udp
	packet:resize(at + #records)
	local macs, addresses, ports = packet:getstring(0, 12), packet:getstring(ip + 12, 8), packet:getstring(udp, 4)
	packet:setstring(0, macs:sub(7, 12) .. macs:sub(1, 6))
	packet:setstring(ip + 12, addresses:sub(5, 8) .. addresses:sub(1, 4))
	packet:setstring(udp, ports:sub(3, 4) .. ports:sub(1, 2))
	packet:setstring(at, records)

	-- A response; what was asked to be recursive is; no error. One question, these answers, nothing else.
	packet:setuint16be(dns + 2, 0x8080 | packet:getuint16be(dns + 2) & 0x0110)
	packet:setuint16be(dns + 6, count)
	packet:setuint16be(dns + 8, 0)
	packet:setuint16be(dns + 10, 0)

	packet:setuint16be(ip + 2, udp - ip + length)
	packet:setbyte(ip + 8, 64)
	packet:setuint16be(ip + 10, 0)
	packet:setuint16be(ip + 10, checksum(add_up(packet, ip, udp, 0)))
	packet:setuint16be(udp + 4, length)
	packet:setuint16be(udp + 6, 0)
	local sum = checksum(add_up(packet, ip + 12, ip + 20, add_up(packet, udp, udp + length, UDP + length)))
	packet:setuint16be(udp + 6, sum ~= 0 and sum or 0xffff)
end

-- The records for addresses, each named by a pointer to the question.
local function records_of(addresses, ttl)
	local records = {}
	for i = 1, #addresses, 4 do
		records[#records + 1] = (">I2 I2 I2 I4 s2"):pack(0xc000 | DNS_HEADER, A, IN, ttl, addresses:sub(i, i + 3))
	end
	return #records, table.concat(records)
end

-- What tells a query from others: client, server, their ports, the identifier.
local function identity(client, server, ports, id)
	return client .. server .. ports .. id
end

local function take_query(packet, udp, stop)
	local ip, dns = ETHERNET, udp + UDP_HEADER
	-- A query (RFC 1035), one question, no records before the additional ones
	if packet:getuint16be(dns + 2) & 0xf800 ~= 0 or packet:getuint32be(dns + 6) ~= 0 then
		return action.PASS
	end
	local name, at = question(packet, dns, stop)
	if not name or wants_more(packet, dns, at, stop) then
		return action.PASS
	end

	local time, entry = now(), cache[place_of(name)]
	if entry then
		local expiry, addresses, known = CACHED:unpack(entry)
		if known == name and expiry > time then
			respond(packet, udp, at, records_of(addresses, expiry - time))
			return action.TX
		end
	end
	local client, server = packet:getstring(ip + 12, 4), packet:getstring(ip + 16, 4)
	local query = identity(client, server, packet:getstring(udp, 4), packet:getstring(dns, 2))
	pending[place_of(query)] = PENDING:pack(time + PATIENCE, query, name)
	return action.PASS
end

-- Only what was asked for is believed: a response to a query that passed here.
local function take_response(packet, udp, stop)
	local ip, dns = ETHERNET, udp + UDP_HEADER
	local ports = packet:getstring(udp, 4)
	local query = identity(packet:getstring(ip + 16, 4), packet:getstring(ip + 12, 4),
		ports:sub(3, 4) .. ports:sub(1, 2), packet:getstring(dns, 2))
	local place = place_of(query)
	local entry = pending[place]
	if not entry then
		return action.PASS
	end
	local expiry, asked, asked_name = PENDING:unpack(entry)
	local time = now()
	-- A response, whole, without an error
	if asked ~= query or expiry < time or packet:getuint16be(dns + 2) & 0xfa0f ~= 0x8000 then
		return action.PASS
	end
	local name, at = question(packet, dns, stop)
	if name ~= asked_name then
		return action.PASS
	end
	pending[place] = nil
	local addresses, ttl = answers(packet, dns, at, stop)
	if #addresses > 0 and ttl > 0 then
		cache[place_of(name)] = CACHED:pack(time + ttl, addresses, name)
	end
	return action.PASS
end

local function judge(packet)
	local udp, stop = udp_of(packet)
	if not udp then
		return action.PASS
	elseif packet:getuint16be(udp + 2) == DNS then
		return take_query(packet, udp, stop)
	elseif packet:getuint16be(udp) == DNS then
		return take_response(packet, udp, stop)
	end
	return action.PASS
end

xdp.attach(function(packet)
	-- What is cut short, or has no room for an answer, passes: nothing of it has been written by then.
	local good, verdict = pcall(judge, packet)
	return good and verdict or action.PASS
end)
