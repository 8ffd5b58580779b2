/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/look.h"

#include "cmd/load.h"
#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>

int look_take(const struct arguments *arguments, struct desktop_entries *entries, const struct look *before,
	      struct look *look, struct error *error)
{
	int result = 0;

	look->config = load_config(arguments);
	result = applications_read(look->config != NULL ? look->config->cgroup_root : NULL, entries,
				   &look->applications, error);
	if (result == 0)
		result = traffic_list_read(look->config, &look->applications, &look->traffic, error);
	if (result < 0)
		return result;
	look->moment = clock_now();
	look->rates = calloc(look->traffic.count + 1, sizeof(*look->rates));
	if (look->rates == NULL)
		return error_set(error, -ENOMEM, "no memory for the rates of what runs");
	if (before != NULL)
		traffic_rates(&before->traffic, &look->traffic,
			      (double)(look->moment - before->moment) / (double)USEC_PER_SEC, look->rates);
	return 0;
}

void look_clear(struct look *look)
{
	config_free(look->config);
	applications_clear(&look->applications);
	traffic_list_clear(&look->traffic);
	free(look->rates);
	*look = (struct look){0};
}
