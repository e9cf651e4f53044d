/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * string.rep() that copies what it has made already, instead of each piece on its own, and makes the result in its
 * place, instead of in a buffer. Part of Lua's unit (lua/unit.c).
 */
#ifndef LUNATIK_REPEAT_H
#define LUNATIK_REPEAT_H

/* What is copied again and again stays in the CPU's cache, and the guard is attended to in between. */
#define REPEAT_PIECE	4096

static void repeat(lua_State *L, char *to, size_t size, const char *s, size_t length, const char *separator,
		   size_t separator_length)
{
	size_t done = length + separator_length, piece = done;

	memcpy(to, s, length);
	if (size == length)
		return;
	memcpy(to + length, separator, separator_length);
	/* A piece is some whole pairs of string and separator, and at most what is there. */
	while (size - done > piece) {
		luai_attend(L);
		memcpy(to + done, to, piece);
		done += piece;
		if (piece < REPEAT_PIECE)
			piece = done;
	}
	luai_attend(L);
	memcpy(to + done, to, size - done);
}

/* Pushes the string of `size` bytes that begins with `s` and repeats it behind the separator. */
static void luai_repeat(lua_State *L, size_t size, const char *s, size_t length, const char *separator,
			size_t separator_length)
{
	if (size <= LUAI_MAXSHORTLEN) {
		char text[LUAI_MAXSHORTLEN];

		repeat(L, text, size, s, length, separator, separator_length);
		lua_pushlstring(L, text, size);
	} else {
		TString *string = luaS_createlngstrobj(L, size);

		/* Nothing collects garbage meanwhile; if the guard stops it, nobody has seen what is in there. */
		repeat(L, getstr(string), size, s, length, separator, separator_length);
		setsvalue2s(L, L->top, string);
		api_incr_top(L);
		luaC_checkGC(L);
	}
}

#endif
