-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library socket: each family, what waits and how it ends, what is refused.
local completion = require("completion")
local linux = require("linux")
local lunatik = require("lunatik")
local rcu = require("rcu")
local socket = require("socket")
local thread = require("thread")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task
local af, sock, ipproto, msg = socket.af, socket.sock, socket.ipproto, socket.msg

local localhost <const> = 0x7f000001
local millisecond <const> = 1000000

local function tcp()
	return socket.new(af.INET, sock.STREAM, ipproto.TCP)
end

local function udp()
	return socket.new(af.INET, sock.DGRAM, ipproto.UDP)
end

-- A socket that listens, and its port.
local function listener()
	local server = tcp()
	server:bind(localhost, 0)
	server:listen()
	local _, port = server:getsockname()
	return server, port
end

-- Both ends of a connection, and what it was made with.
local function connection()
	local server <close>, port = listener()
	local client = tcp()
	client:connect(localhost, port)
	return client, server:accept()
end

-- The same of af.UNIX.
local function local_connection()
	local name = "\0lunatik-tests-" .. linux.random(1 << 40)
	local server <close>, client = socket.new(af.UNIX, sock.STREAM), socket.new(af.UNIX, sock.STREAM)
	server:bind(name)
	server:listen()
	client:connect(name)
	return client, server:accept()
end

-- The error of f(...) is just this name.
local function raises(name, f, ...)
	local good, message = pcall(f, ...)
	equal(good, false)
	equal(message, name)
end

-- Milliseconds that f took.
local function timed(f, ...)
	local start = linux.time()
	f(...)
	return (linux.time() - start) // millisecond
end

-- A thread that runs the source, whose arguments are `results`, `started` and these; it is to complete `started`
-- before it waits. The result of pcall() in `waits` comes as results.good and results.what.
local function start(source, ...)
	local results, started = rcu.table(8), completion.new()
	local runtime = task("process", "local results, started, s = ... local function waits(f, ...) started:complete() " ..
		"local good, what = pcall(f, ...) results.good, results.what = good, what end " .. source,
		results, started, ...)
	local t = thread.run(runtime, "waiter")
	assert(started:wait(5000), "the thread did not start")
	linux.schedule(50)
	return t, results, runtime
end

local function await(results)
	for _ = 1, 100 do
		if results.good ~= nil then
			return results.what
		end
		linux.schedule(10)
	end
	error("it still waits", 2)
end

-- What waits, by its method
local function waiting()
	local server = listener()
	local client, peer = connection()
	local full, reader = local_connection()
	full:settimeout(0)
	full:send(("x"):rep(1 << 20))
	full:settimeout()
	return {
		accept = { server, "waits(s.accept, s)" },
		receive = { client, "waits(s.receive, s, 10)", peer },
		send = { full, "waits(s.send, s, ('x'):rep(1 << 20))", reader },
	}
end


