-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- The library fifo: bytes and messages through a queue, also between contexts and CPUs.
local completion = require("completion")
local fifo = require("fifo")
local linux = require("linux")
local lunatik = require("lunatik")
local rcu = require("rcu")
local thread = require("thread")
local check = require("tests.lib.check")

local equal, fails, task = check.equal, check.fails, check.task

local function pops(f, size, bytes)
	local got, count = f:pop(size)
	equal(got, bytes)
	equal(count, #bytes)
end

return {
	["pop() takes what push() put in, in that order, zeros too"] = function()
		local f = fifo.new(64)
		f:push("hello")
		f:push("\0world\0")
		pops(f, 3, "hel")
		pops(f, 9, "lo\0world\0")
	end,
	["pop() of more than there is takes what is there, and of nothing is an empty string and 0"] = function()
		local f = fifo.new(8)
		pops(f, 8, "")
		f:push("abc")
		pops(f, 0, "")
		pops(f, 1 << 60, "abc")
		pops(f, 1, "")
	end,
	["bytes that go round the end of the buffer stay in order"] = function()
		local f = fifo.new(8)
		for i = 0, 99 do
			local bytes = ("%05d"):format(i)
			f:push(bytes)
			pops(f, 5, bytes)
		end
	end,
	["push() beyond the room is an error that tells it, and puts nothing in"] = function()
		local f = fifo.new(8)
		f:push("12345")
		fails("the fifo has no room for 4 bytes, but for 3", f.push, f, "6789")
		f:push("678")
		fails("no room for 1 bytes, but for 0", f.push, f, "9")
		f:push("")
		pops(f, 99, "12345678")
	end,
	["new() rounds the size up to a power of two"] = function()
		local f = fifo.new(5)
		f:push("12345678")
		fails("no room", f.push, f, "9")
	end,
	["receive() takes whole messages of send(), and nil when there is none"] = function()
		local f = fifo.new(64)
		equal(f:receive(), nil)
		f:send("one")
		f:send("")
		f:send(("x"):rep(20))
		equal(f:receive(), "one")
		equal(f:receive(), "")
		equal(f:receive(), ("x"):rep(20))
		equal(f:receive(), nil)
	end,
	["send() frames as string.pack() does"] = function()
		local f = fifo.new(64)
		f:send("frame")
		pops(f, 64, string.pack("s", "frame"))
		f:push(string.pack("s", "by hand"))
		equal(f:receive(), "by hand")
	end,
	["send() needs room for the frame, too"] = function()
		local f = fifo.new(16)
		fails("no room for 9 bytes, but for 16", f.send, f, ("x"):rep(9))
		f:send(("x"):rep(8))
		fails("no room", f.send, f, "")
		equal(f:receive(), ("x"):rep(8))
	end,
	["receive() of what is no message is an error, whatever its frame says"] = function()
		for _, bytes in ipairs { "x", ("\255"):rep(8), string.pack("T", 1), string.pack("T", 1 << 62) .. "abc" } do
			local f = fifo.new(64)
			f:push(bytes)
			fails("malformed message", f.receive, f)
		end
	end,
	["a size out of range is an error"] = function()
		for _, size in ipairs { 0, -1, (1 << 20) + 1, math.mininteger, math.maxinteger } do
			fails("size out of range", fifo.new, size)
		end
		fails("negative size", fifo.new(1).pop, fifo.new(1), -1)
		fails("number expected", fifo.new)
		fails("string expected", fifo.new(1).push, fifo.new(1), {})
	end,
	["the largest one takes as many bytes as it says"] = function()
		local f = fifo.new(1 << 20)
		local bytes = ("0123456789abcdef"):rep(1 << 16)
		f:push(bytes)
		pops(f, 1 << 20, bytes)
	end,
	["it counts in the memory of its script"] = function()
		local runtime = lunatik.runtime("tests/scripts/task", "process memory=1M")
		runtime:resume("local fifo = require('fifo') local f = {} for i = 1, 16 do f[i] = fifo.new(1 << 17) end")
		fails("not enough memory", runtime.resume, runtime)
		runtime:stop()
	end,
	["a closed one is an error, and others keep it"] = function()
		local f = fifo.new(16)
		local runtime = task("process", "local f = ... f:push('kept') coroutine.yield() return f:pop(4)", f)
		runtime:resume()
		f:close()
		fails("fifo is closed", f.push, f, "x")
		equal(runtime:resume(), "kept")
		runtime:stop()
	end,
	["runtimes of all contexts put in what one takes out"] = function()
		local f = fifo.new(64)
		for _, context in ipairs { "process", "softirq", "hardirq" } do
			local runtime = task(context, "local f = ... f:send('from ' .. (f:pop(9))) return f:receive()", f)
			f:push(context)
			equal(runtime:resume(), "from " .. context)
			runtime:stop()
		end
	end,
	["messages of several threads come whole, and each once"] = function()
		local f, done, results = fifo.new(256), completion.new(), rcu.table(16)
		local threads = {}
		for sender = 1, 2 do
			threads[sender] = thread.run(task("process", [[
				local f, done, sender = ...
				for i = 1, 300 do
					local message = ("%d %d "):format(sender, i)
					message = message .. message:rep(i % 7)
					while not pcall(f.send, f, message) do linux.schedule(1) end
				end
				done:complete()
			]], f, done, sender), "sender")
		end
		for receiver = 1, 2 do
			threads[2 + receiver] = thread.run(task("process", [[
				local f, done, results, receiver = ...
				local count, bad = 0, 0
				while true do
					local message = f:receive()
					if message == "end" then break end
					if message then
						local sender, i = message:match("^(%d+) (%d+) ")
						count = count + 1
						local part = ("%d %d "):format(sender, i)
						if message ~= part .. part:rep(i % 7) then bad = bad + 1 end
					else
						linux.schedule(1)
					end
				end
				results["count" .. receiver], results["bad" .. receiver] = count, bad
				done:complete()
			]], f, done, results, receiver), "receiver")
		end
		assert(done:wait(20000) and done:wait(20000), "the senders did not end")
		for _ = 1, 2 do
			while not pcall(f.send, f, "end") do linux.schedule(1) end
		end
		assert(done:wait(20000) and done:wait(20000), "the receivers did not end")
		equal(results.bad1 + results.bad2, 0)
		equal(results.count1 + results.count2, 600)
		for _, t in ipairs(threads) do
			t:stop()
		end
	end,
}
