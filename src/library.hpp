/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Set-up and end of the list of libraries (include/lunatik_library.h). */
#ifndef LUNATIK_LIBRARY_HPP
#define LUNATIK_LIBRARY_HPP

#include "lunatik_library.h"

namespace lunatik {

bool libraries_init();
void libraries_exit();

} // namespace lunatik

#endif
