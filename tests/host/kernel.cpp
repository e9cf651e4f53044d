// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What stands in for src/kernel: the same promises, on pthreads, and a check of every rule.
#include "kernel.hpp"
#include "kernel/gate.h"
#include "kernel/lockdown.h"
#include "kernel/log.h"
#include "kernel/memory.h"
#include "kernel/module.h"
#include "kernel/net.h"
#include "kernel/rcu.h"
#include "kernel/watch.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <pthread.h>
#include <set>
#include <sys/mman.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)		((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size)	((void)(start), (void)(size))
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

struct module __this_module = { "lunatik", 0, false };
struct module data_module = { "luadata", 0, false };
struct module rcu_module = { "luarcu", 0, false };

/* --- the running thread ----------------------------------------------------------------- */

namespace {

/* An RCU reader: odd while it reads. */
struct Reading {
	std::atomic<unsigned long> sections{0};
};

std::mutex readings_mutex;
std::set<Reading *> readings;

struct Thread {
	unsigned int processor = 0;
	int bottom_halves = 0, interrupts = 0, spinlocks = 0, readers = 0;
	uintptr_t stack_bottom = 0;
	Reading reading;

	Thread()
	{
		pthread_attr_t attributes;
		void *stack;
		size_t size;

		pthread_getattr_np(pthread_self(), &attributes);
		pthread_attr_getstack(&attributes, &stack, &size);
		pthread_attr_destroy(&attributes);
		stack_bottom = reinterpret_cast<uintptr_t>(stack);
		std::lock_guard<std::mutex> lock(readings_mutex);
		readings.insert(&reading);
	}
	~Thread()
	{
		std::lock_guard<std::mutex> lock(readings_mutex);
		readings.erase(&reading);
	}
	bool may_sleep() const
	{
		return !bottom_halves && !interrupts && !spinlocks && !readers;
	}
};

thread_local Thread current;

unsigned int processors = 4;
std::set<unsigned int> impossible;
std::atomic<bool> killed;

std::mutex text_mutex;
std::string log_text;
std::vector<std::string> report_lines;

void must_sleep(const char *what)
{
	if (!current.may_sleep())
		kernel::report("%s may sleep, and the context may not", what);
}

} // namespace

namespace kernel {

void report(const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	std::lock_guard<std::mutex> lock(text_mutex);
	if (std::find(report_lines.begin(), report_lines.end(), text) == report_lines.end())
		report_lines.push_back(text);
}

std::string reports()
{
	std::lock_guard<std::mutex> lock(text_mutex);
	std::string all;

	for (const std::string &line : report_lines)
		all += line + "\n";
	return all;
}

void set_processors(unsigned int count)
{
	processors = count;
}

void set_impossible(unsigned int processor)
{
	impossible.insert(processor);
}

void run_on(unsigned int processor)
{
	current.processor = processor;
}

void kill_waiting(bool value)
{
	killed = value;
}

Softirq::Softirq()
{
	current.bottom_halves++;
}

Softirq::~Softirq()
{
	current.bottom_halves--;
}

Reader::Reader()
{
	lunatik_rcu_read_lock();
}

Reader::~Reader()
{
	lunatik_rcu_read_unlock();
}

} // namespace kernel

/* --- memory ----------------------------------------------------------------------------- */

