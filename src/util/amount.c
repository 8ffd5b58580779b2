/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/amount.h"

#include <stddef.h>
#include <stdio.h>

char *amount_write(double bytes, char *out)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;

	/* what would be rounded to 1000.0 */
	while (bytes >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1000;
		unit++;
	}
	snprintf(out, AMOUNT_SIZE, "%.*f %s", unit > 0 ? 1 : 0, bytes, units[unit]);
	return out;
}
