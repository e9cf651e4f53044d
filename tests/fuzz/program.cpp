// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "program.hpp"

#include <map>
#include <vector>

namespace {

using fuzz::Chance;

/* --- the grammar --------------------------------------------------------------------------- */

/*
 * What each letter behind a '%' may become; deep inside, only what comes before the null. An error would end a
 * script: most lines are protected calls.
 */
const std::map<char, std::vector<const char *>> grammar = {
	/* a line */
	{ 'L', { "pcall(%f, %e)", "pcall(function(...) %b end, %e, %e)", "pcall(function(...) %b end, %e, %e)",
		 "_, %v = pcall(%f, %e, %e)", "function %v(...) %b end", "function event(...) %b end",
		 "pcall(function() %v = %a end)", "pcall(function() %v = %e end)", "pcall(function() return %a end)",
		 "do return function(...) %b end end", "do return coroutine.wrap(%f) end", "%v = %f", "%v = %c",
		 "pcall(function() %v = setmetatable(%e, { %m = %f, %m = %f }) end)", "pcall(xdp.attach, %f)", "%s",
		 "pcall(xdp.attach, function(p, q) %b return %i end)",
		 "pcall(xdp.attach, function(p, q) %v = p pcall(p.resize, p, %i) %b return p:redirect(%e) end)", nullptr } },
	/* statements */
	{ 'b', { "%s", "%s %s", "%s %s %s", "%s %s return %e", "return %a", nullptr } },
	{ 's', { "%v = %e;", "local x = %a;", "%v = %a;", "%v = %a;", "%v[%k] = %e;", nullptr,
		 "local %v <close> = %e;", "local x <const> = %e;", "do local x <close> = %a %b end",
		 "for i = 1, %j do %b end", "for i = %i, %i, %i do %b break end", "for k, x in pairs(%e) do %b end",
		 "for k, x in %e, %e, nil, %e do %b end", "while %e do %b break end", "while true do %b end",
		 "repeat %b until %e", "if %e then %b else %b end", "do goto l; %b ::l:: end",
		 "%v, %v = %e, %e;", "function %v(...) %b end", "local function g(...) %b end", "do return %e, %e end",
		 "%v = setmetatable(%e, { %m = %f, %m = %e });", "setmetatable({}, { __gc = %f });",
		 "error(%e);", "coroutine.yield(%e);", "pcall(%f, %e);", "%v = select(2, pcall(%f));",
		 "lunatik._ENV[%k] = %e;", "%r[%k] = %e;", "%r[%k] = %o;", "%d:set%z(%i, %i);", "%d:setstring(%i, %S);",
		 "collectgarbage();", "%R:stop();", "fuzz.fail(%j);", "for i = 1, %j do %v = %a end" } },
	/* any value */
	{ 'e', { "%v", "%v", "nil", "%i", "%S", "%o", "...", nullptr, "%f", "%t", "%a", "%c", "(%e %B %e)", "(%U %e)",
		 "%v[%k]", "%v.%n", "true", "false", "(...)", "select('#', ...)", "{ %e, %e, k = %e }", "%v(%e)" } },
	{ 'v', { "a", "b", "c", "d", "e", "f", "x", nullptr } },
	{ 'B', { "+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or", nullptr } },
	{ 'U', { "-", "not", "#", "~", nullptr } },
	{ 'i', { "0", "1", "2", "-1", "8", "%j", nullptr, "64", "255", "4096", "65536", "1 << 20", "1 << 31", "1 << 62",
		 "math.maxinteger", "math.mininteger", "'7'", "#%e", "%v" } },
	{ 'j', { "0", "1", "2", "3", "5", "9", "20", nullptr, "100" } },
	{ 'S', { "'x'", "''", "'a\\0b'", "('x'):rep(%j)", nullptr, "('xy'):rep(%i)", "tostring(%e)", "(%S .. %S)", "%v",
		 "'%q'", "[==[%b]==]", "'return %e'", "%d:getstring(0)" } },
	{ 'f', { "print", "function(...) return ... end", "error", "%v", nullptr, "function(...) %b end",
		 "function(...) %b end", "function(x, ...) %b end", "function() %b end", "%v.%n", "coroutine.wrap(%f)", "rawset",
		 "collectgarbage", "coroutine.yield", "pcall", "data.new", "rcu.table", "rcu.map", "lunatik.runtime",
		 "%d.get%z", "%R.resume", "%R.stop", "%R.info", "%d.setstring", "string.rep", "next", "setmetatable", "load" } },
	{ 't', { "{}", "{ 1, 2, 3 }", "{ %e }", nullptr, "{ %k }", "setmetatable({}, { %m = %f })",
		 "setmetatable({ %e }, { %m = %f, %m = %e })", "table.pack(%e, %e)", "_G", "package.loaded", "string",
		 "setmetatable({}, { __mode = 'k' })", "%R:info()" } },
	{ 'k', { "'k'", "'a'", "1", "%S", nullptr, "%i", "%e", "'%n'" } },
	/* objects, and functions of wrong ones */
	{ 'o', { "%d", "%r", "%R", "%v", nullptr, "%d", "%r", "fuzz.foreign(%i, %i)", "lunatik._ENV", "lunatik._ENV[%k]" } },
	{ 'd', { "data.new(8)", "%v", nullptr, "data.new(%i)", "data.new(%j)" } },
	{ 'r', { "rcu.table(1)", "lunatik._ENV", "%v", nullptr, "rcu.table(%i)", "rcu.table()" } },
	{ 'R', { "%v", "lunatik.runtime('%N')", nullptr, "lunatik.runtime('%N', '%w')", "lunatik._ENV.runtimes.%N",
		 "lunatik.runtime('%N', %e)" } },
	{ 'c', { "coroutine.create(%f)", "%v", nullptr, "coroutine.wrap(%f)", "coroutine.running()",
		 "coroutine.create(function(...) local x <close> = setmetatable({}, { __close = %f }) %b coroutine.yield(%e) %b end)" } },
	/* calls of the API */
	{ 'a', { "%o", "%d:get%z(%i)", "%R:resume(%e, %e)", "%R:info()", "#%d", "%r[%k]", "collectgarbage('count')", nullptr,
		 "%d:getstring(%i, %e)", "%d.get%z(%o, %i)", "%d.set%z(%o, %i, %e)", "%R.resume(%o)", "%R.stop(%o, %e)",
		 "%R.info(%e)", "%v:resize(%i)", "%v:interface()", "%v:redirect(%e)", "xdp.attached(%e)", "rcu.map(%r, %f)", "rcu.map(%o, %f)", "lunatik.runtime(%e, %e)", "fuzz.shown(%S, %f)",
		 "require('%q')", "require(%S)", "loadfile('scripts/%N.lua')", "dofile('scripts/%N.lua')", "load(%S)", "load(%S, %e, 't', %t)",
		 "load(%f)", "load(%S)()", "xdp.attach(%f)", "xdp.detach()", "coroutine.resume(%c, %e)", "coroutine.close(%c)",
		 "coroutine.status(%c)", "coroutine.isyieldable()", "coroutine.running()", "%c()", "pcall(%f, %e)",
		 "xpcall(%f, %f, %e)", "select(%i, %e, %e)", "next(%t, %e)", "rawget(%t, %e)", "rawset(%t, %e, %e)", "rawlen(%e)",
		 "rawequal(%e, %o)", "tostring(%e)", "tonumber(%e, %i)", "type(%e)", "ipairs(%e)", "print(%e, %e)",
		 "warn('@on', %S)", "assert(%e, %e)", "getmetatable(%e)", "setmetatable(%t, %e)", "collectgarbage('%g', %i)",
		 "collectgarbage('%g')", "string.format('%Q', %e, %e)", "string.rep(%S, %i, %S)", "string.gsub(%S, '%P', %e)",
		 "string.gsub(%S, %S, %f, %i)", "string.find(%S, '%P', %i)", "string.match(%S, '%P')", "string.gmatch(%S, '%P')()",
		 "string.sub(%S, %i, %i)", "string.byte(%S, %i, %i)", "string.char(%i, %i)", "string.pack('%F', %e, %e)",
		 "string.unpack('%F', %S, %i)", "string.packsize('%F')", "string.dump(%f)", "string.reverse(%S)", "string.upper(%S)",
		 "table.concat(%t, %S, %i, %i)", "table.insert(%t, %e)", "table.insert(%t, %i, %e)", "table.remove(%t, %i)",
		 "table.sort(%t, %f)", "table.sort({ 3, 1, 2, %e })", "table.unpack(%t, %i, %i)", "table.move(%t, %i, %i, %i)",
		 "utf8.char(%i)", "utf8.codepoint(%S, %i, %i)", "utf8.len(%S, %i)", "utf8.offset(%S, %i)", "utf8.codes(%S)",
		 "math.max(%i, %i)", "math.abs(%i)", "math.tointeger(%e)", "math.ult(%i, %i)", "debug.getinfo(%e, '%I')",
		 "debug.getinfo(%j, '%I').func", "debug.getinfo(%c, %j)", "debug.getlocal(%e, %i)", "debug.getlocal(%c, %j, %j)",
		 "debug.setlocal(%j, %j, %e)", "debug.setlocal(%c, %j, %j, %e)", "debug.getupvalue(%f, %j)", "debug.setupvalue(%f, %j, %e)",
		 "debug.upvalueid(%f, %j)", "debug.upvaluejoin(%f, %j, %f, %j)", "debug.getmetatable(%e)", "debug.setmetatable(%e, %t)",
		 "debug.getuservalue(%o, %i)", "debug.setuservalue(%o, %e, %i)", "debug.sethook(%f, '%h', %j)", "debug.sethook(%c, %f, '%h')",
		 "debug.sethook()", "debug.gethook()", "debug.traceback(%e, %j)", "debug.traceback(%c)", "package.searchpath(%S, %S)",
		 "package.searchers[%j](%S)", "_ENV[%k]" } },
	{ 'z', { "byte", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "number", nullptr } },
	{ 'm', { "__gc", "__close", "__index", nullptr, "__newindex", "__call", "__len", "__eq", "__lt", "__le", "__concat",
		 "__unm", "__add", "__tostring", "__name", "__mode", "__metatable", "__pairs" } },
	{ 'n', { "k", "a", nullptr, "n", "runtimes", "memory", "func", "__gc", "__index", "resume", "getbyte" } },
	{ 'N', { "a", "b", "c", nullptr, "d", "a.lua", "absent" } },
	{ 'q', { "data", "rcu", "lunatik", "xdp", "b", "c", nullptr, "absent", "string", "debug" } },
	{ 'w', { "%W", "%W %W", nullptr, "%W %W %W" } },
	{ 'W', { "process", "softirq", "hardirq", "percpu", "memory=64K", nullptr, "memory=100K", "memory=256K", "memory=1M",
		 "budget=1", "budget=3", "budget=100", "budget=1s" } },
	{ 'g', { "collect", "step", "stop", nullptr, "restart", "generational", "incremental", "isrunning", "setpause", "setstepmul" } },
	{ 'P', { "x", ".-", "(.)", "%%a*", "[^%%s]+", nullptr, "%%b()", "()", "%%f[%%w]", "(x*)(y?)", "%%1", "[", "^x", "x$" } },
	{ 'Q', { "%%s", "%%d", "%%q", "%%5.2s", nullptr, "%%-99d", "%%x", "%%c%%i", "%%p", "%%%%", "%%", "%%10.99s" } },
	{ 'F', { "i4", "s1", "z", "<i8", "!8 i1 Xi8", nullptr, "s", "I16", "c5", "j", "i3 >I2", "b x B", "T", "n" } },
	{ 'I', { "f", "nSltufrL", "S", nullptr, "u", "n", "l", ">", "L" } },
	{ 'h', { "c", "r", "l", "crl", "", nullptr } },
};

const unsigned int depth_max = 5;

std::string expand(const char *text, unsigned int depth, Chance &chance)
{
	std::string expanded;

	for (; *text; text++) {
		if (*text != '%' || !text[1]) {
			expanded += *text;
			continue;
		}
		auto rule = grammar.find(*++text);
		if (rule == grammar.end()) {
			expanded += *text;
			continue;
		}
		size_t count = 0, shallow = 0;

		for (const char *choice : rule->second) {
			if (!choice)
				shallow = count;
			else
				count++;
		}
		size_t choice = chance() % (depth < depth_max ? count : shallow);

		expanded += expand(rule->second[choice + (choice >= shallow)], depth + 1, chance);
	}
	return expanded;
}

/* --- changing a program -------------------------------------------------------------------- */

using Lines = std::vector<std::string>;

Lines split(const std::string &text)
{
	Lines lines;

	for (size_t end, at = 0; at < text.size(); at = end + 1) {
		end = std::min(text.find('\n', at), text.size());
		lines.push_back(text.substr(at, end - at));
	}
	return lines;
}

std::string join(const Lines &lines)
{
	std::string text;

	for (const std::string &line : lines)
		text += line + "\n";
	return text;
}

std::string make_directive(Chance &chance)
{
	static const char *const directives[] = {
		"-- lunatik: %w", "-- lunatik: %W", "-- file b\n-- lunatik: %w", "-- file c", "-- fail %", "-- fail % onwards", "-- stack %",
	};
	std::string line = expand(directives[chance() % (sizeof(directives) / sizeof(directives[0]))], 0, chance);
	size_t number = line.find('%');

	/* Most of it is about what a runtime's making takes, of allocations or bytes. */
	if (number != line.npos)
		line.replace(number, 1, std::to_string(chance() % (1U << chance() % 14) + (line[3] == 's' ? 6000 : 1)));
	return line;
}

bool is_word(char c)
{
	return isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/* Puts something else in the place of a name of one letter, or a number. */
void replace_word(std::string &line, Chance &chance)
{
	size_t start = chance() % (line.size() + 1);

	for (size_t i = 0; i < line.size(); i++) {
		size_t at = (start + i) % line.size(), end = at;

		while (end < line.size() && is_word(line[end]))
			end++;
		if (end == at || (at && is_word(line[at - 1])))
			continue;
		if (isdigit(static_cast<unsigned char>(line[at])))
			line.replace(at, end - at, expand("%i", chance() % 6, chance));
		else if (end - at == 1)
			line.replace(at, 1, expand(chance() % 3 ? "%v" : "%e", 2 + chance() % 4, chance));
		else
			continue;
		return;
	}
}

} // namespace

std::string fuzz::make_line(Chance &chance)
{
	return expand("%L", chance() % 3, chance);
}

std::string fuzz::mutate(const std::string &program, Chance &chance)
{
	Lines lines = split(program);

	for (unsigned int changes = 1 + chance() % 4; changes--;) {
		size_t at = lines.empty() ? 0 : chance() % lines.size();
		auto place = lines.begin() + static_cast<long>(at);
		unsigned int how = lines.empty() ? 0 : chance() % 16;

		if (how < 6) {
			lines.insert(place + (chance() % 2 && !lines.empty()), make_line(chance));
		} else if (how < 8) {
			*place = make_line(chance);
		} else if (how < 10) {
			lines.erase(place);
		} else if (how < 11) {
			std::string line = *place;

			lines.insert(lines.begin() + static_cast<long>(chance() % lines.size()), line);
		} else if (how < 12) {
			std::swap(*place, lines[chance() % lines.size()]);
		} else if (how < 15) {
			replace_word(*place, chance);
		} else {
			lines.insert(lines.begin() + static_cast<long>(chance() % 2 ? 0 : at), make_directive(chance));
		}
	}
	return join(lines);
}

std::string fuzz::cross(const std::string &one, const std::string &other, Chance &chance)
{
	Lines lines = split(one), more = split(other);
	size_t at = chance() % (lines.size() + 1), from = chance() % (more.size() + 1),
	       count = chance() % (more.size() - from + 1);

	lines.insert(lines.begin() + static_cast<long>(at), more.begin() + static_cast<long>(from),
		     more.begin() + static_cast<long>(from + count));
	return join(lines);
}