namespace {

/* In front of each block, where the sanitizer lets nobody look. */
struct Header {
	size_t size;
	bool virtual_memory;	/* as vmalloc() gives it, to be freed where one may sleep */
};
static_assert(sizeof(Header) == 16);

const size_t page = 4096;
std::atomic<unsigned long> asked, failing;
std::atomic<bool> failing_onwards;
std::atomic<size_t> memory_size, used, peak, blocks;
size_t blocks_before;	/* what tests before this one have leaked */

Header *header_of(void *block)
{
	Header *header = static_cast<Header *>(block) - 1;

	ASAN_UNPOISON_MEMORY_REGION(header, sizeof(*header));
	return header;
}

/* As kmalloc(): blocks of a power of two bytes are aligned to it. What they are freed by is as far in front of them. */
bool is_aligned(size_t size)
{
	return size > sizeof(Header) && size <= page && !(size & (size - 1));
}

void *begin_of(size_t size)
{
	if (is_aligned(size))
		return static_cast<char *>(aligned_alloc(size, 2 * size)) + size - sizeof(Header);
	return malloc(sizeof(Header) + size);
}

void release(Header *header)
{
	if (is_aligned(header->size))
		free(reinterpret_cast<char *>(header + 1) - header->size);
	else
		free(header);
}

bool fails()
{
	unsigned long n = ++asked, at = failing;

	return at && (failing_onwards ? n >= at : n == at);
}

void *obtain(size_t size, lunatik_memory how)
{
	Header *header;
	size_t now;

	if (how != LUNATIK_MEMORY_ATOMIC)
		must_sleep("an allocation");
	if (fails() || (how != LUNATIK_MEMORY_LARGE && size > 4 << 20))
		return nullptr;
	now = used += size;
	if (now > memory_size) {
		used -= size;
		return nullptr;
	}
	for (size_t high = peak; now > high && !peak.compare_exchange_weak(high, now);)
		;
	blocks++;
	header = static_cast<Header *>(begin_of(size));
	header->size = size;
	header->virtual_memory = how == LUNATIK_MEMORY_LARGE && size > page;
	ASAN_POISON_MEMORY_REGION(header, sizeof(*header));
	return header + 1;
}

} // namespace

namespace kernel {

void fail_allocation(unsigned long nth, Then then)
{
	asked = 0;
	failing_onwards = then == Then::Fails;
	failing = nth;
}

unsigned long allocations()
{
	return asked;
}

void set_memory(size_t bytes)
{
	memory_size = bytes;
}

size_t bytes_used()
{
	return used;
}

size_t bytes_peak()
{
	return peak;
}

size_t blocks_used()
{
	return blocks - blocks_before;
}

} // namespace kernel

void lunatik_memory_free(void *block)
{
	Header *header;

	if (!block)
		return;
	header = header_of(block);
	if (header->virtual_memory)
		must_sleep("vfree()");
	used -= header->size;
	blocks--;
	release(header);
}

void *lunatik_memory_new(size_t size, enum lunatik_memory how)
{
	void *block = obtain(size, how);

	return block ? memset(block, 0, size) : nullptr;
}

/* The block always moves, so that a pointer into the old one shows. */
void *lunatik_memory_resize(void *block, size_t old, size_t size, enum lunatik_memory how)
{
	void *moved;
	Header *header;

	if (!size) {
		lunatik_memory_free(block);
		return nullptr;
	}
	moved = obtain(size, how);
	if (moved && block) {
		header = header_of(block);
		if (header->size < old)
			kernel::report("a block of %zu bytes is resized as one of %zu", header->size, old);
		if (header->virtual_memory && how != LUNATIK_MEMORY_LARGE)
			kernel::report("krealloc() of vmalloc() memory");
		memcpy(moved, block, std::min({ header->size, old, size }));
		lunatik_memory_free(block);
	}
	return moved;
}

namespace {

/* The host's C library needs more of the stack than klibc: its functions run on one of their own. */
class Scratch {
public:
	template <class F> static void run(F function)
	{
		static thread_local unsigned char stack[1 << 16];
		static thread_local F *pending;
		static thread_local ucontext_t back, there;

		if (sanitized)
			return function();
		pending = &function;
		getcontext(&there);
		there.uc_stack.ss_sp = stack;
		there.uc_stack.ss_size = sizeof(stack);
		there.uc_link = &back;
		makecontext(&there, [] { (*pending)(); }, 0);
		swapcontext(&back, &there);
	}
};

/* What the kernel's functions use of the stack, roughly. */
template <size_t bytes> void use_stack()
{
	char frame[bytes];

	__asm__ volatile("" : : "r"(frame) : "memory");
}

} // namespace

extern "C" int host_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	int length;

	use_stack<512>();
	Scratch::run([&] { length = vsnprintf(buffer, size, format, arguments); });
	return length;
}

extern "C" int host_snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = host_vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}

