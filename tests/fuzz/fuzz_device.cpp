// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The protocol of /dev/lunatik: driver.lua and lib/device on a stand-in for character devices, several open
// files, any bytes as requests. An input is text: a line that begins with '@' is a command.
//	@o FILE [DEVICE]	opens a file, 0 to 3: of the driver, or of a device that a request has made
//	@w FILE			writes what follows, up to the next command
//	@r FILE LENGTH OFFSET	reads
//	@c FILE			closes
//	@f N			the Nth allocation from here on fails
// An answer is "ok", "error" or "incomplete" and a line's end, and more; it is that of its own file; and the
// driver works on afterwards. Requests may change the driver's own libraries on purpose, by load(), require()
// or debug; what breaks then is no finding, but for crashes and leaks.
#include "support.hpp"
#include "lunatik_core.h"
#include "../../lib/device/kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <sstream>

using namespace lunatik;

/* --- the kernel's half of lib/device ------------------------------------------------------ */

namespace {

struct CharacterDevice : luadevice {
	char name[64];
	unsigned int references;	/* its own while it is in the system, and its files' */
};

std::vector<CharacterDevice *> devices;

/* Files that were closed while the runtime was busy, or could not be opened after all. */
struct Closed {
	luadevice *device;
	int table;
	bool opened;
};
std::vector<Closed> closed;

void put_device(CharacterDevice *device)
{
	if (--device->references)
		return;
	std::erase_if(closed, [=](const Closed &file) { return file.device == device; });
	luadevice_freed(device);
	lunatik_memory_free(device);
}

} // namespace

luadevice *luadevice_new(const char *name, unsigned int)
{
	CharacterDevice *device = static_cast<CharacterDevice *>(lunatik_memory_new(sizeof(CharacterDevice),
										    LUNATIK_MEMORY_SLEEP));

	if (!device)
		return nullptr;
	strcpy(device->name, name);
	device->references = 1;
	return device;
}

int luadevice_add(luadevice *added)
{
	for (CharacterDevice *device : devices)
		if (!strcmp(device->name, static_cast<CharacterDevice *>(added)->name))
			return -EEXIST;
	devices.push_back(static_cast<CharacterDevice *>(added));
	return 0;
}

void luadevice_remove(luadevice *removed)
{
	std::erase(devices, removed);
	put_device(static_cast<CharacterDevice *>(removed));
}

void luadevice_put(luadevice *device)
{
	put_device(static_cast<CharacterDevice *>(device));
}

bool luadevice_next_closed(luadevice *device, int *table, bool *opened)
{
	for (size_t i = closed.size(); i--;) {
		if (closed[i].device != device)
			continue;
		*table = closed[i].table;
		*opened = closed[i].opened;
		closed.erase(closed.begin() + static_cast<long>(i));
		return true;
	}
	return false;
}

/* --- a run -------------------------------------------------------------------------------- */

namespace {

std::string read_file(const char *path)
{
	std::ifstream file(path);
	std::stringstream text;

	if (!file)
		fuzz::finding("%s cannot be read", path);
	text << file.rdbuf();
	return text.str();
}

/* Tells whether the libraries, and the metatables of plain values, are others than now. */
const char witness[] = R"lua(
local next, rawget, getmetatable = next, rawget, debug.getmetatable
local tables, values = {}, { nil, 0, true, "", print, coroutine.create(print) }
local function keep(t)
	tables[t] = { getmetatable(t), {} }
	for key, value in next, t do tables[t][2][key] = value end
end
for _, library in next, package.loaded do
	if type(library) == "table" then keep(library) end
end
keep(package.loaded)
keep(package.searchers)
keep(getmetatable(""))
local metatables = {}
for i = 1, 6 do metatables[i] = getmetatable(values[i]) end
return function()
	for t, kept in next, tables do
		if getmetatable(t) ~= kept[1] then return true end
		for key, value in next, t do if kept[2][key] ~= value then return true end end
		for key, value in next, kept[2] do if rawget(t, key) ~= value then return true end end
	end
	for i = 1, 6 do
		if getmetatable(values[i]) ~= metatables[i] then return true end
	end
	return false
end
)lua";
const char witness_key = 0;

struct File {
	CharacterDevice *device = nullptr;	/* null while closed */
	int table = 0;
	long long offset = 0;
	std::string answer;
};

