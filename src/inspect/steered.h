/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STEERED_H
#define CGTPROXY_INSPECT_STEERED_H

#include "inspect/index.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>

/** The targets that the kernel has for all cgroups. */
struct steered {
	bool is_known;			/* whether the kernel could be queried */
	bool is_active;			/* whether there is a table of ours; without one, all traffic goes direct */
	bool is_left;			/* whether that is an earlier run's, and no daemon runs */
	char (*targets)[NFT_NAME_SIZE]; /* by position in index.by_id: "direct", "drop", "refuse" or the proxy's name */
};

/**
 * Reads the kernel's targets. Without CAP_NET_ADMIN, they stay unknown.
 *
 * @steered: zeroed; release with steered_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int steered_read(const struct cgroup_index *index, struct steered *steered, struct error *error);

void steered_clear(struct steered *steered);

#endif
