/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the fuzz targets share: the bytes of an input, scripts in memory, a core that lasts as long as an input. */
#ifndef FUZZ_SUPPORT_HPP
#define FUZZ_SUPPORT_HPP

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel.hpp"
#include "state.hpp"
#include "../../lib/xdp/kernel.h"

namespace lunatik {
struct Table;
}

namespace fuzz {

/* Ends the process: the input is a finding. */
[[noreturn]] void finding(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The bytes of an input, from its front; zeros behind its end. */
class Bytes {
public:
	Bytes(const uint8_t *bytes, size_t size) : at(bytes), end(bytes + size) {}

	bool empty() const
	{
		return at == end;
	}
	uint8_t byte()
	{
		return empty() ? 0 : *at++;
	}
	unsigned int below(unsigned int count)
	{
		return byte() % count;
	}
	uint64_t word(unsigned int size = 8);
	std::string text(size_t length);

	/* An integer where bounds are likely to be wrong: around zero, `near`, powers of two, the ends; or any. */
	int64_t integer(int64_t near);

private:
	const uint8_t *at, *end;
};

/* The files below the script folder, by their path there. */
extern std::map<std::string, std::string> files;

/* A packet, each piece in a block of just its size. What is behind the first 60 bytes may be in another piece. */
struct Frame : luaxdp_packet {
	Frame(size_t length, bool in_pieces);
	void resize(size_t length);
	unsigned char *at(size_t offset);

	std::vector<unsigned char> linear, rest;
	bool in_pieces;
};

/* The core, and the libraries data, rcu and xdp. At its end nothing may be left. */
class Core {
public:
	Core();
	~Core();
	Core(const Core &) = delete;

	/* Offers another library. */
	void offer(lunatik_library &library);

	/* Makes a runtime of the script; null, with the reason in `failure`, when that fails. */
	lunatik::Handle *make(const std::string &name, const char *words = nullptr);

	lunatik::Failure failure;

private:
	std::vector<lunatik_library *> libraries;
};

/* The table of the scripts that run. */
lunatik::Table *scripts();

/* Waits until what was put off has run. */
void settle();

/* Ends what only holds itself: tables forget, runtimes stop. */
void unravel();

/* Reports of the kernel are findings. */
void check_reports();

} // namespace fuzz

#endif