/* Lua and the core open files by this name: only scripts, only where one may sleep. */
extern "C" FILE *host_fopen(const char *path, const char *mode)
{
	errno = ENOENT;
	if (strncmp(path, LUA_ROOT, sizeof(LUA_ROOT) - 1) || strstr(path, "/../"))
		return nullptr;
	errno = EWOULDBLOCK;
	if (!current.may_sleep())
		return nullptr;
	errno = ENOMEM;
	if (fails())
		return nullptr;
	FILE *file;

	Scratch::run([&] { file = fopen(path, mode); });
	return file;
}

/* --- gates ------------------------------------------------------------------------------ */

/* First come, first served, as the kernel's locks are. */
struct lunatik_gate {
	lunatik_context context;
	std::mutex mutex;
	std::condition_variable opened;
	std::deque<Thread *> queue;
	std::atomic<Thread *> owner;
};

struct lunatik_gate *lunatik_gate_new(enum lunatik_context context)
{
	void *block = lunatik_memory_new(sizeof(lunatik_gate), LUNATIK_MEMORY_SLEEP);
	lunatik_gate *gate;

	if (!block)
		return nullptr;
	gate = new (block) lunatik_gate;
	gate->context = context;
	gate->owner = nullptr;
	return gate;
}

void lunatik_gate_free(struct lunatik_gate *gate)
{
	if (gate->owner || !gate->queue.empty())
		kernel::report("a gate is freed with somebody inside or before it");
	gate->~lunatik_gate();
	lunatik_memory_free(gate);
}

unsigned int lunatik_pin(enum lunatik_context context, struct lunatik_pin *pin)
{
	switch (context) {
	case LUNATIK_PROCESS:
		return 0;
	case LUNATIK_SOFTIRQ:
		pin->pinned = !current.bottom_halves;
		if (pin->pinned)
			current.bottom_halves++;
		break;
	case LUNATIK_HARDIRQ:
		current.interrupts++;
		break;
	}
	return current.processor;
}

void lunatik_unpin(enum lunatik_context context, const struct lunatik_pin *pin)
{
	switch (context) {
	case LUNATIK_PROCESS:
		break;
	case LUNATIK_SOFTIRQ:
		if (pin->pinned)
			current.bottom_halves--;
		break;
	case LUNATIK_HARDIRQ:
		current.interrupts--;
		break;
	}
}

/* Whoever waits that long waits for ever. */
static const std::chrono::seconds hung_after(2);

/* Waits for the gate; `patience` is how long at most, when there is a limit. */
static int enter_gate(struct lunatik_gate *gate, bool killable, std::chrono::milliseconds patience)
{
	if (gate->owner == &current)
		return -EDEADLK;
	if (gate->context == LUNATIK_PROCESS)
		must_sleep("the gate of a process runtime");
	else if (gate->context == LUNATIK_SOFTIRQ && !current.bottom_halves)
		kernel::report("a softirq gate is entered with bottom halves on");
	else if (gate->context == LUNATIK_HARDIRQ && !current.interrupts)
		kernel::report("a hardirq gate is entered with interrupts on");
	{
		std::unique_lock<std::mutex> lock(gate->mutex);
		auto start = std::chrono::steady_clock::now();

		gate->queue.push_back(&current);
		while (gate->queue.front() != &current || gate->owner) {
			gate->opened.wait_for(lock, std::chrono::milliseconds(5));
			if (killable && gate->context == LUNATIK_PROCESS && killed) {
				gate->queue.erase(std::find(gate->queue.begin(), gate->queue.end(), &current));
				return -EINTR;
			}
			if (patience.count() && std::chrono::steady_clock::now() - start > patience) {
				gate->queue.erase(std::find(gate->queue.begin(), gate->queue.end(), &current));
				return -EBUSY;
			}
			if (std::chrono::steady_clock::now() - start > hung_after) {
				fprintf(stderr, "a gate is never opened: deadlock\n");
				_exit(3);
			}
		}
		gate->queue.pop_front();
		gate->owner = &current;
	}
	if (gate->context != LUNATIK_PROCESS)
		current.spinlocks++;
	return 0;
}

int lunatik_gate_enter(struct lunatik_gate *gate, bool killable)
{
	return enter_gate(gate, killable, std::chrono::milliseconds(0));
}