return {
	["a message goes there and back over TCP"] = function()
		local client, peer = connection()
		equal(client:send("hello"), 5)
		equal(peer:receive(100), "hello")
		equal(peer:send("zero\0inside"), 11)
		equal(client:receive(100), "zero\0inside")
	end,
	["receive() returns an empty string at the end of a stream"] = function()
		local client, peer = connection()
		client:close()
		equal(peer:receive(10), "")
	end,
	["receive() returns at most its length, the rest later"] = function()
		local client, peer = connection()
		client:send("abcdef")
		equal(peer:receive(4), "abcd")
		equal(peer:receive(4), "ef")
		client:send("x")
		equal(peer:receive(0), "")
		equal(peer:receive(1), "x")
	end,
	["receive() of the longest length, and send() of more than fits, transfer every byte"] = function()
		local client, peer = connection()
		local sender = task("process", "local s = ... s:send(('0123456789abcdef'):rep(65536))", client)
		local t = thread.run(sender, "sender")
		local all = peer:receive(1 << 20, msg.WAITALL)
		equal(#all, 1 << 20)
		equal(all, ("0123456789abcdef"):rep(65536))
		t:stop()
	end,
	["receive(WAITALL) waits for the whole, or the end of the stream"] = function()
		local client, peer = connection()
		local t = start("started:complete() s:send('abc') linux.schedule(100) s:send('def') s:close()", client)
		equal(peer:receive(4, msg.WAITALL), "abcd")
		equal(peer:receive(4, msg.WAITALL), "ef")
		t:stop()
	end,
	["receive(PEEK) leaves the message"] = function()
		local client, peer = connection()
		client:send("abc")
		equal(peer:receive(2, msg.PEEK), "ab")
		equal(peer:receive(3), "abc")
	end,
	["receive(TRUNC) returns no memory of the kernel's, and never more than its length"] = function()
		local client, peer = connection()
		client:send("abcdef")
		equal(peer:receive(4, msg.TRUNC), "\0\0\0\0")
		equal(peer:receive(4), "ef")
		local a, b = udp(), udp()
		a:bind(localhost, 0)
		b:connect(a:getsockname())
		b:send("abcdef")
		equal(a:receive(4, msg.TRUNC), "abcd")
	end,
	["addresses of connections are told"] = function()
		local client, peer = connection()
		local ip, port = client:getsockname()
		equal(ip, localhost)
		local from, from_port = peer:getpeername()
		equal(from, ip)
		equal(from_port, port)
		client:send("x")
		local message, where, port_again = peer:receive(1, 0, true)
		equal(message, "x")
		equal(where, localhost)
		equal(port_again, port)
	end,
	["UDP: the sender is told, and can be answered"] = function()
		local a, b = udp(), udp()
		a:bind(localhost, 0)
		local _, port = a:getsockname()
		equal(b:send("ping", localhost, port), 4)
		local message, ip, from = a:receive(100, 0, true)
		equal(message, "ping")
		equal(ip, localhost)
		a:send("pong", ip, from)
		equal(b:receive(100), "pong")
	end,
	["UDP: a datagram that is longer is cut, and an empty one is one"] = function()
		local a, b = udp(), udp()
		a:bind(localhost, 0)
		b:connect(a:getsockname())
		b:send("abcdef")
		b:send("")
		b:send("next")
		equal(a:receive(3), "abc")
		equal(a:receive(3), "")
		equal(a:receive(9), "next")
	end,
	["UDP: a datagram too large is EMSGSIZE"] = function()
		local a = udp()
		raises("EMSGSIZE", a.send, a, ("x"):rep(70000), localhost, 9)
	end,
	["IPv6: addresses are 16 bytes, a port and a scope"] = function()
		local loopback = ("\0"):rep(15) .. "\1"
		local server = socket.new(af.INET6, sock.STREAM, ipproto.TCP)
		server:bind(loopback, 0)
		server:listen()
		local ip, port, scope = server:getsockname()
		equal(ip, loopback)
		equal(scope, 0)
		local client = socket.new(af.INET6, sock.STREAM, ipproto.TCP)
		client:connect(loopback, port, 0)
		local peer = server:accept()
		client:send("six")
		local message, from = peer:receive(9, 0, true)
		equal(message, "six")
		equal(from, loopback)
		local a, b = socket.new(af.INET6, sock.DGRAM), socket.new(af.INET6, sock.DGRAM)
		a:bind(loopback, 0)
		_, port = a:getsockname()
		b:send("datagram", loopback, port)
		equal(a:receive(9), "datagram")
	end,
	["UNIX: paths and abstract names, streams and datagrams"] = function()
		local name = "\0lunatik-tests-" .. linux.random(1 << 40)
		local server = socket.new(af.UNIX, sock.STREAM)
		equal(server:getsockname(), "")
		server:bind(name)
		equal(server:getsockname(), name)
		server:listen()
		local client = socket.new(af.UNIX, sock.STREAM)
		client:connect(name)
		local peer = server:accept()
		client:send("unix")
		equal(peer:receive(9), "unix")
		equal(client:getpeername(), name)
		local a, b = socket.new(af.UNIX, sock.DGRAM), socket.new(af.UNIX, sock.DGRAM)
		local path = "/tmp/lunatik-tests-" .. linux.random(1 << 40)
		a:bind(path)
		equal(a:getsockname(), path)
		b:send("by path", path)
		local message, from = a:receive(99, 0, true)
		equal(message, "by path")
		equal(from, nil)
	end,
	["UNIX: connect() waits while the server's queue is full"] = function()
		local name = "\0lunatik-tests-" .. linux.random(1 << 40)
		local server, first, second = socket.new(af.UNIX, sock.STREAM), socket.new(af.UNIX, sock.STREAM),
			socket.new(af.UNIX, sock.STREAM)
		server:bind(name)
		server:listen(0)
		first:connect(name)
		raises("EAGAIN", second.connect, second, name, sock.NONBLOCK)
		local t, results = start("waits(s.connect, s, ({...})[4])", second, name)
		equal(results.good, nil)
		local peer = server:accept()
		await(results)
		equal(results.good, true)
		t:stop()
	end,
	["PACKET: frames come with the address of their link"] = function()
		local sniffer = socket.new(af.PACKET, sock.RAW, linux.hton16(0x0003))
		local a = udp()
		a:send("\xca\xfe\xba\xbe-tests", localhost, 9)
		sniffer:settimeout(2000)
		repeat
			local frame, from = sniffer:receive(65550, 0, true)
			local protocol, index, hardware, kind, length = string.unpack(">I2=i4I2BB", from)
			if protocol == 0x0800 and frame:find("\xca\xfe\xba\xbe-tests", 1, true) then
				equal(index, 1)
				equal(hardware, 772)
				equal(length, 6)
				equal(frame:sub(1, 14), ("\0"):rep(12) .. "\8\0")
				break
			end
		until false
		local bound = socket.new(af.PACKET, sock.RAW)
		bound:bind(string.pack(">I2=i4", 0x0003, 1))
		equal(string.unpack("=i4", bound:getsockname(), 3), 1)
	end,
	["NETLINK: a request that needs a process' rights is judged by the script's"] = function()
		local route = socket.new(af.NETLINK, sock.RAW, 0)
		-- RTM_NEWLINK with ACK, of an interface that is not there: ENODEV, not a crash
		route:send(string.pack("=I4I2I2I4I4 I1I1I2i4I4I4", 32, 16, 5, 1, 0, 0, 0, 0, 1 << 20, 0, 0))
		local answer = route:receive(4096)
		equal(string.unpack("=I2", answer, 5), 2)
		equal(string.unpack("=i4", answer, 17), -19)
	end,

	["DONTWAIT and NONBLOCK never wait, timeouts of 0 neither"] = function()
		local client, _ = connection()
		raises("EAGAIN", client.receive, client, 1, msg.DONTWAIT)
		client:settimeout(0)
		raises("EAGAIN", client.receive, client, 1)
		local server, port = listener()
		raises("EAGAIN", server.accept, server, sock.NONBLOCK)
		local other = socket.new(af.INET, sock.STREAM | sock.NONBLOCK, ipproto.TCP)
		local good, why = pcall(other.connect, other, localhost, port)
		assert(good or why == "EINPROGRESS", why)
		local accepted = server:accept(sock.NONBLOCK)
		raises("EAGAIN", accepted.receive, accepted, 1)
		raises("EAGAIN", other.receive, other, 1)
		other, accepted = local_connection()
		assert(other:send(("x"):rep(1 << 20), nil, msg.DONTWAIT) < 1 << 20)
		raises("EAGAIN", other.send, other, "x", nil, msg.DONTWAIT)
	end,
	["a timeout ends the wait when it has elapsed, not before; none takes it away"] = function()
		local client, peer = connection()
		client:settimeout(150)
		local took = timed(raises, "EAGAIN", client.receive, client, 1)
		assert(took >= 140 and took < 1000, took)
		local server = listener()
		server:settimeout(50)
		raises("EAGAIN", server.accept, server)
		client:settimeout()
		local t, results = start("waits(s.receive, s, 1)", client)
		linux.schedule(100)
		equal(results.good, nil)
		peer:send("x")
		equal(await(results), "x")
		t:stop()
	end,
	["connect() to a port that nobody has is ECONNREFUSED"] = function()
		local client = tcp()
		local server, port = listener()
		server:close()
		raises("ECONNREFUSED", client.connect, client, localhost, port)
	end,
	["stop() of a thread ends its accept(), receive() and send() at once"] = function()
		for name, what in pairs(waiting()) do
			local t, results = start(what[2], what[1])
			equal(results.good, nil)
			local took = timed(t.stop, t)
			assert(took < 900, name .. " took " .. took .. " ms")
			equal(results.good, false)
			equal(results.what, "EINTR")
		end
	end,
	["stop() of a runtime ends what its thread waits for"] = function()
		for name, what in pairs(waiting()) do
			local t, results, runtime = start(what[2], what[1])
			local took = timed(runtime.stop, runtime)
			assert(took < 900, name .. " took " .. took .. " ms")
			equal(results.what, "EINTR")
			t:stop()
		end
	end,
	["close() in one runtime ends what waits in another, and is known there from then on"] = function()
		for _, what in pairs(waiting()) do
			local t, results = start(what[2] .. " results.later = select(2, pcall(s.getsockname, s))", what[1])
			local took = timed(what[1].close, what[1])
			assert(took < 900, took)
			equal(await(results), "EBADF")
			linux.schedule(20)
			equal(results.later, "EBADF")
			t:stop()
		end
	end,
	["close() while another receives, again and again"] = function()
		for _ = 1, 20 do
			local client, peer = connection()
			local runtime = task("process", "local s = ... while pcall(s.receive, s, 1) do end", client)
			local t = thread.run(runtime, "receiver")
			peer:send("x")
			client:close()
			t:stop()
		end
	end,
	["two runtimes receive from one socket, each message once"] = function()
		local a = udp()
		a:bind(localhost, 0)
		local source = "while true do local good, m = pcall(s.receive, s, 9) if not good then break end results[m] = true end"
		local one, first = start("started:complete() " .. source, a)
		local two, second = start("started:complete() " .. source, a)
		local b = udp()
		b:connect(a:getsockname())
		for i = 1, 30 do
			b:send(tostring(i))
		end
		linux.schedule(200)
		one:stop()
		two:stop()
		for i = 1, 30 do
			equal((first[tostring(i)] or false) ~= (second[tostring(i)] or false), true)
		end
	end,
	["a socket handed over lives as long as somebody has it"] = function()
		local server, port = listener()
		local client = tcp()
		client:connect(localhost, port)
		local peer = server:accept()
		local keeper = task("process", "local s = ... coroutine.yield() s:send('kept')", peer)
		keeper:resume()
		do local x <close> = peer end
		keeper:resume()
		equal(client:receive(9), "kept")
		keeper:stop()
		equal(client:receive(9), "")
	end,
	["a socket that is not kept is closed by the collector"] = function()
		local client = connection()
		collectgarbage()
		collectgarbage()
		client:settimeout(2000)
		equal(client:receive(1), "")
	end,
	["the port of a closed server is free at once, also with connections left"] = function()
		local server, port = listener()
		local client = tcp()
		client:connect(localhost, port)
		local peer = server:accept()
		peer:close()
		server:close()
		client:close()
		for _ = 1, 5 do
			server = tcp()
			server:bind(localhost, port)
			server:listen()
			server:close()
		end
	end,
	["a runtime that is stopped closes its sockets"] = function()
		local server, port = listener()
		local runtime = task("process", [[
			local socket = require("socket")
			s = socket.new(socket.af.INET, socket.sock.STREAM)
			s:connect(0x7f000001, ...)
		]], port)
		runtime:resume()
		local peer = server:accept()
		runtime:stop()
		equal(peer:receive(1), "")
	end,
	["sockets count in the script's memory"] = function()
		local runtime = lunatik.runtime("tests/scripts/task", "process memory=256K")
		runtime:resume([[
			local socket = require("socket")
			local all = {}
			for i = 1, 1000 do all[i] = socket.new(socket.af.INET, socket.sock.DGRAM) end
		]])
		fails("not enough memory", runtime.resume, runtime)
		runtime = lunatik.runtime("tests/scripts/task", "process memory=256K")
		runtime:resume([[
			local socket = require("socket")
			for i = 1, 200 do socket.new(socket.af.INET, socket.sock.DGRAM) end
			local s = socket.new(socket.af.INET, socket.sock.DGRAM)
			s:receive(1 << 20)
		]])
		fails("not enough memory", runtime.resume, runtime)
	end,

	["errors are the names of errnos"] = function()
		raises("EAFNOSUPPORT", socket.new, af.MAX, sock.STREAM, 0)
		raises("EPROTONOSUPPORT", socket.new, af.INET, sock.STREAM, ipproto.UDP)
		raises("EINVAL", socket.new, af.INET, 15, 0)
		local server, port = listener()
		local other = tcp()
		raises("EADDRINUSE", other.bind, other, localhost, port)
		raises("EADDRNOTAVAIL", other.bind, other, 0x01020304, 0)
		raises("ENOTCONN", other.receive, other, 1)
		raises("EPIPE", other.send, other, "x")
		raises("ENOTCONN", other.getpeername, other)
		raises("EINVAL", other.accept, other)
		local datagrams = udp()
		raises("EOPNOTSUPP", datagrams.listen, datagrams)
		raises("EDESTADDRREQ", datagrams.send, datagrams, "x")
		raises("EISCONN", function()
			local client = tcp()
			client:connect(localhost, port)
			client:connect(localhost, port)
		end)
		local unix = socket.new(af.UNIX, sock.STREAM)
		raises("ENOENT", unix.connect, unix, "/no/such/path")
		raises("ECONNREFUSED", unix.connect, unix, "\0lunatik-nobody")
		raises("EINVAL", unix.bind, unix, ("x"):rep(126))
	end,
	["arguments out of range are refused in one line"] = function()
		local s, six, unix = udp(), socket.new(af.INET6, sock.DGRAM), socket.new(af.UNIX, sock.DGRAM)
		for _, length in ipairs { -1, (1 << 20) + 1, math.maxinteger, math.mininteger } do
			fails("length out of range (0 to 1048576)", s.receive, s, length)
		end
		fails("number expected, got no value", s.receive, s)
		fails("string expected, got no value", s.send, s)
		fails("string expected, got table", s.send, s, {})
		for _, address in ipairs { -1, 1 << 32 } do
			fails("IPv4 address out of range", s.bind, s, address, 1)
		end
		for _, port in ipairs { -1, 65536 } do
			fails("port out of range (0 to 65535)", s.bind, s, localhost, port)
			fails("port out of range (0 to 65535)", s.send, s, "x", localhost, port)
		end
		fails("number expected, got string", s.connect, s, "localhost", 1)
		fails("number expected, got no value", s.connect, s, localhost)
		fails("an IPv6 address has 16 bytes", six.connect, six, "::1", 1)
		fails("scope out of range", six.bind, six, ("\0"):rep(16), 1, -1)
		fails("the address is too long", unix.bind, unix, ("x"):rep(127))
		fails("flags out of range", s.receive, s, 1, -1)
		fails("flags out of range", s.receive, s, 1, 1 << 31)
		fails("backlog out of range", s.listen, s, -1)
		fails("timeout out of range", s.settimeout, s, -1)
		fails("timeout out of range", s.settimeout, s, 1 << 31)
		fails("family out of range", socket.new, -1, 1)
		fails("type out of range", socket.new, 2, 1 << 31)
		fails("protocol out of range", socket.new, 2, 1, -1)
		fails("number expected, got no value", socket.new, 2)
	end,
	["a closed socket is one no more"] = function()
		local s = udp()
		s:close()
		for _, method in ipairs { "close", "receive", "send", "bind", "listen", "accept", "connect", "getsockname",
			"getpeername", "settimeout" } do
			fails("socket is closed", s[method], s, 1, 1)
		end
	end,
	["sockets are for process runtimes"] = function()
		for _, context in ipairs { "softirq", "hardirq" } do
			local runtime = task(context, "local s = ... s:receive(1)")
			fails("nil, boolean, integer, string or shared object", runtime.resume, runtime, {})
			fails("may sleep", function()
				local shared = rcu.table(4)
				shared.s = udp()
				local inside = task(context, "local t = ... return t.s", shared)
				inside:resume()
			end)
		end
	end,
	["a message handler finds no socket that was not made"] = function()
		local seen = 0
		xpcall(socket.new, function()
			for level = 1, 10 do
				if not debug.getinfo(level) then break end
				for i = 1, 10 do
					local name, value = debug.getlocal(level, i)
					if name and type(value) == "userdata" then
						seen = seen + 1
						pcall(value.receive, value, 1)
					end
				end
			end
		end, af.MAX, sock.STREAM, 0)
		equal(seen, 0)
	end,
	["the constants are the kernel's, and the same in linux.socket"] = function()
		equal(af.INET, 2)
		equal(af.LOCAL, af.UNIX)
		equal(af.PACKET, 17)
		equal(af.DEC, 12)
		equal(sock.NONBLOCK, 2048)
		equal(ipproto.MPTCP, 262)
		equal(msg.DONTWAIT, 64)
		equal(msg.SENDPAGE_NOTLAST, 0x20000)
		equal(msg.EOF, msg.FIN)
		local alone = require("linux.socket")
		equal(alone.af, af)
		equal(alone.msg, msg)
	end,
}
