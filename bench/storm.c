/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Many cgroups as fast as one process can create them, and how long after the last one all are in force. */

#include "cgroups.h"
#include "driver.h"
#include "engine/names.h"
#include "query.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many have one parent. */
enum { SIBLINGS = 500 };

#define PATIENCE UINT64_C(60000000000)

static void enter_next_parent(struct nest *nest, int top, uint64_t first)
{
	char name[64];

	snprintf(name, sizeof(name), "from-%" PRIu64, first);
	if (nest->fd != top)
		close(nest->fd);
	if (mkdirat(top, name, 0755) < 0)
		give_up("can't make the cgroup %s", name);
	nest->fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (nest->fd < 0)
		give_up("can't open the cgroup %s", name);
}

/* Removes from @ids those that the kernel has, and returns how many are left. */
static size_t take_out_present(struct query *query, uint64_t *ids, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		if (!query_has(query, &ids[i]))
			ids[left++] = ids[i];
	}
	return left;
}

/*
 * The time that it takes to ask once for each is part of the result, so it is a little too long rather than too short.
 * Between two rounds of asking is a pause, since the daemon needs the locks that a question takes.
 */
static size_t await_all(uint64_t *ids, size_t count)
{
	const uint64_t end = clock_ns(CLOCK_MONOTONIC) + PATIENCE;
	struct query query;

	query_open(&query, MAP_CGROUP, sizeof(uint64_t));
	query_await(&query, &ids[count - 1], PATIENCE);
	while ((count = take_out_present(&query, ids, count)) > 0 && clock_ns(CLOCK_MONOTONIC) < end)
		rest(1000);
	query_close(&query);
	return count;
}

int cmd_storm(int count, char **arguments)
{
	const size_t size = number(arguments[2]);
	uint64_t *ids = calloc(size + 1, sizeof(*ids));
	uint64_t begin = 0;
	uint64_t made = 0;
	size_t missed = 0;
	struct nest nest;
	int top = -1;

	(void)count;
	if (ids == NULL)
		give_up("no memory for %zu cgroups", size);
	nest_open(&nest, arguments[0], arguments[1]);
	top = nest.fd;
	begin = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < size; i++) {
		if (i % SIBLINGS == 0)
			enter_next_parent(&nest, top, i);
		nest_name(&nest, i);
		nest_make(&nest);
		ids[i] = nest_id(&nest);
	}
	made = clock_ns(CLOCK_MONOTONIC);
	if (strcmp(arguments[3], "wait") == 0)
		missed = await_all(ids, size);
	printf("%" PRIu64 " %" PRIu64 " %zu\n", made - begin, clock_ns(CLOCK_MONOTONIC) - made, missed);
	free(ids);
	return 0;
}
