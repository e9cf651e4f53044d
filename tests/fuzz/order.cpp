// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What is put off runs on a thread of its own, as in the kernel, but one thread runs at a time, in an order that
// the input alone decides: at once where a grace period can pass, else as soon as it can.
#include "support.hpp"
#include "kernel/gate.h"
#include "kernel/rcu.h"

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

extern "C" {
int __real_lunatik_gate_enter(lunatik_gate *gate, bool killable);
int __real_lunatik_gate_enter_briefly(lunatik_gate *gate, unsigned int milliseconds);
void __real_lunatik_gate_leave(lunatik_gate *gate);
}

namespace {

struct Order {
	std::mutex mutex;
	std::condition_variable changed;
	bool worker_runs = false;
	std::function<bool()> worker_wants;	/* what it waits for, or null */
	std::deque<lunatik_deferred *> queue;
	/* Who is inside: the worker or not. */
	std::map<lunatik_gate *, bool> inside;
	std::thread thread;
};
/* Never destroyed: the thread does not end. */
Order *const order = new Order;
thread_local bool is_worker = false;

void hand_over(bool to_worker)
{
	std::unique_lock<std::mutex> lock(order->mutex);

	order->worker_runs = to_worker;
	order->changed.notify_all();
	order->changed.wait(lock, [&] { return order->worker_runs != to_worker; });
}

void work()
{
	is_worker = true;
	{
		std::unique_lock<std::mutex> lock(order->mutex);
		order->changed.wait(lock, [] { return order->worker_runs; });
	}
	for (;;) {
		while (!order->queue.empty()) {
			lunatik_deferred *deferred = order->queue.front();

			order->queue.pop_front();
			deferred->storage[1] = nullptr;
			deferred->run(deferred);
			if (!lunatik_may_sleep())
				fuzz::finding("a worker left its context changed");
		}
		hand_over(false);
	}
}

/* The worker waits until this thread has done something. */
void wait_for(std::function<bool()> condition)
{
	order->worker_wants = condition;
	hand_over(false);
	order->worker_wants = nullptr;
}

/* Lets the worker run until it has nothing more to do, or waits for this thread. */
void run_worker()
{
	if (is_worker || !lunatik_may_sleep() || (order->worker_wants ? !order->worker_wants() : order->queue.empty()))
		return;
	if (!order->thread.joinable())
		order->thread = std::thread(work);
	hand_over(true);
}

bool is_held_by(lunatik_gate *gate, bool worker)
{
	auto found = order->inside.find(gate);

	return found != order->inside.end() && found->second == worker;
}

/* Whether this thread is inside of nothing, when the worker asks. */
bool is_main_outside()
{
	for (const auto &[gate, worker] : order->inside)
		if (!worker)
			return false;
	return true;
}

int entered(lunatik_gate *gate, int error)
{
	if (!error)
		order->inside[gate] = is_worker;
	return error;
}

} // namespace

extern "C" {

void __wrap_lunatik_defer(lunatik_deferred *deferred)
{
	if (deferred->storage[1])
		fuzz::finding("something is put off that is put off already");
	deferred->storage[1] = order;
	order->queue.push_back(deferred);
	run_worker();
}

void __wrap_lunatik_defer_slow(lunatik_deferred *deferred)
{
	__wrap_lunatik_defer(deferred);
}

/* Who waits here does so for a while only: what cannot come is not waited for. */
void __wrap_lunatik_wait_until(const bool *flag)
{
	if (*flag)
		return;
	if (is_worker)
		wait_for([=] { return *flag || is_main_outside(); });
	else
		run_worker();
}

void __wrap_lunatik_defer_barrier(void)
{
	fuzz::settle();
}

int __wrap_lunatik_gate_enter(lunatik_gate *gate, bool killable)
{
	while (is_held_by(gate, !is_worker)) {
		if (!is_worker)
			fuzz::finding("a deadlock: a gate is held by the worker, which waits for this thread");
		wait_for([=] { return !is_held_by(gate, false); });
	}
	return entered(gate, __real_lunatik_gate_enter(gate, killable));
}

int __wrap_lunatik_gate_enter_briefly(lunatik_gate *gate, unsigned int milliseconds)
{
	if (is_held_by(gate, !is_worker))
		return -EBUSY;
	return entered(gate, __real_lunatik_gate_enter_briefly(gate, milliseconds));
}

void __wrap_lunatik_gate_leave(lunatik_gate *gate)
{
	order->inside.erase(gate);
	__real_lunatik_gate_leave(gate);
}

} // extern "C"

void fuzz::settle()
{
	while (!is_worker && (!order->queue.empty() || order->worker_wants)) {
		if (!lunatik_may_sleep() || (order->worker_wants && !order->worker_wants()))
			finding("a barrier is waited for where it never comes");
		run_worker();
	}
}
