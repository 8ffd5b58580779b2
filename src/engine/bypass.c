/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/bypass.h"

#include "engine/intervals.h"
#include "util/address.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>

int bypass_add(struct set *set, const struct config *config, int family)
{
	CLEANUP(freep) struct interval *intervals = calloc(config->bypass_count + 1, sizeof(*intervals));
	size_t count = 0;
	int error = intervals != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; error == 0 && i < config->bypass_count; i++) {
		if (config->bypass[i].family == family)
			intervals[count++] = interval_of_network(&config->bypass[i]);
	}
	if (error == 0)
		error = intervals_flatten(&intervals, &count, address_size(family));
	return error == 0 ? intervals_add(set, intervals, count) : error;
}
