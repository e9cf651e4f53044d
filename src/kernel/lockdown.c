// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/security.h>

#include "lockdown.h"

int lunatik_locked_down(void)
{
	return security_locked_down(LOCKDOWN_MODULE_SIGNATURE) != 0;
}
