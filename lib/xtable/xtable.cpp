// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The library `xtable`: matches and targets of iptables whose rules call Lua.
#include "lunatik_skb.hpp"
#include "kernel.h"

extern "C" {
#include <errno.h>
#include <string.h>
}

namespace lunatik {

/* --- what a rule tells of a packet -------------------------------------------------------- */

/* A callback's argument `par`: there while the callback runs, as its packet is. */
struct Par : Object {
	static const Class type;
	luaxtable_event *event;		/* null otherwise */
};

/* The name of the field in argument 2, and what it is a field of, in argument 1. Raises. */
static luaxtable_event *check_field(lua_State *L, const char *&name)
{
	Par *par = check<Par>(L, 1);

	name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
	if (!par->event)
		luaL_error(L, "the packet is gone: it is there during its callback only");
	return par->event;
}

/// What x_tables knows of the packet at the rule.
/// @field par.hotdrop boolean: the packet is to be dropped at once; a match sets it, and then matches no packet
/// @field par.thoff integer: where the transport header is, in bytes from the packet's start; 0 where there is none
/// @field par.fragoff integer: not 0 in a fragment that is not the first, which has no transport header: where it
/// belongs, for IPv4 in units of 8 bytes, for IPv6 in bytes
static int par_get(lua_State *L)
{
	const char *name;
	luaxtable_event *event = check_field(L, name);

	if (!strcmp(name, "thoff"))
		lua_pushinteger(L, luaxtable_thoff(event));
	else if (!strcmp(name, "fragoff"))
		lua_pushinteger(L, luaxtable_fragoff(event));
	else if (!strcmp(name, "hotdrop"))
		lua_pushboolean(L, luaxtable_hotdrop(event));
	else
		lua_pushnil(L);
	return 1;
}

static int par_set(lua_State *L)
{
	const char *name;
	luaxtable_event *event = check_field(L, name);

	if (strcmp(name, "hotdrop"))
		return luaL_error(L, "only 'hotdrop' can be set");
	/* The packet of a match is one that is only looked at. */
	if (!event->packet.readonly)
		return luaL_error(L, "'hotdrop' is set by matches; a target returns action.DROP");
	luaL_checktype(L, 3, LUA_TBOOLEAN);
	luaxtable_set_hotdrop(event, lua_toboolean(L, 3));
	return 0;
}

static const luaL_Reg par_methods[] = {
	{ "__index", par_get },
	{ "__newindex", par_set },
	{ nullptr, nullptr },
};

const Class Par::type = {
	.name = "xtable.par",
	.size = sizeof(Par),
	.methods = par_methods,
	.release = nullptr,
	.sleeps = false,
	.release_sleeps = false,
	.shared = false,
	.owner = &__this_module,
};

/* --- extensions --------------------------------------------------------------------------- */

enum class Happening { Added, Seen, Removed };

/*
 * The callbacks of one state, in two coroutines, each of which keeps at the bottom of its stack what a call needs:
 * of packets the callback, the packet, par and the userargs of the rule that the last one was at; of rules the
 * function that keeps book of them.
 */
struct Extension : Object {
	static const Class type;
	lua_State *packets, *rules;
	unsigned int takes;		/* arguments, the callback of packets */
	Data *view;
	Par *par;
	Runtime *runtime;		/* held */
	luaxtable_kind kind;
	luaxtable_extension *extension;	/* null until it is there */
	luaxtable_slot *slot;
	uint64_t rule;			/* whose userargs are at hand */
	/* For keep_book() */
	const luaxtable_rule *subject;
	Happening happening;
};

static void release(Object *object)
{
	Extension *extension = static_cast<Extension *>(object);

	if (extension->extension) {
		luaxtable_leave(extension->extension, extension->slot);
		drop(extension->runtime);
	}
	if (extension->view)
		put(extension->view);
	if (extension->par)
		put(extension->par);
}

const Class Extension::type = {
	.name = "xtable",
	.size = sizeof(Extension),
	.methods = nullptr,
	.release = release,
	.sleeps = false,
	.release_sleeps = true,
	.shared = false,
	.owner = &__this_module,
};

/* --- rules -------------------------------------------------------------------------------- */

static const char *kind_name(luaxtable_kind kind)
{
	return kind == LUAXTABLE_MATCH ? "match" : "target";
}

/* Calls the function in upvalue `which`, if there is one, with the string at `index`. Whether it says no. Raises. */
static bool says_no(lua_State *L, int which, int index)
{
	bool no;

	lua_pushvalue(L, lua_upvalueindex(which));
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		return false;
	}
	lua_pushvalue(L, index);
	lua_call(L, 1, 1);
	no = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
	lua_pop(L, 1);
	return no;
}

