/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/suffix.h"

#include <string.h>

bool has_suffix(const char *name, const char *suffix)
{
	const size_t length = strlen(name);
	const size_t size = strlen(suffix);

	return length > size && strcmp(name + length - size, suffix) == 0;
}
