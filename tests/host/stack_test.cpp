// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The end of the machine's stack: a Lua error, never a crash, and room left for the kernel.
#include "support.hpp"
#include "kernel/gate.h"

using namespace lunatik;

class Stack : public Core {
protected:
	/* The kernel's, on x86-64. */
	static constexpr size_t size = 16384;

	void SetUp() override
	{
		Core::SetUp();
		script("deep", deep);
	}

	/* Calls the function of the runtime with the whole stack of a task; returns what was logged. */
	std::string log_of(Handle *handle, const std::string &function, const std::string &argument = "")
	{
		bool entered = false;

		kernel::clear_log();
		used = kernel::on_stack(size, [&] { entered = ::call(handle, function.c_str(), argument); });
		(void)entered;
		return kernel::log();
	}

	size_t used = 0;

private:
	static const char deep[];
};

/* Each function recurses without end through something other than plain calls of Lua. */
const char Stack::deep[] = R"lua(
local functions = {}
deep = functions

function functions.pcall()
	local function f() local good, message = pcall(f) if not good then error(message, 0) end end
	f()
end
function functions.xpcall()
	local function f() local good, message = xpcall(f, function(m) return m end) if not good then error(message, 0) end end
	f()
end
function functions.handler()
	local function f() error("again") end
	local good, message = xpcall(error, f)
	error(message, 0)
end
function functions.gsub()
	local function f() return ("x"):gsub("x", f) end
	f()
end
function functions.gmatch()
	local function f() for _ in ("x"):gmatch("x") do ("x"):gsub(".", f) end end
	f()
end
function functions.sort()
	local function f(a, b) table.sort({ 3, 2, 1 }, f) return a < b end
	f(1, 2)
end
function functions.wrap()
	local function f() return coroutine.wrap(f)() end
	f()
end
function functions.resume()
	local function f() local good, message = coroutine.resume(coroutine.create(f)) if not good then error(message, 0) end end
	f()
end
for name, use in pairs {
	index = function(o) return o.x end,
	newindex = function(o) o.x = 1 end,
	call = function(o) return o() end,
	add = function(o) return o + 1 end,
	unm = function(o) return -o end,
	concat = function(o) return o .. "x" end,
	len = function(o) return #o end,
	eq = function(o) return o == setmetatable({}, getmetatable(o)) end,
	lt = function(o) return o < o end,
	le = function(o) return o <= o end,
	band = function(o) return o & 1 end,
	tostring = function(o) return tostring(o) end,
	pairs = function(o) for _ in pairs(o) do end end,
	close = function(o) local x <close> = o end,
} do
	functions[name] = function()
		local object = setmetatable({}, { __gc = nil })
		getmetatable(object)["__" .. name] = function() use(object) return "" end
		use(object)
	end
end
function functions.format()
	local object = setmetatable({}, {})
	getmetatable(object).__tostring = function() return string.format("%s", object) end
	string.format("%s", object)
end
function functions.print()
	local object = setmetatable({}, {})
	getmetatable(object).__tostring = function() print(object) end
	print(object)
end
function functions.concat_of_table()
	local function proxy() return setmetatable({}, { __len = function() return 1 end, __index = function() return table.concat(proxy()) end }) end
	table.concat(proxy())
end
function functions.unpack()
	local function proxy() return setmetatable({}, { __index = function() return table.unpack(proxy(), 1, 1) end }) end
	table.unpack(proxy(), 1, 1)
end
function functions.load()
	local function f() return load(function() f() return nil end) end
	local function g() local chunk, message = load(g) error(message, 0) end
	g()
