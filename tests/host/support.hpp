/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the host tests share: scripts, runtimes, a core that starts and ends with each test. */
#ifndef HOST_SUPPORT_HPP
#define HOST_SUPPORT_HPP

#include <functional>
#include <string>
#include <vector>
#include <gtest/gtest.h>

#include "kernel.hpp"
#include "state.hpp"

/*
 * A test with the core loaded, and the libraries data, rcu, packet and host. At its end nothing may be left:
 * no memory, no module held, no report of the kernel.
 */
class Core : public testing::Test {
protected:
	void SetUp() override;
	void TearDown() override;

	/* Offers another library, until the end of the test. */
	void offer(lunatik_library &library);

	/* Writes a script below the script folder. */
	void script(const std::string &name, const std::string &text);

	/* Makes a runtime of the script; null, with the reason in `failure`, when that fails. */
	lunatik::Handle *make(const std::string &name, const char *options = nullptr);

	/* The same, of the text. Given back at the end of the test. */
	lunatik::Handle *run(const std::string &name, const std::string &text, const char *options = nullptr);

	/* Gives a runtime back before. */
	void release(lunatik::Handle *&handle);

	/*
	 * Runs the text in a process runtime of its own. It has the functions of check.lua; an error
	 * fails the test.
	 */
	void lua(const std::string &text, const char *options = nullptr);

	[[noreturn]] void lua_and_exit(const std::string &text);

	/* Why a script could not be run; "" when it could. */
	std::string why(const std::string &text, const char *options = nullptr);

	lunatik::Failure failure;

private:
	std::vector<lunatik::Handle *> handles;
	std::vector<lunatik_library *> libraries;
};

/* A test in Lua. */
#define LUA(suite, name, text)		\
	TEST_F(suite, name)		\
	{				\
		lua(text);		\
	}

/* The same where it may crash: in a process of its own. */
#define SURVIVES(text)	EXPECT_EXIT(lua_and_exit(text), testing::ExitedWithCode(0), "")

/* Calls a global function of the runtime, as a binding does: inside, and errors go to the log. */
bool call(lunatik::Handle *handle, const char *function, const std::string &argument = "");

/* Code that runs inside of the runtime, at no call of Lua. */
void inside(lunatik::Handle *handle, const std::function<void(lua_State *)> &code);

/* Whether the text matches, with an explanation for EXPECT_PRED2. */
testing::AssertionResult contains(const std::string &text, const std::string &part);

/* The Lua library `host` (see support.cpp). */
int luaopen_host(lua_State *L);

#endif