enum { RULES = 1, CHECKENTRY, DESTROY };

/*
 * keep_book(extension), with the upvalues above: rules by their numbers, each with its userargs; false for one
 * that the script does not take. 1 when it takes this one. Raises.
 */
static int keep_book(lua_State *L)
{
	Extension *extension = static_cast<Extension *>(lua_touserdata(L, 1));
	const luaxtable_rule *rule = extension->subject;
	lua_Integer id = static_cast<lua_Integer>(rule->id);
	bool taken;

	lua_settop(L, 1);
	switch (lua_rawgeti(L, lua_upvalueindex(RULES), id)) {
	case LUA_TNIL:
		break;
	default:
		if (extension->happening != Happening::Removed)
			return luafast_return(L, lua_isstring(L, 2));
		lua_pushnil(L);
		lua_rawseti(L, lua_upvalueindex(RULES), id);
		if (lua_isstring(L, 2))
			says_no(L, DESTROY, 2);
		return luafast_return(L, 0);
	}
	if (extension->happening == Happening::Removed)
		return luafast_return(L, 0);
	/* Packets ask only once, whatever happens below. */
	lua_pushboolean(L, false);
	lua_rawseti(L, lua_upvalueindex(RULES), id);
	lua_pushstring(L, rule->userargs);
	taken = rule->fits && !says_no(L, CHECKENTRY, 3);
	if (taken) {
		lua_pushvalue(L, 3);
		lua_rawseti(L, lua_upvalueindex(RULES), id);
	}
	return luafast_return(L, taken);
}

/* Has keep_book() called. Does not raise. */
static bool tell(Extension *extension, const luaxtable_rule *rule, Happening happening)
{
	lua_State *L = extension->rules;
	int result;

	extension->subject = rule;
	extension->happening = happening;
	result = luafast_call(L, 2);
	switch (result) {
	case LUAFAST_ERROR:
		log_error(L, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr);
		lua_pop(L, 1);
		return false;
	case LUAFAST_STOPPED:
		log_error(L, "the script ran for too long");
		return false;
	default:
		if (!result && happening == Happening::Added)
			log_error(L, "checkentry refused the rule");
		if (!result && happening == Happening::Seen)
			log_error(L, "a rule that was there before the script is not taken: add it anew");
		return result == 1;
	}
}

/* --- registering -------------------------------------------------------------------------- */

/* An integer field of the table in argument 1. Raises. */
static lua_Integer field(lua_State *L, const char *name, lua_Integer most)
{
	lua_Integer value = 0;
	int is_integer = true;

	if (lua_getfield(L, 1, name) != LUA_TNIL)
		value = lua_tointegerx(L, -1, &is_integer);
	if (lua_type(L, -1) == LUA_TSTRING || !is_integer || value < 0 || value > most)
		luaL_error(L, "'%s' is no integer of 0 to %d", name, static_cast<int>(most));
	lua_pop(L, 1);
	return value;
}

