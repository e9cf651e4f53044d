// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "support.hpp"
#include "clock.hpp"
#include "lunatik_core.h"
#include "lunatik_table.hpp"
#include "../../lib/data/kernel.h"
#include "../../lib/rcu/kernel.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

using namespace lunatik;

void fuzz::finding(const char *format, ...)
{
	va_list arguments;

	fputs("FINDING: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

/* --- bytes ------------------------------------------------------------------------------ */

uint64_t fuzz::Bytes::word(unsigned int size)
{
	uint64_t word = 0;

	for (unsigned int i = 0; i < size; i++)
		word = word << 8 | byte();
	return word;
}

std::string fuzz::Bytes::text(size_t length)
{
	std::string text;

	while (length-- && !empty())
		text += static_cast<char>(byte());
	return text;
}

int64_t fuzz::Bytes::integer(int64_t near)
{
	uint8_t how = byte();
	uint64_t low = how >> 3;	/* 0 to 31 */

	switch (how & 7) {
	case 0:
		return static_cast<int64_t>(low);
	case 1:
		return -static_cast<int64_t>(low);
	case 2:
		return static_cast<int64_t>(static_cast<uint64_t>(near) - low);
	case 3:
		return static_cast<int64_t>(static_cast<uint64_t>(near) + low);
	case 4:
		return static_cast<int64_t>((1ULL << (how >> 2 & 63)) - (byte() & 3));
	case 5:
		return static_cast<int64_t>((how & 8 ? 1ULL << 63 : ~0ULL >> 1) + (byte() & 15) - 8);
	case 6:
		return near > 0 ? static_cast<int64_t>(word(2) % static_cast<uint64_t>(near)) : byte();
	default:
		return static_cast<int64_t>(word());
	}
}

/* --- scripts ---------------------------------------------------------------------------- */

std::map<std::string, std::string> fuzz::files;

/* As the stand-in opens them, but from memory. */
extern "C" FILE *__wrap_host_fopen(const char *path, const char *)
{
	void *probe;

	errno = ENOENT;
	if (strncmp(path, LUA_ROOT, sizeof(LUA_ROOT) - 1))
		return nullptr;
	auto found = fuzz::files.find(path + sizeof(LUA_ROOT) - 1);
	if (found == fuzz::files.end())
		return nullptr;
	errno = EWOULDBLOCK;
	if (!lunatik_may_sleep())
		return nullptr;
	/* An allocation that may fail, as others */
	probe = lunatik_memory_new(1, LUNATIK_MEMORY_SLEEP);
	errno = ENOMEM;
	if (!probe)
		return nullptr;
	lunatik_memory_free(probe);
	std::string &text = found->second;
	/* Of no bytes, the C library opens none. */
	return text.empty() ? fopen("/dev/null", "r") : fmemopen(text.data(), text.size(), "r");
}

/* --- what is alive, so that circles can be undone ---------------------------------------- */

namespace {

std::set<Table *> tables;
std::set<Runtime *> runtimes;
Table *latest;	/* of the core's own: the scripts that run */

} // namespace

Table *fuzz::scripts()
{
	return latest;
}

extern "C" {

void __real_lunatik_memory_free(void *block);
bool __real_lunatik_kit_table_init(Table *table, unsigned int buckets);
Table *__real__ZN7lunatik9table_newEj(unsigned int buckets);
State *__real__ZN7lunatik9state_newEPNS_7RuntimeERNS_7FailureE(Runtime *runtime, Failure &failure);

void __wrap_lunatik_memory_free(void *block)
{
	tables.erase(static_cast<Table *>(block));
	runtimes.erase(static_cast<Runtime *>(block));
	__real_lunatik_memory_free(block);
}

bool __wrap_lunatik_kit_table_init(Table *table, unsigned int buckets)
{
	bool made = __real_lunatik_kit_table_init(table, buckets);

	if (made)
		tables.insert(table);
	return made;
}

Table *__wrap__ZN7lunatik9table_newEj(unsigned int buckets)
{
	Table *table = __real__ZN7lunatik9table_newEj(buckets);

	if (table)
		tables.insert(table);
	latest = table;
	return table;
}

State *__wrap__ZN7lunatik9state_newEPNS_7RuntimeERNS_7FailureE(Runtime *runtime, Failure &failure)
{
	runtimes.insert(runtime);
	return __real__ZN7lunatik9state_newEPNS_7RuntimeERNS_7FailureE(runtime, failure);
}

} // extern "C"

void fuzz::unravel()
{
	/* A finalizer may make what is to be ended next. */
	for (unsigned int round = 0; round < 100; round++) {
		settle();
		for (Runtime *runtime : std::set<Runtime *>(runtimes)) {
			if (!runtimes.count(runtime))
				continue;
			hold(runtime);
			runtime_stop(runtime, Wait::Always);
			drop(runtime);
		}
		settle();
		for (Table *table : std::set<Table *>(tables)) {
			if (!tables.count(table))
				continue;
			get(table);
			table_clear(table);
			settle();
			put(table);
		}
		settle();
		/* As the driver's module does at its end */
		lunatik_sweep();
		settle();
		if (runtimes.empty())
			return;
	}
	finding("%zu runtimes do not end", runtimes.size());
}

/* --- packets ---------------------------------------------------------------------------- */

fuzz::Frame::Frame(size_t length, bool in_pieces) : in_pieces(in_pieces)
{
	resize(length);
}

/* Elsewhere in memory: whoever kept the old place uses freed memory. */
void fuzz::Frame::resize(size_t length)
{
	std::vector<unsigned char> all(linear);

	all.insert(all.end(), rest.begin(), rest.end());
	all.resize(length);
	in_pieces = in_pieces && length > 60;
	linear = std::vector<unsigned char>(all.begin(), all.begin() + static_cast<long>(in_pieces ? 60 : length));
	rest = std::vector<unsigned char>(all.begin() + static_cast<long>(linear.size()), all.end());
	data = linear.data();
	data_end = linear.data() + linear.size();
}

unsigned char *fuzz::Frame::at(size_t offset)
{
	if (offset >= luaxdp_length(this))
		finding("byte %zu of a packet of %zu", offset, luaxdp_length(this));
	return offset < linear.size() ? &linear[offset] : &rest[offset - linear.size()];
}

static fuzz::Frame *frame_of(const luaxdp_packet *packet)
{
	return static_cast<fuzz::Frame *>(const_cast<luaxdp_packet *>(packet));
}

bool luaxdp_in_pieces(const luaxdp_packet *packet)
{
	return frame_of(packet)->in_pieces;
}

size_t luaxdp_length(const luaxdp_packet *packet)
{
	return frame_of(packet)->linear.size() + frame_of(packet)->rest.size();
}

size_t luaxdp_length_max(const luaxdp_packet *packet)
{
	return luaxdp_in_pieces(packet) ? luaxdp_length(packet) : 300;
}

void luaxdp_read(const luaxdp_packet *packet, size_t offset, void *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		static_cast<unsigned char *>(to)[i] = *frame_of(packet)->at(offset + i);
}

void luaxdp_write(luaxdp_packet *packet, size_t offset, const void *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		*frame_of(packet)->at(offset + i) = static_cast<const unsigned char *>(from)[i];
}

bool luaxdp_resize(luaxdp_packet *packet, size_t length)
{
	if (length < LUAXDP_LENGTH_MIN || length > luaxdp_length_max(packet))
		return false;
	frame_of(packet)->resize(length);
	return true;
}

int luaxdp_interface(const luaxdp_packet *)
{
	return 1;
}

bool luaxdp_redirect(const luaxdp_packet *, long long index, const char *name)
{
	return name ? *name : index > 0 && index < 10;
}

/* --- the core --------------------------------------------------------------------------- */

/* enum xdp_action */
const lunatik_constant luaxdp_actions[] = {
	{ "ABORTED", 0 }, { "DROP", 1 }, { "PASS", 2 }, { "TX", 3 }, { "REDIRECT", 4 }, { nullptr, 0 },
};

static lunatik_library standard[] = {
	{ "data", luaopen_data, &data_module, nullptr },
	{ "rcu", luaopen_rcu, &rcu_module, nullptr },
	{ "xdp", luaopen_xdp, &__this_module, nullptr },
};

fuzz::Core::Core()
{
	kernel::reset();
	kernel::set_processors(2);
	start_clock();
	files.clear();
	if (lunatik_core_init())
		finding("the core does not start");
	for (lunatik_library &library : standard)
		offer(library);
}

fuzz::Core::~Core()
{
	kernel::fail_allocation(0, kernel::Then::Works);
	settle();
	unravel();
	if (getenv("FUZZ_LOG"))
		fprintf(stderr, "%s%lu ticks\n", kernel::log().c_str(), ticks());
	for (lunatik_library *library : libraries)
		lunatik_library_remove(library);
	for (struct module *module : { &__this_module, &data_module, &rcu_module })
		if (module->references)
			finding("the module %s cannot be unloaded: %d references", module->name, module->references.load());
	lunatik_core_exit();
	if (kernel::blocks_used())
		finding("%zu blocks leak, in all %zu bytes", kernel::blocks_used(), kernel::bytes_used());
	check_reports();
}

void fuzz::Core::offer(lunatik_library &library)
{
	if (lunatik_library_add(&library))
		finding("the library %s exists already", library.name);
	libraries.push_back(&library);
}

Handle *fuzz::Core::make(const std::string &name, const char *words)
{
	Options options = {};
	const char *wrong;
	size_t wrong_length;

	if (words && parse_header(words, strlen(words), options, wrong, wrong_length))
		options.has_context = true;
	failure.say(0, "%s", "");
	Handle *handle = runtime_new(name.c_str(), options, nullptr, failure);
	if (!handle)
		lunatik_log_error(name.c_str(), failure.text, nullptr);
	return handle;
}

void fuzz::check_reports()
{
	std::string reports = kernel::reports();

	if (!reports.empty())
		finding("the kernel reports:\n%s", reports.c_str());
	if (!lunatik_may_sleep())
		finding("the context was not put back");
}