class Run {
public:
	explicit Run(Handle *handle) : handle(handle), driver(devices.at(0))
	{
		Entry entry(handle->runtime);

		if (luaL_dostring(entry.L, witness) != LUA_OK)
			fuzz::finding("the witness: %s", lua_tostring(entry.L, -1));
		lua_rawsetp(entry.L, LUA_REGISTRYINDEX, &witness_key);
	}
	~Run()
	{
		for (File &file : files)
			close(file);
	}

	void command(const std::string &text)
	{
		size_t line = std::min(text.find('\n'), text.size());
		std::istringstream words(text.substr(0, line));
		unsigned long long length = 0, offset = 0;
		unsigned int number = 0;
		char verb = 0;

		words >> verb >> number >> length >> offset;
		File &file = files[number % 4];

		switch (verb) {
		case 'o':
			open(file, length);
			break;
		case 'w':
			write(file, text.substr(std::min(line + 1, text.size())));
			break;
		case 'r':
			read(file, std::min(length, 0x7ffff000ULL), static_cast<long long>(offset & ~0ULL >> 1));
			read(file, length % 64, file.offset);
			break;
		case 'c':
			close(file);
			break;
		case 'f':
			kernel::fail_allocation(number, kernel::Then::Works);
			failing = true;
			break;
		}
		settle();
	}

	/* With all files closed, the driver answers as ever. */
	void finish()
	{
		static const char question[] = "return 6*7, 'x'";
		File &file = files[0];

		for (File &other : files)
			close(other);
		kernel::fail_allocation(0, kernel::Then::Works);
		failing = false;
		collect();
		open(file, 0);
		if (file.device)
			write(file, question);
		if ((!file.device || file.answer != "ok\n42\tx\n") && !is_excused())
			fuzz::finding("the driver no longer answers: '%s'", file.answer.c_str());
	}

private:
	void settle()
	{
		fuzz::settle();
		fuzz::check_reports();
	}

	void collect()
	{
		Entry entry(handle->runtime);

		lua_gc(entry.L, LUA_GCCOLLECT);
		lua_gc(entry.L, LUA_GCCOLLECT);
	}

	/* Whether the request has changed what the driver is made of; asked where something is wrong. */
	bool is_tampered()
	{
		Entry entry(handle->runtime);
		bool changed;

		if (debugs)
			return true;
		lua_rawgetp(entry.L, LUA_REGISTRYINDEX, &witness_key);
		changed = lua_pcall(entry.L, 0, 1, 0) != LUA_OK || lua_toboolean(entry.L, -1);
		lua_pop(entry.L, 1);
		return changed;
	}

	/* Whether what has just failed had a reason: memory, time, or that it is meant to. */
	bool is_excused()
	{
		std::string log = kernel::log();

		return failing || log.find("not enough memory") != log.npos || log.find("ran for too long") != log.npos ||
		       is_tampered();
	}

	void open(File &file, unsigned long long number)
	{
		CharacterDevice *device = number && !devices.empty() ? devices[number % devices.size()] : driver;
		int error;

		if (file.device)
			return;
		kernel::clear_log();
		error = luadevice_open(device, &file.table);
		if (error) {
			if (file.table != LUADEVICE_NO_TABLE)
				closed.push_back({ device, file.table, false });
			if (device == driver && !is_excused())
				fuzz::finding("open fails: %d, %s", error, kernel::log().c_str());
			return;
		}
		device->references++;
		file.device = device;
		file.offset = 0;
		file.answer = "";
	}

	void close(File &file)
	{
		if (!file.device)
			return;
		if (!luadevice_release(file.device, file.table, true))
			closed.push_back({ file.device, file.table, true });
		put_device(file.device);
		file.device = nullptr;
	}

	/* What a file reads from there, at most so much; false when that fails. */
	bool read_at(File &file, size_t length, long long offset, std::string &text, long long &next)
	{
		void *buffer = nullptr;
		long got;

		text.clear();
		next = offset;
		kernel::clear_log();
		got = luadevice_read(file.device, file.table, &buffer, length, &next);
		if (got > 0 && static_cast<size_t>(got) > length)
			fuzz::finding("%ld bytes are read, of %zu", got, length);
		if (got > 0)
			text.assign(static_cast<char *>(buffer), static_cast<size_t>(got));
		lunatik_memory_free(buffer);
		return got >= 0;
	}