/* A name that iptables can say. */
static bool is_name(const char *name, size_t length)
{
	if (!length || length > LUAXTABLE_NAME)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* Reads what is to be registered. Its name is on the stack, one value more. Raises. */
static luaxtable_terms check_terms(lua_State *L, luaxtable_kind kind)
{
	luaxtable_terms terms = {};
	size_t length;
	bool is_ip;

	terms.kind = kind;
	terms.revision = static_cast<unsigned char>(field(L, "revision", 255));
	terms.families = luaxtable_families(field(L, "family", 255));
	if (!terms.families)
		luaL_error(L, "'family' is one of UNSPEC, INET, IPV4, IPV6, ARP and BRIDGE of netfilter.family");
	is_ip = luaxtable_families_are_ip(terms.families);
	if (!is_ip && kind == LUAXTABLE_MATCH)
		luaL_error(L, "'family': arptables has no matches, and ebtables none but its own: "
			   "register a target, or use netfilter.register()");
	terms.hooks = static_cast<unsigned int>(field(L, "hooks", luaxtable_hooks(terms.families)));
	/* All is nothing in particular. */
	if (terms.hooks == luaxtable_hooks(terms.families))
		terms.hooks = 0;
	terms.proto = static_cast<unsigned short>(field(L, "proto", 255));
	if (!is_ip && terms.proto)
		luaL_error(L, "'proto' is of IPv4 and IPv6: rules of arptables and ebtables have none");
	if (lua_getfield(L, 1, "name") != LUA_TSTRING)
		luaL_error(L, "'name' is missing, or no string");
	terms.name = lua_tolstring(L, -1, &length);
	if (!is_name(terms.name, length))
		luaL_error(L, "'name' is 1 to %d letters, digits, '_' and '-'", LUAXTABLE_NAME);
	return terms;
}

/* Pushes a function of the table in argument 1, or nil. Raises. */
static void push_function(lua_State *L, const char *name, bool needed)
{
	int type = lua_getfield(L, 1, name);

	if (type != LUA_TFUNCTION && (needed || type != LUA_TNIL))
		luaL_error(L, "'%s' is no function", name);
}

[[gnu::cold]] static int join_error(lua_State *L, int error, const luaxtable_terms &terms)
{
	const char *kind = kind_name(terms.kind);

	switch (error) {
	case -EEXIST:
		return luaL_error(L, "a script has registered the %s '%s', revision %d, already: stop it, or choose another name",
				  kind, terms.name, static_cast<int>(terms.revision));
	case -EBUSY:
		return luaL_error(L, "the kernel has a %s '%s' of its own: choose another name", kind, terms.name);
	case -ENOSPC:
		return luaL_error(L, "too many names of matches and targets since Lunatik was loaded");
	case -ENOMEM:
		return luaL_error(L, "not enough memory");
	default:
		return luaL_error(L, "the kernel refused the %s '%s' (error %d)", kind, terms.name, -error);
	}
}

/* Keeps the value on the stack's top as long as the state lives, or until it is forgotten. Raises. */
static void keep(lua_State *L, const void *key)
{
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static void forget(lua_State *L, const void *key)
{
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* The coroutine of packets: the callback is at `function`. Raises. */
static void make_packets(lua_State *L, Extension *extension, int function)
{
	lua_State *thread = lua_newthread(L);

	luafast_keep(L, thread);
	lua_pushcfunction(thread, traceback);
	lua_pushvalue(L, function);
	lua_xmove(L, thread, 1);
	extension->view = skb_push_view(L, true);
	lua_xmove(L, thread, 1);
	extension->par = push_new<Par>(L);
	get(extension->par);
	lua_xmove(L, thread, 1);
	lua_pushnil(thread);
	extension->takes = luafast_takes(thread, 3);
	extension->packets = thread;
	keep(L, thread);
}

/* The coroutine of rules: checkentry and destroy are at `functions`. Raises. */
static void make_rules(lua_State *L, Extension *extension, int functions)
{
	lua_State *thread = lua_newthread(L);

	luafast_keep(L, thread);
	lua_pushcfunction(thread, traceback);
	lua_newtable(L);
	lua_pushvalue(L, -1);
	/* Packets look here first. */
	keep(L, &extension->rule);
	lua_pushvalue(L, functions);
	lua_pushvalue(L, functions + 1);
	lua_pushcclosure(L, keep_book, 3);
	lua_xmove(L, thread, 1);
	lua_pushlightuserdata(thread, extension);
	lua_pushnil(thread);
	extension->rules = thread;
	keep(L, thread);
}

/* All that a state has registered: the kernel never forgets a name. */
static const lua_Integer registered_max = 32;
static const char registered_key = 0;

static int register_extension(lua_State *L, luaxtable_kind kind)
{
	luaxtable_terms terms;
	Extension *extension;
	int error;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (context_of(runtime_of(L)) != LUNATIK_SOFTIRQ)
		return luaL_error(L, "packets come in softirq context, and this runtime is of another: "
				  "run the script with 'softirq', or say so in its first comment");
	check_may_wait(L, kind == LUAXTABLE_MATCH ? "xtable.match" : "xtable.target");
	lua_settop(L, 1);
	terms = check_terms(L, kind);
	if (tally(L, &registered_key, 0) == registered_max)
		return luaL_error(L, "too many matches and targets: a script may register 32");
	push_function(L, kind_name(kind), true);
	push_function(L, "checkentry", false);
	push_function(L, "destroy", false);
	extension = push_new<Extension>(L);
	if (!charge(L, extension, luaxtable_size()))
		return luaL_error(L, "not enough memory");
	extension->kind = kind;
	make_packets(L, extension, 3);
	make_rules(L, extension, 4);
	/* The state has a box of its own: it is registered even when the script closes the one it gets. */
	push(L, extension);
	keep(L, extension);

	extension->runtime = runtime_of(L);
	hold(extension->runtime);
	extension->extension = luaxtable_join(extension->runtime, &terms, own_door(L), cpu_of(L), extension,
					      &extension->slot, &error);
	if (!extension->extension) {
		drop(extension->runtime);
		forget(L, extension->packets);
		forget(L, extension->rules);
		forget(L, &extension->rule);
		forget(L, extension);
		return join_error(L, error, terms);
	}
	tally(L, &registered_key, 1);
	lua_settop(L, 6);
	return 1;
}

/// Registers a match of iptables and ip6tables: `iptables -m NAME`, for which user space needs libxt_NAME.so (see
/// docs/luaxt.md). It is there until the runtime stops; rules that are there then match nothing, until the name is
/// registered again.
/// @param opts table: name (string), revision (integer 0 to 255; 0 when omitted), family (integer of
/// netfilter.family: UNSPEC or INET for both, IPV4, IPV6; both when omitted), proto (integer: only rules for this
/// protocol; all when omitted), hooks (integer, a bit for each of netfilter.inet_hooks: only in chains that these
/// reach; all when omitted), match (function, called with the packet, an skb that is read only, with par, and with
/// the rule's userargs, a string: true when the packet matches, false or nothing when not), checkentry? (function,
/// called with the userargs of a rule that is to be added: false, or an error, refuses it), destroy? (function,
/// called with those of a rule that was taken away). In percpu runtimes each CPU's state is asked and told.
/// Packet and par are there only until the callback returns. After an error, or another result, the packet does not
/// match, and the log says so.
/// @return xtable, which need not be kept
/// Errors: a field is wrong; the name is taken; the runtime is not of softirq context; called in a callback; not
/// enough memory.
/// Context: when a script of softirq context starts. Kernel: xt_register_match().
/// @function xtable.match(opts)
static int match(lua_State *L)
{
	return register_extension(L, LUAXTABLE_MATCH);
}

/// Registers a target of iptables and ip6tables: `iptables -j NAME`; or of arptables, or of ebtables.
/// @param opts table: as for xtable.match(), with target in the place of match: a function, called with the packet,
/// an skb that it may change, with par, which it may only read, and with the rule's userargs, that returns an action
/// of netfilter.action: CONTINUE, as does nothing, for the next rule; ACCEPT, DROP, STOLEN, QUEUE (of IPv4 and IPv6
/// only); REPEAT calls it again. family may be ARP or BRIDGE, too; hooks then are of netfilter.arp_hooks or
/// netfilter.bridge_hooks, and there is no proto. After an error, or anything else (RETURN is for rules without a target), the next rule comes, and the log
/// says so.
/// @return xtable, which need not be kept
/// Errors: as of xtable.match().
/// Context: when a script of softirq context starts. Kernel: xt_register_target().
/// @function xtable.target(opts)
static int target(lua_State *L)
{
	return register_extension(L, LUAXTABLE_TARGET);
}

/* --- packets ------------------------------------------------------------------------------ */

/* Has the userargs of the rule at hand. False when the script does not take the rule. */
[[gnu::noinline]] static bool take_rule(Extension *extension, uint64_t id, const luaxtable_event *event)
{
	lua_State *L = extension->packets;
	luaxtable_rule rule;
	bool known;

	for (int tries = 0; tries < 2; tries++) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &extension->rule);
		switch (lua_rawgeti(L, -1, static_cast<lua_Integer>(id))) {
		case LUA_TSTRING:
			lua_replace(L, LUAFAST_THIRD);
			lua_pop(L, 1);
			extension->rule = id;
			return true;
		case LUA_TNIL:
			known = false;
			break;
		default:
			known = true;
			break;
		}
		lua_pop(L, 2);
		if (known || tries)
			return false;
		/* It was there before the script was. */
		luaxtable_look(event, &rule);
		tell(extension, &rule, Happening::Seen);
	}
	return false;
}

static inline int call_once(Extension *extension, luaxtable_event *event)
{
	int result;

	skb_show(extension->view, &event->packet);
	extension->par->event = event;
	result = luafast_call_three(extension->packets, extension->takes);
	data_hide(extension->view);
	extension->par->event = nullptr;
	return result;
}

/* Logs why there is no result that can be taken. */
[[gnu::cold, gnu::noinline]] static void complain(Extension *extension, int result)
{
	lua_State *L = extension->packets;

	switch (result) {
	case LUAFAST_ERROR:
		log_error(L, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr);
		lua_pop(L, 1);
		break;
	case LUAFAST_STOPPED:
		log_error(L, "the script ran for too long");
		break;
	default:
		log_error(L, extension->kind == LUAXTABLE_MATCH ? "the callback of xtable.match() returned no boolean" :
							       "the callback of xtable.target() returned no verdict");
		break;
	}
}

/* The verdict for a result that is none as it stands, and the safe one, CONTINUE, for what is none at all. */
[[gnu::noinline]] static unsigned int other_verdict(Extension *extension, luaxtable_event *event, int result)
{
	for (int repeats = 0; result == LUAXTABLE_REPEAT; repeats++) {
		if (repeats == LUAXTABLE_REPEATS) {
			log_error(extension->packets, "the callback of xtable.target() asked again and again to REPEAT");
			return LUAXTABLE_CONTINUE;
		}
		result = call_once(extension, event);
	}
	switch (result) {
	case LUAXTABLE_DROP:
	case LUAXTABLE_ACCEPT:
	case LUAXTABLE_STOLEN:
		return static_cast<unsigned int>(result);
	case LUAXTABLE_STOP:
		return LUAXTABLE_ACCEPT;
	case LUAFAST_NIL:
		return LUAXTABLE_CONTINUE;
	case LUAFAST_OTHER:
		/* After a REPEAT. */
		if (luafast_other(extension->packets)->type == LUAFAST_TYPE_INTEGER &&
		    luafast_other(extension->packets)->integer == LUAXTABLE_CONTINUE)
			return LUAXTABLE_CONTINUE;
		break;
	}
	if (result >= 0 && (result & 0xffff & ~LUAXTABLE_FLAGS) == LUAXTABLE_QUEUE) {
		if (luaxtable_queues(event))
			return static_cast<unsigned int>(result);
		log_error(extension->packets, "the callback of xtable.target() returned QUEUE, which is for IPv4 and IPv6");
		return LUAXTABLE_CONTINUE;
	}
	complain(extension, result);
	return LUAXTABLE_CONTINUE;
}

} // namespace lunatik