end
function functions.require()
	local function searcher() require("x" .. math.abs(-#tostring({}))) end
	package.searchers[1] = function(name) return require(name .. "x") end
	require("a")
end
function functions.dofile() dofile("scripts/dofile.lua") end
function functions.map()
	local rcu = require("rcu")
	local t = rcu.table(1)
	t.x = 1
	local function f() rcu.map(t, f) end
	f()
end
function functions.hook()
	local function f() pcall(f) end
	debug.sethook(f, "c")
	f()
	debug.sethook()
	error("no error is wanted of pcall", 0)
end
function functions.stop_through_lua()
	local function f(n) return f(n) + 1 end
	f(1)
end
for name, source in pairs {
	parentheses = { "return ", "(", "1", ")" },
	tables = { "return ", "{", "", "}" },
	functions = { "return ", "function() return ", "1", " end" },
	blocks = { "", "do ", "", " end" },
	ifs = { "", "if x then ", "", " end" },
	whiles = { "", "while x do ", "", " end" },
	calls = { "return ", "f(", "1", ")" },
	indexes = { "return ", "t[", "1", "]" },
	unaries = { "return ", "- - ", "1", "" },
	nots = { "return ", "not ", "1", "" },
	concats = { "return ", "a..", "a", "" },
	shifts = { "return ", "1+(", "1", ")" },
} do
	functions["parse_" .. name] = function()
		local chunk, message = load(source[1] .. source[2]:rep(5000) .. source[3] .. source[4]:rep(5000))
		if not chunk then error(message, 0) end
		error("it compiles", 0)
	end
end
for name, pattern in pairs {
	optional = ("a?"):rep(300),
	captures = ("("):rep(32) .. ("a?"):rep(250),
	lazy = ("a-"):rep(300) .. "b",
	star = ("a*"):rep(12) .. "b",
	balanced = ("%b()?"):rep(200),
	frontier = ("%f[%a]?"):rep(200),
	sets = ("[a-z]?"):rep(300),
} do
	functions["match_" .. name] = function()
		local good, message = pcall(string.match, ("a"):rep(name == "star" and 6 or 310), pattern)
		error(good and "it matches" or message, 0)
	end
end

-- Runs deep[name] and says what became of it.
function run(name)
	local good, message = pcall(functions[name])
	print(name, good, tostring(message):sub(-300))
end
function list()
	for name in pairs(functions) do print(name) end
end
function fine() print("fine") end
)lua";

static std::vector<std::string> lines(const std::string &text)
{
	std::vector<std::string> found;
	size_t start = 0;

	for (size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
		found.push_back(text.substr(start, end - start));
	return found;
}

/* What a script may be told when it nests too deep. */
static bool is_end_of_stack(const std::string &text)
{
	for (const char *part : { "stack overflow", "pattern too complex", "error in error handling", "it matches", "it compiles",
				  "no error is wanted", "cannot open", "not enough memory", "not found", "malformed pattern" })
		if (text.find(part) != std::string::npos)
			return true;
	return false;
}

/* What the kernel needs below what Lua uses: the rest of the reserve. */
static const size_t for_the_kernel = 1024;

TEST_F(Stack, EndIsAnErrorWhateverRecurses)
{
	script("dofile", "dofile('scripts/dofile.lua')");
	for (const char *context : { "process", "softirq" }) {
		Handle *handle = make("deep", context);
		size_t most = 0;
		std::string worst;

		ASSERT_NE(handle, nullptr) << failure.text;
		inside(handle, [](lua_State *L) { luaL_dostring(L, "require('rcu')"); });
		for (const std::string &name : lines(log_of(handle, "list"))) {
			std::string log = log_of(handle, "run", name);

			EXPECT_TRUE(log.rfind(name + "\tfalse\t", 0) == 0 || name == "eq") << name << ": " << log;
			EXPECT_TRUE(is_end_of_stack(log)) << log;
			EXPECT_LE(used, size - for_the_kernel) << name;
			if (used > most) {
				most = used;
				worst = name;
			}
			ASSERT_EQ(log_of(handle, "fine"), "fine\n");
		}
		if (most)
			printf("%s: %zu of %zu bytes used, by %s\n", context, most, size, worst.c_str());
	}
}

/* Things to do with next to no stack left. */
static const char edge[] = R"lua(
local rcu, data, lunatik = require("rcu"), require("data"), require("lunatik")
local numbers, words, shared, bytes, other = {}, {}, rcu.table(), data.new(64), lunatik.runtime("echo")
for i = 1, 100000 do numbers[i] = (i * 7919) % 100003 end
for i = 1, 100 do words[i] = ("word"):rep(i) end
shared.text, shared.object, shared.number = ("x"):rep(1000), bytes, 42
local object = setmetatable({}, { __tostring = function() return "me" end })
operations = {
	sort = function() table.sort(numbers) end,
	sort_words = function() table.sort(words) end,
	concat = function() return table.concat(words) end,
	format = function() return string.format("%10d %-20s %q %x %5.3s", 42, "text", "a\nb", 255, "abcdef") end,
	format_long = function() return string.format("%s", ("x"):rep(10000)) end,
	tostring = function() return tostring(object) .. tostring(42) .. tostring({}) end,
	error = function() error("on purpose") end,
	error_table = function() error({}) end,
	arithmetic = function() return nil + 1 end,
	call_nil = function() return words.absent.more() end,
	traceback = function() return debug.traceback("x", 1) end,
	getinfo = function() return debug.getinfo(1) end,
	pack = function() return string.pack("<i8s4z", 1, "text", "z") end,
	unpack = function() return table.unpack(numbers, 1, 200) end,
	rep = function() return ("x"):rep(100000, ",") end,
	gsub = function() return (("hello world"):rep(100):gsub("(%w+) (%w+)", "%2 %1")) end,
	find = function() return ("x"):rep(1000):find(".-y") end,
	load = function() return load("local a = {} for i = 1, 10 do a[i] = function() return i end end return a") end,
	load_wrong = function() return load("x = = 1") end,
	loadfile = function() return loadfile("scripts/echo.lua") end,
	dump = function() return string.dump(function() end) end,
	require = function() return pcall(require, "absent") end,
	collect = function() setmetatable({}, { __gc = function() end }) collectgarbage() end,
	step = function() collectgarbage("step", 1000) end,
	generational = function() collectgarbage("generational") collectgarbage("incremental") end,
	coroutine = function() return coroutine.wrap(function() coroutine.yield(1) end)() end,
	utf8 = function() return utf8.char(228, 8364), utf8.len("äöü") end,
	table_new = function() return rcu.table(16) end,
	table_get = function() return shared.text, shared.object, shared.number end,
	table_set = function() shared.new = ("y"):rep(100) end,
	table_map = function() rcu.map(shared, function() end) end,
	data_new = function() return data.new(100) end,
	data_get = function() return bytes:getstring(0), bytes:getint32(0) end,
	data_wrong = function() return bytes:getbyte(64) end,
	type_error = function() return bytes.getbyte(shared, 0) end,
	runtime = function() return lunatik.runtime("echo") end,
	runtime_missing = function() return lunatik.runtime("absent") end,
	resume = function() return other:resume("text", 1, bytes) end,
	info = function() return other:info() end,
	print = function() print("x", 1, object) end,
	environment = function() return lunatik._ENV.runtimes end,
}
function list() for name in pairs(operations) do print(name) end end
function fine() print("fine") end
-- The operation, as deep as anything can be called.
function at_the_edge(name)
	local operation, done = operations[name], false
	local function f()
		pcall(f)
		if not done then
			done = true
			operation()	-- an error is for the pcall() above
		end
	end
	f()
	assert(done)
end
-- The same through a C function that needs more of the stack than pcall().
function at_the_edge_of_gsub(name)
	local operation, done = operations[name], false
	local function f()
		pcall(string.gsub, "x", "x", f)
		if not done then
			done = true
			operation()
		end
	end
	f()
	assert(done)
end
)lua";

TEST_F(Stack, LeavesRoomForTheKernelWhateverIsCalledLast)
{
	Handle *handle;
	size_t most = 0;
	std::string worst;

	script("echo", "local function again(...) return again(coroutine.yield(...)) end return again");
	handle = run("edge", edge);
	for (const char *way : { "at_the_edge", "at_the_edge_of_gsub" }) {
		for (const std::string &name : lines(log_of(handle, "list"))) {
			log_of(handle, way, name);
			EXPECT_LE(used, size - for_the_kernel) << way << " " << name;
			if (used > most) {
				most = used;
				worst = name;
			}
			ASSERT_EQ(log_of(handle, "fine"), "fine\n");
		}
	}
	if (most)
		printf("%zu of %zu bytes used, by %s\n", most, size, worst.c_str());
}

TEST_F(Stack, RuntimesInsideOfRuntimesEndWithAnError)
{
	script("nest", "local good, message = pcall(lunatik.runtime, 'nest') if not good then error(message, 0) end");
	Handle *handle = run("nester", "function nest() local good, message = pcall(lunatik.runtime, 'nest') print(message) end");
	std::string log = log_of(handle, "nest");

	EXPECT_TRUE(log.find("too many runtimes are being made inside of each other") != std::string::npos ||
		    log.find("stack overflow") != std::string::npos) << log;
	EXPECT_LE(used, size - for_the_kernel);
}

TEST_F(Stack, RuntimesThatResumeEachOtherEndWithAnError)
{
	script("link", R"lua(
		return function(n)
			local next_one = lunatik._ENV["link" .. n + 1]
			if next_one then return next_one:resume(n + 1) end
			return n
		end
	)lua");
	Handle *handle = run("chain", R"lua(
		for n = 1, 60 do lunatik._ENV["link" .. n] = lunatik.runtime("link") end
		function pull() print(pcall(lunatik._ENV.link1.resume, lunatik._ENV.link1, 1)) end
		function clear() for n = 1, 60 do lunatik._ENV["link" .. n]:stop() lunatik._ENV["link" .. n] = nil end end
	)lua");
	std::string log = log_of(handle, "pull");

	EXPECT_TRUE(contains(log, "stack overflow")) << log;
	EXPECT_LE(used, size - for_the_kernel);
	EXPECT_TRUE(::call(handle, "clear"));
}

TEST_F(Stack, ChainOfRuntimesIsReleasedWithItsFirst)
{
	script("link", "return function(other) kept = other end");
	Handle *handle = run("chain", R"lua(
		local first
		for n = 1, 100 do
			local link = lunatik.runtime("link")
			if first then link:resume(first) end
			first = link
		end
		function drop() first = nil collectgarbage() end
		function look() lunatik.runtime("link"):stop() collectgarbage() end
	)lua");

	log_of(handle, "drop");
	EXPECT_LE(used, size - for_the_kernel);
	kernel::settle();
	/* What it knows of those that have ended goes when it makes another: that of this one is left. */
	EXPECT_TRUE(::call(handle, "look"));
	EXPECT_EQ(__this_module.references, 3) << "runtimes are left";
}

TEST_F(Stack, OfAnotherContextIsSmallerAndStillSafe)
{
	Handle *handle = make("deep");

	for (size_t bytes : { 5000, 6000, 7000, 8192, 10000, 12000 }) {
		for (const char *name : { "pcall", "gsub", "index", "wrap", "parse_parentheses", "match_optional" }) {
			bool good = false;

			kernel::on_stack(bytes, [&] { good = ::call(handle, "run", name); });
			(void)good;
		}
		ASSERT_EQ(log_of(handle, "fine"), "fine\n");
	}
}
