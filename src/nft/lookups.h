/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_LOOKUPS_H
#define CGTPROXY_NFT_LOOKUPS_H

#include "nft/nft.h"
#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

/** Some levels of cgroups, the first below the root being 1. */
struct level_set {
	bool has[CGROUP_LEVEL_MAX + 1];
};

/** Returns the deepest of them, or 0 when there is none. */
uint32_t level_set_deepest(const struct level_set *levels);

/** What the rules of a chain do with the cgroup of a packet, by level. */
struct cgroup_lookups {
	struct level_set looked_up;   /* in a set or map */
	struct level_set all_go_away; /* to another chain, whichever cgroup it is */
};

/**
 * Reads the rules of a chain of our table.
 *
 * @lookups: set
 *
 * Returns 0 or a negative errno; -ENOENT when there is no such table.
 */
int nft_read_lookups(struct nft *nft, const char *chain, struct cgroup_lookups *lookups);

#endif
