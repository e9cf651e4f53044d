/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a `data` object shows of memory (include/lunatik_data.hpp), for C code that shows a packet. */
#ifndef LUNATIK_VIEW_H
#define LUNATIK_VIEW_H

#include <stddef.h>

struct lunatik_access;

struct lunatik_view {
	unsigned char *bytes;		/* at hand; null while hidden */
	size_t size;			/* of them; 0 while hidden */
	const struct lunatik_access *access;	/* null when those at hand are all, and may be written */
	void *packet;			/* the kernel's, for the methods of its kind; there while shown */
};

static inline void lunatik_view_show(struct lunatik_view *view, void *bytes, size_t size)
{
	view->bytes = (unsigned char *)bytes;
	view->size = size;
}

static inline void lunatik_view_hide(struct lunatik_view *view)
{
	view->bytes = NULL;
	view->size = 0;
}

#endif
