/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_QUERY_H
#define CGTPROXY_BENCH_QUERY_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Asks the kernel whether a set of our table has an element: by key, so that it costs the same for any set. */
struct query {
	struct mnl_socket *socket;
	char message[256] __attribute__((aligned(8)));
	size_t length;
	char *key; /* where that goes */
	size_t key_size;
};

/** @set: by name, with keys of @key_size bytes */
void query_open(struct query *query, const char *set, size_t key_size);

/** Returns whether packets of that key, such as a cgroup's id, get a verdict of their own from now on. */
bool query_has(struct query *query, const void *key);

/** Polls until the answer is yes or @patience ns have passed. Returns whether it was yes. */
bool query_await(struct query *query, const void *key, uint64_t patience);

void query_close(struct query *query);

#endif
