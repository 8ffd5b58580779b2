/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_DIFFERENCE_H
#define CGTPROXY_NFT_DIFFERENCE_H

#include "nft/batch.h"
#include "nft/dump.h"
#include "nft/ruleset.h"

#include <stdbool.h>

/*
 * The incremental update from the table that the kernel has to the wanted one. Counters, chains, sets and elements are
 * matched by name, whatever their purpose; what stays the same is not touched. Rules are never compared, but replaced.
 */

/**
 * Returns whether an incremental update is possible. It is not where the difference can't be changed in the kernel (the
 * hook of a chain, the type of a set, the size of a set that is too small, the elements of a constant one), nor where
 * the table could not be read completely.
 */
bool difference_is_possible(const struct dump *held, const struct ruleset *wanted);

/** Sets the sizes of the wanted sets to those that they will have: a set that exists in the kernel keeps its size. */
void difference_keep_sizes(const struct dump *held, struct ruleset *wanted);

/**
 * Adds what can exist before the rest: the missing counters, chains and sets, the sets without elements unless they are
 * constant, and the chains with their rules unless they have a hook; and replaces the rules of some chains.
 *
 * @meanwhile: has the chains whose interim rules differ from those before and after
 */
void difference_put_preparation(struct batch *batch, const struct dump *held, const struct ruleset *wanted,
				const struct ruleset *meanwhile);

/**
 * Changes elements and rules to what is wanted.
 *
 * @held: the table as it was before the preparation, also for the next function
 *
 * Returns 0 or -ENOMEM.
 */
int difference_put(struct batch *batch, const struct dump *held, const struct ruleset *wanted);

/**
 * Removes the sets, chains and counters that are not wanted, once no rule and no packet leads there: the kernel may
 * find nothing in a set from the transaction on that removes it, although packets are still on their way there.
 *
 * Returns whether there is anything to remove.
 */
bool difference_put_removals(struct batch *batch, const struct dump *held, const struct ruleset *wanted);

#endif