bool luaxtable_match(void *callback, uint64_t id, luaxtable_event *event)
{
	using namespace lunatik;
	Extension *extension = static_cast<Extension *>(callback);
	int result;

	if (__builtin_expect(extension->rule != id, 0) && !take_rule(extension, id, event))
		return false;
	result = call_once(extension, event);
	if (__builtin_expect(result == LUAFAST_OTHER, 1)) {
		switch (luafast_other(extension->packets)->type) {
		case LUAFAST_TYPE_TRUE:
			return true;
		case LUAFAST_TYPE_FALSE:
			return false;
		}
	}
	if (result != LUAFAST_NIL) {
		complain(extension, result);
		luaxtable_set_hotdrop(event, false);
	}
	return false;
}

unsigned int luaxtable_target(void *callback, uint64_t id, luaxtable_event *event)
{
	using namespace lunatik;
	Extension *extension = static_cast<Extension *>(callback);
	int result;

	if (__builtin_expect(extension->rule != id, 0) && !take_rule(extension, id, event))
		return LUAXTABLE_CONTINUE;
	result = call_once(extension, event);
	if (result == LUAFAST_OTHER && luafast_other(extension->packets)->type == LUAFAST_TYPE_INTEGER &&
	    luafast_other(extension->packets)->integer == LUAXTABLE_CONTINUE)
		return LUAXTABLE_CONTINUE;
	if (__builtin_expect(static_cast<unsigned int>(result) <= LUAXTABLE_ACCEPT, 1))
		return static_cast<unsigned int>(result);
	return other_verdict(extension, event, result);
}

bool luaxtable_learn(void *callback, const luaxtable_rule *rule)
{
	using namespace lunatik;

	return tell(static_cast<Extension *>(callback), rule, Happening::Added);
}

void luaxtable_forget(void *callback, const luaxtable_rule *rule)
{
	using namespace lunatik;

	tell(static_cast<Extension *>(callback), rule, Happening::Removed);
}

int luaopen_xtable(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "match", lunatik::match },
		{ "target", lunatik::target },
		{ nullptr, nullptr },
	};

	luaL_newlib(L, functions);
	return 1;
}
