/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* From the call of mkdir() to the moment when the kernel has the cgroup's element, with a daemon that puts it there. */

#include "cgroups.h"
#include "driver.h"
#include "engine/names.h"
#include "query.h"

#include <inttypes.h>
#include <stdio.h>

enum { PAUSE = 1000 };

#define PATIENCE UINT64_C(5000000000)

int cmd_latency(int count, char **arguments)
{
	const uint64_t rounds = number(arguments[2]);
	struct query query;
	struct nest nest;

	(void)count;
	nest_open(&nest, arguments[0], arguments[1]);
	query_open(&query, MAP_CGROUP, sizeof(uint64_t));
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t begin = 0;
		uint64_t id = 0;

		nest_name(&nest, i);
		begin = clock_ns(CLOCK_MONOTONIC);
		nest_make(&nest);
		id = nest_id(&nest);
		if (query_await(&query, &id, PATIENCE))
			printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
		else
			puts("missed");
		nest_remove(&nest);
		rest(PAUSE);
	}
	query_close(&query);
	return 0;
}
