// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What iptables loads for a match or target in Lua, libxt_NAME.so: runs libxt_NAME.lua, which lies beside it, in
// stock Lua, and has its callbacks called. Compiled for each NAME, which LUAXTABLE_MODULE is.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <getopt.h>
#include <lua.hpp>
#include <xtables.h>

#include "lunatik_xtable.h"

namespace {

const char name[] = LUAXTABLE_MODULE;
static_assert(sizeof(name) <= XT_EXTENSION_MAXNAMELEN, "the name has more than 28 characters");

lua_State *L;

/* What libxt_NAME.lua registers: at most one of each, since iptables does not say which it means. */
enum Kind { Match, Target, Kinds };
const char *const kind_names[Kinds] = { "match", "target" };
xtables_match match;
xtables_target target;
bool registered[Kinds];

/* --- errors ------------------------------------------------------------------------------- */

/* Ends iptables with one line. */
[[noreturn]] void fail(const char *text)
{
	int length = static_cast<int>(strcspn(text, "\n"));

	if (xt_params)
		xtables_error(PARAMETER_PROBLEM, "%s: %.*s", name, length, text);
	fprintf(stderr, "%s: %.*s\n", name, length, text);
	exit(PARAMETER_PROBLEM);
}

[[noreturn]] void fail_lua()
{
	const char *text = lua_tostring(L, -1);

	fail(text ? text : "the error is no string");
}

/* --- userargs ----------------------------------------------------------------------------- */

void push_userargs(const char *userargs)
{
	lua_pushlstring(L, userargs, strnlen(userargs, LUNATIK_XTABLE_USERARGS));
}

/* Takes the field of the table on the stack's top. */
void take_userargs(char *userargs)
{
	const char *text;
	size_t length;

	if (lua_getfield(L, -1, "userargs") == LUA_TNIL)
		lua_pushliteral(L, "");
	if (!lua_isstring(L, -1))
		fail("par.userargs is no string");
	text = lua_tolstring(L, -1, &length);
	if (length >= LUNATIK_XTABLE_USERARGS)
		fail("par.userargs is longer than 255 bytes");
	if (memchr(text, '\0', length))
		fail("par.userargs holds a zero byte");
	memset(userargs, 0, LUNATIK_XTABLE_USERARGS);
	memcpy(userargs, text, length);
	lua_settop(L, 0);
}

char *userargs_of(const unsigned char *data)
{
	return reinterpret_cast<lunatik_xtable_info *>(const_cast<unsigned char *>(data))->userargs;
}

/* --- callbacks ---------------------------------------------------------------------------- */

/* Pushes a callback; what it is called with comes next. The stack is empty before. */
void push_callback(Kind kind, const char *callback)
{
	lua_getfield(L, LUA_REGISTRYINDEX, kind_names[kind]);
	lua_getfield(L, -1, callback);
	lua_remove(L, -2);
}

void call(int arguments, int results)
{
	if (lua_pcall(L, arguments, results, 0) != LUA_OK)
		fail_lua();
}

void help(Kind kind)
{
	push_callback(kind, "help");
	call(0, 1);
	if (lua_isstring(L, -1))
		printf("%s\n", lua_tostring(L, -1));
	lua_settop(L, 0);
}

void init(Kind kind, unsigned char *data)
{
	lua_newtable(L);
	push_callback(kind, "init");
	lua_pushvalue(L, 1);
	call(1, 0);
	take_userargs(userargs_of(data));
}

/* What the callback returns is printed as well as what it prints. */
void show(Kind kind, const char *callback, const unsigned char *data)
{
	push_callback(kind, callback);
	push_userargs(userargs_of(data));
	call(1, 1);
	if (lua_isstring(L, -1))
		printf(" %s", lua_tostring(L, -1));
	lua_settop(L, 0);
}

int parse(Kind kind, int c, int invert, unsigned int *flags, unsigned char *data)
{
	const option *options = kind == Match ? match.extra_opts : target.extra_opts;
	bool known = true;

	while (options && options->name && options->val != c)
		options++;
	if (!options || !options->name)
		return 0;
	lua_newtable(L);
	push_userargs(userargs_of(data));
	lua_setfield(L, 1, "userargs");
	lua_pushinteger(L, *flags);
	lua_setfield(L, 1, "flags");
	lua_pushstring(L, options->name);
	lua_setfield(L, 1, "option");
	lua_pushinteger(L, c);
	lua_setfield(L, 1, "val");
	lua_pushstring(L, options->has_arg != no_argument ? optarg : nullptr);
	lua_setfield(L, 1, "arg");
	lua_pushboolean(L, invert);
	lua_setfield(L, 1, "invert");
	push_callback(kind, "parse");
	lua_pushvalue(L, 1);
	call(1, 1);
	known = !lua_isboolean(L, -1) || lua_toboolean(L, -1);
	lua_settop(L, 1);
	lua_getfield(L, 1, "flags");
	if (!lua_isinteger(L, -1))
		fail("par.flags is no integer");
	*flags = static_cast<unsigned int>(lua_tointeger(L, -1));
	lua_settop(L, 1);
	take_userargs(userargs_of(data));
	return known;
}

void final_check(Kind kind, unsigned int flags)
{
	push_callback(kind, "final_check");
	lua_pushinteger(L, flags);
	call(1, 0);
	lua_settop(L, 0);
}

void match_help() { help(Match); }
void match_init(xt_entry_match *entry) { init(Match, entry->data); }
void match_print(const void *, const xt_entry_match *entry, int) { show(Match, "print", entry->data); }
void match_save(const void *, const xt_entry_match *entry) { show(Match, "save", entry->data); }
int match_parse(int c, char **, int invert, unsigned int *flags, const void *, xt_entry_match **entry)
{
	return parse(Match, c, invert, flags, (*entry)->data);
}
void match_final_check(unsigned int flags) { final_check(Match, flags); }

void target_help() { help(Target); }
void target_init(xt_entry_target *entry) { init(Target, entry->data); }
void target_print(const void *, const xt_entry_target *entry, int) { show(Target, "print", entry->data); }
void target_save(const void *, const xt_entry_target *entry) { show(Target, "save", entry->data); }
int target_parse(int c, char **, int invert, unsigned int *flags, const void *, xt_entry_target **entry)
{
	return parse(Target, c, invert, flags, (*entry)->data);
}
void target_final_check(unsigned int flags) { final_check(Target, flags); }

/* --- the library `luaxt` ------------------------------------------------------------------ */

/* An integer field of the table in argument 1. Raises. */
lua_Integer field(const char *field, lua_Integer most)
{
	lua_Integer value = 0;

	if (lua_getfield(L, 1, field) != LUA_TNIL) {
		if (!lua_isinteger(L, -1))
			luaL_error(L, "'%s' is no integer", field);
		value = lua_tointeger(L, -1);
		if (value < 0 || value > most)
			luaL_error(L, "'%s' is out of range (0 to %d)", field, static_cast<int>(most));
	}
	lua_pop(L, 1);
	return value;
}

/* Whether the table in argument 1 has the callback. Raises when it is no function. */
bool has(const char *callback)
{
	int type = lua_getfield(L, 1, callback);

	if (type != LUA_TFUNCTION && type != LUA_TNIL)
		luaL_error(L, "'%s' is no function", callback);
	lua_pop(L, 1);
	return type == LUA_TFUNCTION;
}

/* iptables tells options apart by these numbers, from 0 to 255. */
const int val_most = 255;

/* The option on the stack's top. Raises. */
option read_option(int number)
{
	option read = {};

	if (!lua_istable(L, -1) || lua_getfield(L, -1, "name") != LUA_TSTRING)
		luaL_error(L, "option %d has no name", number);
	/* opts is kept, and with it the name. */
	read.name = lua_tostring(L, -1);
	lua_pop(L, 1);
	read.val = number;
	if (lua_getfield(L, -1, "val") != LUA_TNIL) {
		if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0 || lua_tointeger(L, -1) > val_most)
			luaL_error(L, "option '%s': 'val' is no integer of 0 to %d", read.name, val_most);
		read.val = static_cast<int>(lua_tointeger(L, -1));
	}
	lua_pop(L, 1);
	lua_getfield(L, -1, "has_arg");
	if (lua_isinteger(L, -1)) {
		read.has_arg = static_cast<int>(lua_tointeger(L, -1));
		if (read.has_arg < no_argument || read.has_arg > optional_argument)
			luaL_error(L, "option '%s': 'has_arg' is a boolean, or 0 to 2 as for getopt_long(3)", read.name);
	} else {
		read.has_arg = lua_toboolean(L, -1) ? required_argument : no_argument;
	}
	lua_pop(L, 1);
	return read;
}

