/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_REPLACE_H
#define CGTPROXY_NFT_REPLACE_H

#include "nft/held.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

/** All that our table is to hold. */
struct table_contents {
	const struct ruleset *ruleset;
	struct level_set levels;
	uint32_t deepest_level; /* of all cgroups that there are */
	const struct element *elements;
	size_t element_count;
};

/**
 * Makes the kernel hold these contents, whatever it holds of our table now, and changes no more than what differs.
 *
 * The table and what stays of it is never removed, because a packet reads the rules and the sets at different moments:
 * the rules as they are when it enters a chain, and each set as it is when it is looked up. So the change is one
 * transaction, and one before it prepares for packets that meet old rules and new elements: it makes the chains that
 * are missing, to which nothing leads yet, and has all levels looked up. It is strict only where the table is already,
 * for without that direct cgroups have no elements yet. No packet then falls between the two.
 *
 * Only a table that is not of our shape, of another program or another version, or whose cgroup map has too little
 * room, is removed and made anew. A second table does the same meanwhile, so that no packet falls between the two.
 *
 * @room: set to how many elements the cgroup map has room for
 *
 * Returns 0, -EBUSY when another cgtproxy has the table, or another negative errno, with @error.
 */
int table_replace(struct nft *nft, const struct table_contents *contents, size_t *room, struct error *error);

/**
 * Adds the transaction that prepares for table_put_change().
 *
 * @held: a table of our shape
 */
void table_put_preparation(struct batch *batch, const struct held_table *held, const struct table_contents *contents);

/**
 * Adds what makes a prepared table hold the contents.
 *
 * @held: as it was before it was prepared
 *
 * Returns 0 or -ENOMEM.
 */
int table_put_change(struct batch *batch, const struct held_table *held, const struct table_contents *contents);

#endif
