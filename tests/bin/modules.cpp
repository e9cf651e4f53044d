// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "modules.hpp"

#include <gtest/gtest.h>

TEST(Modules, InFiles)
{
	EXPECT_EQ(module_in("lunatik.ko"), "lunatik");
	EXPECT_EQ(module_in("lunatik_run.ko.zst"), "lunatik_run");
	EXPECT_EQ(module_in("luaxdp.ko.xz"), "luaxdp");
	EXPECT_EQ(module_in("lua-x.ko"), "lua_x");
	for (const char *file : { "", ".ko", "lunatik", "luaxdp.kox", "e1000.ko", "README" })
		EXPECT_EQ(module_in(file), "") << file;
}

TEST(Modules, TheCoreFirstTheDriverLast)
{
	std::vector<std::string> names = { "luaxdp", "lunatik_run", "luadata", "lunatik", "luaxdp" };

	sort_modules(names);
	EXPECT_EQ(names, (std::vector<std::string>{ "lunatik", "luadata", "luaxdp", "lunatik_run" }));
}