int lunatik_gate_enter_briefly(struct lunatik_gate *gate, unsigned int milliseconds)
{
	return enter_gate(gate, false, std::chrono::milliseconds(std::clamp(milliseconds, 1u, 500u)));
}

void lunatik_gate_leave(struct lunatik_gate *gate)
{
	std::lock_guard<std::mutex> lock(gate->mutex);

	if (gate->owner != &current)
		kernel::report("a gate is left by who is not inside");
	if (gate->context != LUNATIK_PROCESS)
		current.spinlocks--;
	gate->owner = nullptr;
	gate->opened.notify_all();
}

bool lunatik_gate_inside(const struct lunatik_gate *gate)
{
	return gate->owner == &current;
}

/* Nobody waits inside of a gate here. */
void lunatik_gate_urge(struct lunatik_gate *)
{
}

void lunatik_gate_calm(struct lunatik_gate *)
{
}

/* Time is the virtual machine's to test. */
unsigned int lunatik_usual_budget(enum lunatik_context context)
{
	return context == LUNATIK_PROCESS ? 5000 : context == LUNATIK_SOFTIRQ ? 10 : 1;
}

void lunatik_watch_task(struct lunatik_door *door, unsigned int)
{
	if (door->task)
		kernel::report("a visit is watched twice");
	door->task = &current;
	door->age = 0;
}

void lunatik_unwatch_task(struct lunatik_door *door)
{
	if (door->task != &current)
		kernel::report("the visit of another is no longer watched");
	door->task = nullptr;
}

uint64_t lunatik_watch_hurry(struct lunatik_door *door, unsigned int)
{
	if (door->task != &current)
		kernel::report("the visit of another is hurried");
	return door->deadline;
}

void lunatik_watch_unhurry(struct lunatik_door *door, uint64_t deadline)
{
	door->deadline = deadline;
}

void lunatik_watch_evict(struct lunatik_door *)
{
}

void lunatik_watch_cpu(struct lunatik_door *door)
{
	lunatik_watch_task(door, LUNATIK_NO_BUDGET);
}

void lunatik_unwatch_cpu(struct lunatik_door *door)
{
	lunatik_unwatch_task(door);
}

void lunatik_watch_clock(struct lunatik_door *door)
{
	door->age = LUNATIK_RELAXING;
}

void lunatik_unwatch_clock(struct lunatik_door *)
{
}

bool lunatik_clock_over(struct lunatik_door *)
{
	return false;
}

void lunatik_relax(void)
{
}

void *lunatik_this_task(void)
{
	return &current;
}