	/* The kernel lets through what does not end behind the last offset that there is. */
	static bool is_within(long long offset, size_t length)
	{
		return static_cast<unsigned long long>(offset) + length <= ~0ULL >> 1;
	}

	void read(File &file, size_t length, long long offset)
	{
		std::string text, wanted;
		long long next;

		if (!file.device || !is_within(offset, length))
			return;
		if (!read_at(file, length, offset, text, next)) {
			if (file.device == driver && !is_excused())
				fuzz::finding("read fails: %s", kernel::log().c_str());
			return;
		}
		file.offset = next;
		if (file.device != driver)
			return;
		if (static_cast<unsigned long long>(offset) < file.answer.size())
			wanted = file.answer.substr(static_cast<size_t>(offset), length);
		if ((text != wanted || next != offset + static_cast<long long>(text.size())) && !is_tampered())
			fuzz::finding("%zu bytes from %lld on are '%s', wanted '%s'", length, offset, text.c_str(), wanted.c_str());
	}

	/* The whole answer, as the file has it. */
	bool whole(File &file, std::string &text)
	{
		long long next;

		return read_at(file, 1 << 22, 0, text, next);
	}

	void write(File &file, const std::string &source)
	{
		long long offset = file.offset;
		std::string text;
		long taken;

		if (!file.device || !is_within(offset, source.size()))
			return;
		debugs |= source.find("debug") != source.npos;
		kernel::clear_log();
		taken = luadevice_write(file.device, file.table, source.data(), source.size(), &offset);
		if (taken > 0 && static_cast<size_t>(taken) > source.size())
			fuzz::finding("%ld bytes are taken, of %zu", taken, source.size());
		if (file.device != driver)
			return;
		if (taken < 0 ? !is_excused() : static_cast<size_t>(taken) != source.size() && !is_tampered())
			fuzz::finding("write tells %ld: %s", taken, kernel::log().c_str());
		if (taken >= 0)
			file.offset = 0;
		if (!whole(file, text)) {
			if (!is_excused())
				fuzz::finding("read fails: %s", kernel::log().c_str());
			return;
		}
		if (taken >= 0 ? text.compare(0, 3, "ok\n") && text.compare(0, 6, "error\n") && text.compare(0, 11, "incomplete\n")
			       : text != "" && text != file.answer)
			if (!is_tampered())
				fuzz::finding("the answer to '%s' is '%s'", source.c_str(), text.c_str());
		file.answer = text;
		for (File &other : files)
			if (&other != &file && other.device == driver && whole(other, text) && text != other.answer &&
			    !is_tampered())
				fuzz::finding("'%s' has become the answer of another file", text.c_str());
	}

	Handle *handle;
	CharacterDevice *driver;
	File files[4];
	bool debugs = false, failing = false;
};

lunatik_library library = { "device", luaopen_device, &__this_module, nullptr };

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const std::string driver = read_file(TOP "driver.lua"), runner = read_file(TOP "lib/lunatik/runner.lua");
	std::string text(reinterpret_cast<const char *>(bytes), size);
	fuzz::Core core;
	Handle *handle;

	core.offer(library);
	fuzz::files = {
		{ "driver.lua", driver },
		{ "lunatik/runner.lua", runner },
		{ "script.lua", "return function(...) return ... end" },
		{ "packet.lua", "-- lunatik: softirq memory=256K\nlocal xdp = require('xdp') xdp.attach(function() end)" },
	};
	handle = core.make("driver", "memory=2M");
	if (!handle)
		fuzz::finding("no driver: %s", core.failure.text);
	lunatik_spare(reinterpret_cast<lunatik_object *>(handle));
	{
		kernel::StackLimit limit(16 << 10);
		Run run(handle);

		for (size_t end, at = text.compare(0, 1, "@") ? text.find("\n@") : 0; at < text.size(); at = end) {
			at = text.find('@', at) + 1;
			end = std::min(text.find("\n@", at), text.size());
			run.command(text.substr(at, end - at));
		}
		run.finish();
	}
	put(handle);
	fuzz::unravel();
	if (!devices.empty())
		fuzz::finding("a device is left");
	return 0;
}
