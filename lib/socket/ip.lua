-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- What socket.inet and socket.inet6 share: sockets whose addresses are text.

local socket = require("socket")

local sock, ipproto = socket.sock, socket.ipproto

---A socket with addresses in text. The field `socket` is the socket itself, which can be handed to other runtimes.
---@class ipsocket
---@field socket userdata
local methods = {}

function methods:close()
	self.socket:close()
end

---@param message string
---@param addr? string
---@param port? integer
---@param flags? integer of socket.msg
---@return integer bytes sent
function methods:send(message, addr, port, flags)
	return self.socket:send(message, self.pack(addr, port, flags))
end

---@param length integer
---@param flags? integer of socket.msg
---@param from? boolean
---@return string, string?, integer? the message; if from, the sender's address and port
function methods:receive(length, flags, from)
	if from then
		return self.unpack(1, self.socket:receive(length, flags, true))
	end
	return self.socket:receive(length, flags)
end

---@param addr string
---@param port integer
function methods:bind(addr, port)
	self.socket:bind(self.pack(addr, port))
end

---@param backlog? integer
function methods:listen(backlog)
	self.socket:listen(backlog)
end

---@param flags? integer of socket.sock
---@return ipsocket
function methods:accept(flags)
	return setmetatable({ socket = self.socket:accept(flags) }, getmetatable(self))
end

---@param addr string
---@param port integer
---@param flags? integer of socket.sock
function methods:connect(addr, port, flags)
	self.socket:connect(self.pack(addr, port, flags))
end

---@return string address
---@return integer port
function methods:getsockname()
	return self.unpack(0, self.socket:getsockname())
end

---@return string address
---@return integer port
function methods:getpeername()
	return self.unpack(0, self.socket:getpeername())
end

---@param timeout? integer milliseconds
function methods:settimeout(timeout)
	self.socket:settimeout(timeout)
end

---@param length integer
---@param flags? integer of socket.msg
---@return string message
---@return string address of the sender
---@return integer port
local function receivefrom(self, length, flags)
	return self:receive(length, flags, true)
end

local ip = {}

---Adds tcp() and udp() to a library.
---@param library table
---@param family integer of socket.af
---@param pack function (text, port, flags): the arguments for the socket; text and port may be nil
---@param unpack function (count, ...): so many values as they are, then the socket's address in text
function ip.complete(library, family, pack, unpack)
	local function maker(type, protocol, more)
		local class = { pack = pack, unpack = unpack }
		for name, method in pairs(methods) do
			class[name] = method
		end
		for name, method in pairs(more) do
			class[name] = method
		end
		local metatable = {
			__index = class,
			-- As the socket's own: others may have it still.
			__close = function(self)
				local _ <close> = self.socket
			end,
		}
		return function(given)
			return setmetatable({ socket = given or socket.new(family, type, protocol) }, metatable)
		end
	end

	---A new socket for connections, or around one that another runtime has handed over.
	---@param given? userdata socket
	---@return ipsocket
	library.tcp = maker(sock.STREAM, ipproto.TCP, {})

	---The same for datagrams.
	---@param given? userdata socket
	---@return ipsocket
	library.udp = maker(sock.DGRAM, ipproto.UDP, { receivefrom = receivefrom })
	return library
end

return ip
