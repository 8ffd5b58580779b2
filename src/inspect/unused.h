/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UNUSED_H
#define CGTPROXY_INSPECT_UNUSED_H

#include "route/entries.h"
#include "route/rules.h"
#include "socket/marks.h"
#include "util/error.h"

#include <stdint.h>

/* Marks and routing tables that nothing uses yet, for a new config. */

/** What is in use in this network namespace. What this daemon has made, whatever its config, does not count. */
struct in_use {
	struct policy_rules rules[FAMILY_COUNT];
	struct route_tables ours[FAMILY_COUNT];	   /* tables with a route of the daemon's */
	struct route_tables foreign[FAMILY_COUNT]; /* tables with routes of others */
	struct socket_marks marks;
};

/**
 * Reads what is in use. Marks of sockets are known with CAP_NET_ADMIN only.
 *
 * @in_use: zeroed; in_use_clear() it, whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int in_use_read(struct in_use *in_use, struct error *error);

/**
 * Returns a mark that no socket has and no policy rule looks for: @first, or one near it. If others' rules look for
 * any mark, it is @first.
 */
uint32_t unused_mark(const struct in_use *in_use, uint32_t first);

/** Returns the first routing table from @first on that is empty and that no policy rule leads to. */
uint32_t unused_table(const struct in_use *in_use, uint32_t first);

void in_use_clear(struct in_use *in_use);

#endif
