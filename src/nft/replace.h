/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_REPLACE_H
#define CGTPROXY_NFT_REPLACE_H

#include "nft/dump.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

/**
 * Provides the rules that are right for packets that see old rules with new elements, or vice versa.
 *
 * @write: adds the chains with interim rules to an empty ruleset; returns 0 or a negative errno
 */
struct preparation {
	int (*write)(const struct dump *held, struct ruleset *meanwhile, void *userdata);
	void *userdata;
};

/**
 * Applies a ruleset, whatever our table in the kernel contains now, and changes only what differs.
 *
 * The table and its unchanged parts are never removed, because a packet sees rules and sets at different moments: the
 * rules as they are when it enters a chain, and each set as it is at the lookup. So the change is one transaction,
 * preceded by one that prepares for packets in between: it adds what is missing, to which nothing leads yet, and
 * installs the interim rules of the preparation. What is not wanted any more is removed by a third, after a grace
 * period.
 *
 * Only a table that can't be updated, because it is from another program or version or has too small a set, is removed
 * and recreated. Meanwhile a second table does the same, so no packet falls in between.
 *
 * @wanted: its sets are sorted; their sizes are updated to those in the kernel
 *
 * Returns 0, -EBUSY when another cgtproxy has the table, or another negative errno, with @error.
 */
int nft_replace(struct nft *nft, struct ruleset *wanted, const struct preparation *preparation, struct error *error);

#endif
