/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_QUERY_H
#define CGTPROXY_BENCH_QUERY_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Asks the kernel whether the cgroup map has an element for one cgroup: by key, so that it costs the same for any map.
 */
struct query {
	struct mnl_socket *socket;
	char message[256] __attribute__((aligned(8)));
	size_t length;
	char *key; /* where the id goes */
};

void query_open(struct query *query);

/** Returns whether packets of the cgroup get its own verdict from now on. */
bool query_has(struct query *query, uint64_t cgroup_id);

/** Polls until the answer is yes or @patience ns have passed. Returns whether it was yes. */
bool query_await(struct query *query, uint64_t cgroup_id, uint64_t patience);

void query_close(struct query *query);

#endif
