-- SPDX-License-Identifier: MIT OR GPL-2.0-only
-- Which servers are blocked: what sni.lua and nf_sni.lua share.

local blocked = {
	["blocked.example"] = true,
	["ebpf.io"] = true,
}

local common = {}

---@param name string of a server, as a TLS ClientHello has it
---@return boolean whether it is blocked, which the log says, too
function common.is_blocked(name)
	local drop = blocked[name:lower()] == true
	print(("filter_sni: %s %s"):format(name, drop and "DROP" or "PASS"))
	return drop
end

return common