/* The options in the table in argument 1, null if there are none. They stay as long as the state. Raises. */
const option *read_options()
{
	option *options;
	int count;

	if (lua_getfield(L, 1, "options") == LUA_TNIL) {
		lua_pop(L, 1);
		return nullptr;
	}
	if (!lua_istable(L, -1))
		luaL_error(L, "'options' is no table");
	if (!has("parse"))
		luaL_error(L, "'options' needs 'parse', a function");
	count = static_cast<int>(luaL_len(L, -1));
	if (count > val_most)
		luaL_error(L, "too many options");
	/* The last one, of zeros, ends the list. */
	options = static_cast<option *>(lua_newuserdatauv(L, (static_cast<size_t>(count) + 1) * sizeof(option), 0));
	memset(options, 0, (static_cast<size_t>(count) + 1) * sizeof(option));
	for (int i = 0; i < count; i++) {
		lua_geti(L, -2, i + 1);
		options[i] = read_option(i + 1);
		lua_pop(L, 1);
		for (int before = 0; before < i; before++)
			if (options[before].val == options[i].val)
				luaL_error(L, "the options '%s' and '%s' have the same 'val'", options[before].name, options[i].name);
	}
	lua_rawsetp(L, LUA_REGISTRYINDEX, options);
	lua_pop(L, 1);
	return options;
}

