/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_LOOKUPS_H
#define CGTPROXY_NFT_LOOKUPS_H

#include "nft/nft.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/** A set of cgroup levels; the first below the root is 1. */
struct level_set {
	bool has[CGROUP_LEVEL_MAX + 1];
};

/** Returns the deepest level, or 0 if the set is empty. */
uint32_t level_set_deepest(const struct level_set *levels);

/** How the rules of a chain use the packet's cgroup, by level. */
struct cgroup_lookups {
	struct level_set looked_up;   /* in a set or map */
	struct level_set all_go_away; /* to another chain, whatever the cgroup */
};

/**
 * Reads this from the rules of a chain of our table.
 *
 * @lookups: set to the result
 *
 * Returns 0 or a negative errno; -ENOENT when there is no such table.
 */
int nft_read_lookups(struct nft *nft, const char *chain, struct cgroup_lookups *lookups);

#endif
