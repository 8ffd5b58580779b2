/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/sudo.h"

#include <stdlib.h>
#include <unistd.h>

const char *sudo_prefix(void)
{
	return geteuid() != 0 || getenv("SUDO_UID") != NULL ? "sudo " : "";
}