/* What both kinds have in common. Raises. */
template <class Extension> void fill(Extension &extension)
{
	lua_Integer family = field("family", 255);

	extension.version = XTABLES_VERSION;
	extension.name = name;
	extension.revision = static_cast<uint8_t>(field("revision", 255));
	/* libxtables has none for both but this one. */
	extension.family = static_cast<uint16_t>(family != NFPROTO_INET ? family : static_cast<lua_Integer>(NFPROTO_UNSPEC));
	extension.size = XT_ALIGN(sizeof(lunatik_xtable_info));
	extension.userspacesize = offsetof(lunatik_xtable_info, kernel);
	extension.extra_opts = read_options();
}

/* The table in argument 1 is registered from here on. Raises. */
void begin(Kind kind)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (registered[kind])
		luaL_error(L, "a %s is registered already: there is one for each libxt_%s.lua", kind_names[kind], name);
}

void keep(Kind kind)
{
	lua_pushvalue(L, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, kind_names[kind]);
	registered[kind] = true;
}

/* The object that stands for what is registered: its type, and how it is printed, is all there is to it. */
int push_extension(Kind kind)
{
	lua_newuserdatauv(L, 0, 0);
	lua_createtable(L, 0, 2);
	lua_pushliteral(L, "luaxt");
	lua_setfield(L, -2, "__name");
	lua_pushstring(L, kind_names[kind]);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	return 1;
}

/// Registers the match that libxt_NAME.lua is for, with iptables.
/// @param opts table: revision (integer; 0 when omitted; the kernel script has the same), family (integer of
/// luaxt.family; both when omitted), and functions, each of which may be omitted: help(): prints, or returns, what
/// the options are; init(par): sets par.userargs, the string that the kernel's script gets; parse(par): is called
/// for each option of this match on the command line, reads par.option (its name), par.arg, par.invert and sets
/// par.userargs and par.flags (integer, 0 at first); false for an option that it does not want; final_check(flags):
/// raises if something is missing; print(userargs), save(userargs): print, or return, the options, as iptables -L
/// and iptables-save show them. options (table, a list of tables with name (string), has_arg (boolean) and val
/// (integer 0 to 255, its place in the list when omitted)): what there is for parse.
/// @return luaxt, which need not be kept: iptables knows the match as long as it runs
/// Errors, here and in the callbacks, end iptables with one line.
/// @function luaxt.match(opts)
int luaxt_match(lua_State *)
{
	begin(Match);
	match = {};
	fill(match);
	match.help = has("help") ? match_help : nullptr;
	match.init = has("init") ? match_init : nullptr;
	match.parse = has("parse") ? match_parse : nullptr;
	match.final_check = has("final_check") ? match_final_check : nullptr;
	match.print = has("print") ? match_print : nullptr;
	match.save = has("save") ? match_save : nullptr;
	keep(Match);
	xtables_register_match(&match);
	return push_extension(Match);
}

