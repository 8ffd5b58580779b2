/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_REPLACE_H
#define CGTPROXY_NFT_REPLACE_H

#include "nft/dump.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

/**
 * Who knows what rules are right for packets that meet old rules and new elements, or the other way round.
 *
 * @write: adds the chains whose rules are replaced meanwhile to an empty ruleset; returns 0 or a negative errno
 */
struct preparation {
	int (*write)(const struct dump *held, struct ruleset *meanwhile, void *userdata);
	void *userdata;
};

/**
 * Makes the kernel hold a ruleset, whatever it holds of our table now, and changes no more than what differs.
 *
 * The table and what stays of it is never removed, because a packet reads the rules and the sets at different moments:
 * the rules as they are when it enters a chain, and each set as it is when it is looked up. So the change is one
 * transaction, and one before it prepares for packets that fall between the two: it makes what is missing, to which
 * nothing leads yet, and replaces the rules that the preparation names.
 *
 * Only a table that can't be changed into the wanted one, of another program or another version, or with too small a
 * set, is removed and made anew. A second table does the same meanwhile, so that no packet falls between the two.
 *
 * @wanted: its sets are sorted; their sizes are set to those that the kernel's then have
 *
 * Returns 0, -EBUSY when another cgtproxy has the table, or another negative errno, with @error.
 */
int nft_replace(struct nft *nft, struct ruleset *wanted, const struct preparation *preparation, struct error *error);

#endif
