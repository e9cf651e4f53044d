/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Calls without the API's generality, for paths that run once per packet. Part of Lua's unit
 * (lua/unit.c), and with fast.h and inline.h the only code of ours that knows Lua's internal structures.
 */
#include "fast.h"
#include "kernel/watch.h"

#define MIRRORS(mirror, field, real) \
	_Static_assert(offsetof(struct mirror, field) == (real), #mirror " has " #field " elsewhere than Lua")
MIRRORS(luafast_value, integer, offsetof(TValue, value_));
MIRRORS(luafast_value, type, offsetof(TValue, tt_));
MIRRORS(luafast_userdata, values, offsetof(Udata, nuvalue));
MIRRORS(luafast_userdata, size, offsetof(Udata, len));
MIRRORS(luafast_userdata, block, udatamemoffset(0));
MIRRORS(luafast_frame, function, offsetof(CallInfo, func));
MIRRORS(luafast_frame, results, offsetof(CallInfo, nresults));
MIRRORS(luafast_thread, hooked, offsetof(lua_State, hookmask));
MIRRORS(luafast_thread, top, offsetof(lua_State, top));
MIRRORS(luafast_thread, frame, offsetof(lua_State, ci));
/* The words of luai_door() (lua/luaconf.h), and the bits that it looks at. */
#define WORD(n, field) \
	_Static_assert(offsetof(struct lunatik_door, field) == (n) * sizeof(uintptr_t), #field " is another word")
WORD(0, stack_floor);
WORD(1, running);
WORD(2, age);
WORD(3, former_floor);
_Static_assert(LUNATIK_STOPPING == 1U << 31 && LUNATIK_RELAXING == 1U << 30 && LUNATIK_DEEP == LUAI_DEEP,
	       "a mark is another bit");
_Static_assert(sizeof(struct luafast_value) == sizeof(StackValue), "a slot has another size");
_Static_assert(sizeof(((Udata *)0)->nuvalue) == 2 && sizeof(((TValue *)0)->tt_) == 1, "a field has another size");
_Static_assert(LUAFAST_TYPE_INTEGER == LUA_VNUMINT && LUAFAST_TYPE_USERDATA == ctb(LUA_VUSERDATA),
	       "a type has another number");
_Static_assert(sizeof(((TString *)0)->extra) == 1 && NUM_RESERVED < LUAFAST_GETTER, "a mark of a name is another's");
_Static_assert(LUAFAST_TYPE_FALSE == LUA_VFALSE && LUAFAST_TYPE_TRUE == LUA_VTRUE && (LUA_VNIL & 0x0f) == 0,
	       "a type has another number");

void luafast_interrupt(lua_State *L)
{
	L->hookmask |= LUAI_MASKGUARD;
	settraps(L->ci);
}

/* The door of a thread's state. */
static struct lunatik_door *door_of(lua_State *L)
{
	return *(struct lunatik_door **)lua_getextraspace(L);
}

void luafast_attend(lua_State *L)
{
	struct lunatik_door *door = door_of(L);

	if (luai_stopped(L))
		luafast_stop(L);
	if (door->counts) {
		/* Loading, it is watched as a process is. */
		if (door->phase == LUNATIK_READY && !(++door->looks % 64) && lunatik_clock_over(door))
			luafast_stop(L);
	} else {
		door->age &= ~LUNATIK_RELAXING;
		lunatik_relax();
	}
}

/* At an instruction of a thread that is traced for the guard: whether it still is to be. */
int luafast_trace(lua_State *L)
{
	luafast_attend(L);
	return door_of(L)->counts;
}

/* Lets C functions be called in a visit that stops; the floor to put back. */
uintptr_t luafast_lift(lua_State *L)
{
	struct lunatik_door *door = door_of(L);
	uintptr_t floor = door->stack_floor;

	door->stack_floor = door->former_floor;
	luafast_interrupt(L);
	return floor;
}

static void describe_stop(lua_State *L, void *unused)
{
	(void)unused;
	luaL_where(L, !isLua(L->ci));
	if (door_of(L)->crowding)
		lua_pushliteral(L, "the script ran for too long: slow packets took more than 80 % of a second");
	else
		lua_pushliteral(L, "the script ran for too long");
	lua_concat(L, 2);
	luaL_traceback(L, L, lua_tostring(L, -1), 0);
}

void luafast_stop(lua_State *L)
{
	struct lunatik_door *door = door_of(L);
	lu_byte stopped = G(L)->gcstp;
	int status = LUA_ERRMEM;
	uintptr_t floor;

	/* The description itself has met the end of the stack, or is told to stop once more. */
	if (door->describing)
		luaD_throw(L, LUA_ERRMEM);
	if (lua_checkstack(L, LUA_MINSTACK)) {
		/* It calls C again meanwhile, but nothing of the script's, finalizers included. */
		floor = luafast_lift(L);
		G(L)->gcstp |= GCSTPGC;
		door->describing = true;
		status = luaD_rawrunprotected(L, describe_stop, NULL);
		door->describing = false;
		G(L)->gcstp = stopped;
		door->stack_floor = floor;
	}
	luafast_interrupt(L);
	luaD_throw(L, status == LUA_OK ? LUA_ERRRUN : LUA_ERRMEM);
}

void luafast_judge(lua_State *L, int status)
{
	struct lunatik_door *door = door_of(L);
	const TValue *message = s2v(L->top - 1);
	const char *text = ttisstring(message) ? svalue(message) : "";

	if (status == LUA_OK)
		return;
	/* It may have met a limit, gone on, and failed for another reason. */
	if ((door->age & LUNATIK_FULL && (status == LUA_ERRMEM || strstr(text, MEMERRMSG))) ||
	    (door->age & LUNATIK_DEEP && (status == LUA_ERRERR || strstr(text, "stack overflow"))))
		door->age |= LUNATIK_BREACHED;
}

/* What luaD_callnoyield() makes of L->nCcalls from no call at all. */
#define OUTERMOST	(0x10000 | 1)
_Static_assert(BASIC_STACK_SIZE - (LUAFAST_THIRD + 2) > LUA_MINSTACK, "a stack is too small for prepare()");

/* Whether the methods of these names are these functions; then the names tell the kind. */
static int mark_getters(lua_State *L, const TValue *methods, const struct luafast_getter *getters)
{
	const struct luafast_getter *getter;

	for (getter = getters; getter->name; getter++) {
		TString *name = luaS_new(L, getter->name);
		const TValue *method = luaH_getstr(hvalue(methods), name);

		if (!ttislcf(method) || fvalue(method) != getter->function)
			return 0;
		name->extra = getter->kind;
	}
	return 1;
}

void luafast_setmethods(lua_State *L, const struct luafast_getter *getters)
{
	Table *metatable = hvalue(s2v(L->top - 1));
	const TValue *methods = luaH_getshortstr(metatable, G(L)->tmname[TM_INDEX]);

	if (!ttistable(methods) || metatable->alimit < 2)
		return;
	setobj2t(L, &metatable->array[0], methods);
	luaC_barrierback(L, obj2gco(metatable), methods);
	metatable->flags |= LUAI_METHODS;
	setempty(&metatable->array[1]);
	if (getters && mark_getters(L, methods, getters))
		setpvalue(&metatable->array[1], (void *)getters);
}

void luafast_keep(lua_State *L, lua_State *thread)
{
	/* The frame of its calls, which stays (luaE_shrinkCI() leaves the first one). */
	CallInfo *call = luaM_new(L, CallInfo);

	lua_assert(thread->ci == &thread->base_ci && !thread->base_ci.next);
	call->previous = &thread->base_ci;
	call->next = NULL;
	call->u.l.trap = 0;
	thread->base_ci.next = call;
	thread->nci++;
	((void **)lua_getextraspace(thread))[1] = lua_newuserdatauv(L, sizeof(struct lua_longjmp), 0);
	/* In the slot that nobody uses: the function of what is no call. */
	setobjs2s(thread, thread->stack, L->top - 1);
	L->top--;
	/* For all calls: the handler, and not to yield. */
	thread->errfunc = LUAFAST_HANDLER * (ptrdiff_t)sizeof(StackValue);
	thread->nCcalls = OUTERMOST;
}

/* What an error in a call of such a thread jumps to: there is one call at a time. */
static struct lua_longjmp *jump_of(lua_State *L)
{
	return ((struct lua_longjmp **)lua_getextraspace(L))[1];
}

unsigned int luafast_takes(lua_State *L, unsigned int most)
{
	const TValue *function = s2v(L->stack + LUAFAST_FUNCTION);
	const Proto *p;

	if (!ttisLclosure(function))
		return most;
	p = clLvalue(function)->p;
	return p->is_vararg || p->numparams > most ? most : p->numparams;
}

/* As luaD_pcall() ends when it has caught an error. */
static int recover(lua_State *L, CallInfo *call, int hook, ptrdiff_t top, int status)
{
	L->ci = call;
	L->allowhook = cast_byte(hook);
	status = luaD_closeprotected(L, top, status);
	luaD_seterrorobj(L, status, restorestack(L, top));
	luaD_shrinkstack(L);
	luafast_judge(L, status);
	return status;
}

/* What luaD_callnoyield() does from no call at all. */
static __attribute__((noipa)) void call_outermost(lua_State *L, StkId function)
{
	CallInfo *call;

	if (l_unlikely(luai_stacklow(L)))
		luaE_checkcstack(L);
	call = luaD_precall(L, function, 1);
	if (call) {
		call->callstatus = CIST_FRESH;
		luaV_execute(L, call);
	}
}

/*
 * A protected call of a function of two arguments, with `jump` as what an error jumps to: true when it did. In the
 * kernel it comes back behind the call either way, as if the function had returned, with those registers which it
 * would have kept.
 */
#if defined(__KERNEL__) && defined(__x86_64__)
#define PROTECTED(function, L, with, jump) __extension__ ({				\
	void *first_ = (L), *second_ = (with);						\
	int failed_;									\
											\
	__asm__ volatile("mov %%rbx, 0(%[buffer])\n\t"					\
			 "mov %%rsp, 8(%[buffer])\n\t"					\
			 "mov %%rbp, 16(%[buffer])\n\t"					\
			 "mov %%r12, 24(%[buffer])\n\t"					\
			 "mov %%r13, 32(%[buffer])\n\t"					\
			 "mov %%r14, 40(%[buffer])\n\t"					\
			 "mov %%r15, 48(%[buffer])\n\t"					\
			 "lea 1f(%%rip), %%rax\n\t"					\
			 "mov %%rax, 56(%[buffer])\n\t"					\
			 "call %P[callee]\n\t"						\
			 "xor %%eax, %%eax\n"						\
			 "1:"								\
			 : "=&a"(failed_), "+D"(first_), "+S"(second_), "+r"(luai_stackpointer)	\
			 : [buffer] "d"((jump)->b), [callee] "i"(function)		\
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");		\
	failed_;									\
})
#define PROTECTING	inline __attribute__((always_inline))
#else
#define PROTECTING	/* what calls setjmp() cannot be inline */
#define PROTECTED(function, L, with, jump) __extension__ ({				\
	(jump)->status = LUA_OK;							\
	LUAI_TRY(L, jump, (function)(L, with);)						\
	(jump)->status != LUA_OK;							\
})
#endif

/* More than any number of arguments when it takes any. */
static inline unsigned int parameters_of(const Proto *p)
{
	return p->numparams | (unsigned int)p->is_vararg << 8;
}

/* As luaD_precall(), of what most callbacks are, where that cannot raise an error; zero for all others. */
static inline __attribute__((always_inline)) int prepare(lua_State *L, CallInfo *call, StkId function,
							 unsigned int arguments)
{
	unsigned int slots;
	const Proto *p;

	if (!ttisLclosure(s2v(function)) || luai_stackpointer < door_of(L)->stack_floor)
		return 0;
	p = clLvalue(s2v(function))->p;
	slots = p->maxstacksize;
	/* No stack is so small that it has no room for this many, above what lies at the bottom. */
	if (parameters_of(p) > arguments ||
	    (l_unlikely(slots > LUA_MINSTACK) && L->stack_last - (function + 1) <= (ptrdiff_t)slots))
		return 0;
	lua_assert(L->stack_last - (function + 1) > (ptrdiff_t)slots);
	call->func = function;
	call->nresults = 1;
	call->callstatus = CIST_FRESH;
	call->top = (StkId)((char *)(function + 1) + slots * sizeof(StackValue));
	call->u.l.savedpc = p->code;
	L->ci = call;
	/* Nothing reads the top before an instruction sets it. */
	lua_assert((L->top = function + 1));
	return 1;
}

/*
 * What lies at the bottom, up to the slot `last`, called once more, on top: the function with so many arguments. An
 * error leaves its message behind that slot.
 */
static PROTECTING int call_bottom(lua_State *L, int last, unsigned int arguments)
{
	StkId from = L->stack + LUAFAST_FUNCTION, to = L->top;
	CallInfo *call = L->base_ci.next;
	struct lua_longjmp *jump = jump_of(L);
	const TValue *value;
	int failed;

	/* A coroutine that is not running: no frame, no call to come back to. */
	lua_assert(L->ci == &L->base_ci && !L->errorJmp && L->allowhook && to == L->stack + last + 1);
	/* It has LUA_MINSTACK free slots at least. */
	setobjs2s(L, to, from);
	if (arguments > 0) {
		setobjs2s(L, to + 1, from + 1);
		if (arguments > 1) {
			setobjs2s(L, to + 2, from + 2);
			if (last == LUAFAST_THIRD && arguments > 2)
				setobjs2s(L, to + 3, from + 3);
		}
	}
	L->errorJmp = jump;
	door_of(L)->running = L;
	if (l_likely(prepare(L, call, to, arguments))) {
		failed = PROTECTED(luaV_execute, L, call, jump);
	} else {
		L->top = to + 1 + arguments;
		failed = PROTECTED(call_outermost, L, to, jump);
	}
	L->errorJmp = NULL;
	if (l_unlikely(failed)) {
		luai_liftfloor(L);
		L->nCcalls = OUTERMOST;
		recover(L, &L->base_ci, 1, (last + 1) * (ptrdiff_t)sizeof(StackValue), jump_of(L)->status);
		return LUAFAST_ERROR;
	}
	value = s2v(--L->top);
	/* A function of C has caught the error. */
	if (l_unlikely(door_of(L)->age & LUNATIK_STOPPING))
		return LUAFAST_STOPPED;
	if (l_unlikely(!ttisinteger(value)))
		return ttisnil(value) ? LUAFAST_NIL : LUAFAST_OTHER;
	if (l_unlikely(l_castS2U(ivalue(value)) > INT_MAX))
		return LUAFAST_OTHER;
	return (int)ivalue(value);
}

int luafast_call(lua_State *L, unsigned int arguments)
{
	return call_bottom(L, LUAFAST_SECOND, arguments);
}

int luafast_call_three(lua_State *L, unsigned int arguments)
{
	return call_bottom(L, LUAFAST_THIRD, arguments);
}

/* The first three fields of a luafast_protection are a lua_longjmp. */
_Static_assert(offsetof(struct luafast_protection, jump) == offsetof(struct lua_longjmp, b) &&
	       offsetof(struct luafast_protection, status) == offsetof(struct lua_longjmp, status),
	       "luafast_protection differs from lua_longjmp");

void luafast_protect(lua_State *L, struct luafast_protection *protection)
{
	protection->previous = L->errorJmp;
	protection->status = LUA_OK;
	protection->calls = L->nCcalls;
	protection->call = L->ci;
	protection->top = savestack(L, L->top);
	protection->hook = L->allowhook;
	L->errorJmp = (struct lua_longjmp *)protection;
}

int luafast_unprotect(lua_State *L, struct luafast_protection *protection)
{
	int status = ((struct lua_longjmp *)protection)->status;

	L->errorJmp = protection->previous;
	L->nCcalls = protection->calls;
	if (l_unlikely(status != LUA_OK))
		status = recover(L, protection->call, protection->hook, protection->top, status);
	return status;
}
