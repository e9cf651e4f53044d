/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel that the host tests run on: what stands in for src/kernel, and how tests steer it.
 * It knows which context a thread is in, and reports what a debug kernel would report.
 */
#ifndef HOST_KERNEL_HPP
#define HOST_KERNEL_HPP

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

struct module {
	const char *name;
	std::atomic<int> references;
	std::atomic<bool> leaving;	/* no new reference is to be had */
};
extern "C" struct module __this_module, data_module, rcu_module;

namespace kernel {

/* Everything as after boot. No runtime exists. */
void reset();

/* What a kernel with lockdep and its like would complain of; each once, a line each. */
std::string reports();
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- memory --- */

/* The nth allocation from now on fails, of any kind; and all behind it, if `onwards`. 0: none. */
enum class Then { Works, Fails };
void fail_allocation(unsigned long nth, Then then);
/* Allocations since then. */
unsigned long allocations();

/* The memory of the machine; an allocation beyond it fails. */
void set_memory(size_t bytes);
size_t bytes_used();
size_t bytes_peak();	/* since reset() */
size_t blocks_used();

/* --- the log --- */
std::string log();
void clear_log();

/* --- modules --- */
/* What modprobe does; it sees the library's name. */
void on_module_request(std::function<void(const std::string &)> handler);

/* --- network namespaces --- */
/* The task is in a new one from now on. */
void enter_namespace(unsigned int number);
/* The last process of the current one leaves. */
void end_namespace();

/* --- processors --- */
void set_processors(unsigned int count);
void set_impossible(unsigned int processor);

/* The calling thread runs on this processor from now on. */
void run_on(unsigned int processor);

/* Whoever waits for a gate and may be killed, is. */
void kill_waiting(bool killed);

/* The thread is in a packet's path, with bottom halves off. */
class Softirq {
public:
	Softirq();
	~Softirq();
};

/* The thread is an RCU reader. */
class Reader {
public:
	Reader();
	~Reader();
};

/* The thread's stack ends this many bytes below the caller's frame. */
class StackLimit {
public:
	explicit StackLimit(size_t bytes);
	~StackLimit();

private:
	uintptr_t previous;
};

/*
 * Runs the function on a stack of that size, with an unmapped page below: a real overflow is a crash.
 * Returns how many bytes of it were used. Under a sanitizer, whose frames are larger, the stack is as
 * much larger, and what was used is not known: 0.
 */
size_t on_stack(size_t bytes, const std::function<void()> &function);

/* Waits until all that was put off has run. */
void settle();

} // namespace kernel

#endif