/// Registers the target that libxt_NAME.lua is for.
/// @param opts table: as for luaxt.match()
/// @return luaxt
/// @function luaxt.target(opts)
int luaxt_target(lua_State *)
{
	begin(Target);
	target = {};
	fill(target);
	target.help = has("help") ? target_help : nullptr;
	target.init = has("init") ? target_init : nullptr;
	target.parse = has("parse") ? target_parse : nullptr;
	target.final_check = has("final_check") ? target_final_check : nullptr;
	target.print = has("print") ? target_print : nullptr;
	target.save = has("save") ? target_save : nullptr;
	keep(Target);
	xtables_register_target(&target);
	return push_extension(Target);
}

/// Puts a string in quotes, as iptables-restore reads it, for save().
/// @param text string
/// @return string
/// @function luaxt.quote(text)
int luaxt_quote(lua_State *)
{
	const char *text = luaL_checkstring(L, 1);
	luaL_Buffer buffer;

	luaL_buffinit(L, &buffer);
	luaL_addchar(&buffer, '"');
	for (; *text; text++) {
		if (strchr("\"\\'", *text))
			luaL_addchar(&buffer, '\\');
		luaL_addchar(&buffer, *text);
	}
	luaL_addchar(&buffer, '"');
	luaL_pushresult(&buffer);
	return 1;
}

/// @field luaxt.family table<string, integer>: UNSPEC, INET, IPV4, IPV6, ARP, NETDEV, BRIDGE
int open_luaxt(lua_State *)
{
	static const luaL_Reg functions[] = {
		{ "match", luaxt_match },
		{ "target", luaxt_target },
		{ "quote", luaxt_quote },
		{ nullptr, nullptr },
	};
	static const struct {
		const char *name;
		lua_Integer value;
	} families[] = {
		{ "UNSPEC", NFPROTO_UNSPEC }, { "INET", NFPROTO_INET }, { "IPV4", NFPROTO_IPV4 }, { "IPV6", NFPROTO_IPV6 },
		{ "ARP", NFPROTO_ARP }, { "NETDEV", NFPROTO_NETDEV }, { "BRIDGE", NFPROTO_BRIDGE },
	};

	luaL_newlib(L, functions);
	lua_newtable(L);
	for (const auto &family : families) {
		lua_pushinteger(L, family.value);
		lua_setfield(L, -2, family.name);
	}
	lua_setfield(L, -2, "family");
	return 1;
}

/* --- loading ------------------------------------------------------------------------------ */

/* Runs libxt_NAME.lua, of the folder in argument 1. Raises. */
int run(lua_State *)
{
	const char *folder = lua_tostring(L, 1);

	luaL_openlibs(L);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_pushcfunction(L, open_luaxt);
	lua_setfield(L, -2, "luaxt");
	lua_getglobal(L, "package");
	lua_pushfstring(L, "%s/?.lua;", folder);
	lua_getfield(L, -2, "path");
	lua_concat(L, 2);
	lua_setfield(L, -2, "path");
	lua_pushfstring(L, "%s/libxt_%s.lua", folder, name);
	if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 0);
	if (!registered[Match] && !registered[Target])
		return luaL_error(L, "libxt_%s.lua registers no match and no target", name);
	return 0;
}

/* As iptables opens libxt_NAME.so */
[[gnu::constructor]] void load()
{
	Dl_info here;
	const char *end;

	if (!dladdr(reinterpret_cast<void *>(load), &here) || !(end = strrchr(here.dli_fname, '/')))
		fail("cannot tell where its own file is");
	L = luaL_newstate();
	if (!L)
		fail("not enough memory");
	lua_pushcfunction(L, run);
	lua_pushlstring(L, here.dli_fname, static_cast<size_t>(end - here.dli_fname));
	call(1, 0);
}

} // namespace
