/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_HELD_TABLE_H
#define CGTPROXY_INSPECT_HELD_TABLE_H

#include "engine/steering.h"
#include "inspect/index.h"
#include "nft/dump.h"
#include "nft/nft.h"
#include "nft/stamp.h"
#include "nft/verdict.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>

/** Our table as the kernel holds it. */
struct held_table {
	struct dump dump; /* dump.state.exists: whether there is one */
	struct elements elements;
	int lookups_result; /* negative errno: its lookups of cgroups can't be read; it may be gone by now */
	bool strict;	    /* whether these are */
	struct stamp stamp; /* of the config that it was made from; zero if unknown */
	bool is_left;	    /* no daemon runs: it is that of an earlier run */
};

/**
 * Reads the table.
 *
 * @nft:   connected
 * @table: zeroed; release with held_table_clear(), also on failure
 *
 * Returns 0, also if there is none; -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int held_table_read(struct nft *nft, struct held_table *table, struct error *error);

/**
 * Returns the verdict for a cgroup's packets. The kernel looks up elements from the deepest level up: a cgroup without
 * one has its parent's verdict. With strict, where every cgroup has an element, it is dropped instead.
 *
 * @ids: of the cgroup and its ancestors, @count of them, by level, the root first
 */
const struct verdict *held_table_verdict(const struct held_table *table, const uint64_t *ids, int count);

/**
 * Finds the verdicts of all cgroups.
 *
 * Returns them by position in index->by_id, to be freed with free(), or NULL without memory. A cgroup that inherits has
 * the pointer of its parent.
 */
const struct verdict **held_table_verdicts(const struct held_table *table, const struct cgroup_index *index);

void held_table_clear(struct held_table *table);

#endif