void lunatik_wait_until(const bool *flag)
{
	for (int i = 0; i < 5000 && !__atomic_load_n(flag, __ATOMIC_ACQUIRE); i++)
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void lunatik_raise(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

int lunatik_locked_down(void)
{
	return 0;
}

uintptr_t lunatik_stack_floor(void)
{
	return current.stack_bottom + LUNATIK_STACK_RESERVE;
}

unsigned int lunatik_cpu_count(void)
{
	return processors;
}

bool lunatik_cpu_possible(unsigned int cpu)
{
	return cpu < processors && !impossible.count(cpu);
}

bool lunatik_may_sleep(void)
{
	return current.may_sleep();
}

/* --- stacks ----------------------------------------------------------------------------- */

namespace {

/* What a sanitizer's frames are larger by. */
const size_t inflation = sanitized ? 6 : 1;
const unsigned char paint = 0xa5;

const std::function<void()> *task;
ucontext_t caller, callee;

void run_task()
{
	(*task)();
}

} // namespace

namespace kernel {

StackLimit::StackLimit(size_t bytes) : previous(current.stack_bottom)
{
	current.stack_bottom = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - bytes * inflation;
}

StackLimit::~StackLimit()
{
	current.stack_bottom = previous;
}

size_t on_stack(size_t bytes, const std::function<void()> &function)
{
	unsigned char *stack;
	uintptr_t previous = current.stack_bottom;
	size_t unused = 0;

	if (sanitized) {
		StackLimit limit(bytes);

		function();
		return 0;
	}
	stack = static_cast<unsigned char *>(mmap(nullptr, page + bytes, PROT_READ | PROT_WRITE,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	mprotect(stack, page, PROT_NONE);
	stack += page;
	memset(stack, paint, bytes);
	getcontext(&callee);
	callee.uc_stack.ss_sp = stack;
	callee.uc_stack.ss_size = bytes;
	callee.uc_link = &caller;
	task = &function;
	makecontext(&callee, run_task, 0);
	current.stack_bottom = reinterpret_cast<uintptr_t>(stack);
	swapcontext(&caller, &callee);
	current.stack_bottom = previous;
	while (unused < bytes && stack[unused] == paint)
		unused++;
	munmap(stack - page, page + bytes);
	return bytes - unused;
}

} // namespace kernel

/* --- read-copy update ------------------------------------------------------------------- */

void lunatik_rcu_read_lock(void)
{
	if (!current.readers++)
		current.reading.sections.fetch_add(1, std::memory_order_seq_cst);
}

void lunatik_rcu_read_unlock(void)
{
	if (!--current.readers)
		current.reading.sections.fetch_add(1, std::memory_order_seq_cst);
}

void lunatik_rcu_synchronize(void)
{
	std::vector<std::pair<Reading *, unsigned long>> inside;

	must_sleep("synchronize_rcu()");
	{
		std::lock_guard<std::mutex> lock(readings_mutex);

		for (Reading *reading : readings) {
			unsigned long section = reading->sections.fetch_add(0, std::memory_order_seq_cst);

			if (section & 1)
				inside.emplace_back(reading, section);
		}
	}
	for (auto &[reading, section] : inside) {
		for (;;) {
			{
				std::lock_guard<std::mutex> lock(readings_mutex);

				if (!readings.count(reading) || reading->sections.load() != section)
					break;
			}
			usleep(20);
		}
	}
}

namespace {

/* The worker that runs what was put off. */
class Worker {
public:
	void add(lunatik_deferred *deferred)
	{
		std::lock_guard<std::mutex> lock(mutex);

		if (deferred->storage[1])
			kernel::report("something is put off that is put off already");
		deferred->storage[1] = this;
		if (!thread.joinable())
			thread = std::thread(&Worker::work, this);
		queue.push_back(deferred);
		pending++;
		changed.notify_all();
	}
	void barrier()
	{
		std::unique_lock<std::mutex> lock(mutex);

		changed.wait(lock, [this] { return !pending; });
	}
	~Worker()
	{
		{
			std::lock_guard<std::mutex> lock(mutex);

			ended = true;
			changed.notify_all();
		}
		if (thread.joinable())
			thread.join();
	}

private:
	void work()
	{
		std::unique_lock<std::mutex> lock(mutex);

		for (;;) {
			std::vector<lunatik_deferred *> batch;

			changed.wait(lock, [this] { return ended || !queue.empty(); });
			if (queue.empty())
				return;
			batch.swap(queue);
			lock.unlock();
			lunatik_rcu_synchronize();
			for (lunatik_deferred *deferred : batch) {
				deferred->storage[1] = nullptr;
				deferred->run(deferred);
			}
			lock.lock();
			pending -= batch.size();
			changed.notify_all();
		}
	}

	std::mutex mutex;
	std::condition_variable changed;
	std::vector<lunatik_deferred *> queue;
	size_t pending = 0;
	bool ended = false;
	std::thread thread;
} worker;

} // namespace

void lunatik_defer(struct lunatik_deferred *deferred)
{
	worker.add(deferred);
}

void lunatik_defer_slow(struct lunatik_deferred *deferred)
{
	worker.add(deferred);
}

void lunatik_defer_barrier(void)
{
	must_sleep("lunatik_defer_barrier()");
	worker.barrier();
}

unsigned int lunatik_random(void)
{
	return 2166136261u;
}

struct lunatik_writer {
	pthread_mutex_t mutex;
};

struct lunatik_writer *lunatik_writer_new(void)
{
	lunatik_writer *writer = static_cast<lunatik_writer *>(lunatik_memory_new(sizeof(lunatik_writer),
										 LUNATIK_MEMORY_SLEEP));

	if (writer)
		pthread_mutex_init(&writer->mutex, nullptr);
	return writer;
}

void lunatik_writer_free(struct lunatik_writer *writer)
{
	pthread_mutex_destroy(&writer->mutex);
	lunatik_memory_free(writer);
}

unsigned long lunatik_writer_lock(struct lunatik_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	current.spinlocks++;
	return 0;
}

void lunatik_writer_unlock(struct lunatik_writer *writer, unsigned long)
{
	current.spinlocks--;
	pthread_mutex_unlock(&writer->mutex);
}

/* --- the log ---------------------------------------------------------------------------- */

void lunatik_log(const char *text, size_t length)
{
	std::lock_guard<std::mutex> lock(text_mutex);

	log_text += std::string(text, length) + "\n";
}

void lunatik_log_limit_init(struct lunatik_log_limit *)
{
}

void lunatik_log_error(const char *where, const char *text, struct lunatik_log_limit *)
{
	std::lock_guard<std::mutex> lock(text_mutex);

	log_text += std::string(where) + ": " + text + "\n";
}

namespace kernel {

std::string log()
{
	std::lock_guard<std::mutex> lock(text_mutex);

	return log_text;
}

void clear_log()
{
	std::lock_guard<std::mutex> lock(text_mutex);

	log_text.clear();
}

} // namespace kernel

/* --- modules ---------------------------------------------------------------------------- */

static std::function<void(const std::string &)> modprobe;

bool lunatik_module_get(struct module *module)
{
	if (!module)
		return true;
	if (module->leaving)
		return false;
	module->references++;
	return true;
}

void lunatik_module_put(struct module *module)
{
	if (module && module->references-- <= 0)
		kernel::report("the module %s is put once too often", module->name);
}

/* --- network namespaces ----------------------------------------------------------------- */

struct net {
	unsigned int number = 1;
	std::atomic<int> references{1};	/* its processes' */
};

struct lunatik_net {
	std::atomic<int> references;
	std::shared_ptr<net> seen;
};

static std::shared_ptr<net> namespace_now = std::make_shared<net>();

lunatik_net *lunatik_net_current(void)
{
	void *block = lunatik_memory_new(sizeof(lunatik_net), LUNATIK_MEMORY_SLEEP);

	return block ? new (block) lunatik_net{ 1, namespace_now } : nullptr;
}

lunatik_net *lunatik_net_share(lunatik_net *seen)
{
	seen->references++;
	return seen;
}

void lunatik_net_forget(lunatik_net *seen)
{
	if (!seen || --seen->references)
		return;
	seen->~lunatik_net();
	lunatik_memory_free(seen);
}

struct net *lunatik_net_get(const lunatik_net *seen)
{
	struct net *net = seen ? seen->seen.get() : namespace_now.get();

	for (int references = net->references; references;)
		if (net->references.compare_exchange_weak(references, references + 1))
			return net;
	return nullptr;
}

void lunatik_net_put(struct net *net)
{
	net->references--;
}

unsigned int lunatik_net_number(const lunatik_net *seen)
{
	struct net *net = lunatik_net_get(seen);

	if (!net)
		return 0;
	lunatik_net_put(net);
	return net->number;
}

namespace kernel {

void enter_namespace(unsigned int number)
{
	namespace_now = std::make_shared<net>();
	namespace_now->number = number;
}

void end_namespace()
{
	lunatik_net_put(namespace_now.get());
}

} // namespace kernel

void lunatik_module_request(const char *name)
{
	must_sleep("request_module()");
	if (modprobe)
		modprobe(name);
}

namespace kernel {

void on_module_request(std::function<void(const std::string &)> handler)
{
	modprobe = std::move(handler);
}

void settle()
{
	lunatik_defer_barrier();
}

void reset()
{
	settle();
	fail_allocation(0, Then::Works);
	set_memory(256 << 20);
	peak = used.load();
	blocks_before = blocks;
	processors = 4;
	impossible.clear();
	killed = false;
	current.processor = 0;
	modprobe = nullptr;
	namespace_now = std::make_shared<net>();
	for (struct module *module : { &__this_module, &data_module, &rcu_module })
		module->leaving = false, module->references = 0;
	std::lock_guard<std::mutex> lock(text_mutex);
	log_text.clear();
	report_lines.clear();
}

} // namespace kernel
