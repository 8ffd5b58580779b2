/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_DIFFERENCE_H
#define CGTPROXY_NFT_DIFFERENCE_H

#include "nft/batch.h"
#include "nft/dump.h"
#include "nft/ruleset.h"

#include <stdbool.h>

/*
 * The way from a table that the kernel holds to another one, part by part: counters, chains, sets and their elements
 * are known by their names, and nothing is known of what they are for. What stays the same is not touched. Rules are
 * never compared, but replaced.
 */

/**
 * Returns whether there is such a way. There is none where the kernel lets nobody change what differs: the hook of a
 * chain, the type of a set, or the size of one that is too small; nor where more is held than could be read.
 */
bool difference_is_possible(const struct dump *held, const struct ruleset *wanted);

/** Sets the sizes of the wanted sets to those that they have afterwards: one that the kernel holds keeps its own. */
void difference_keep_sizes(const struct dump *held, struct ruleset *wanted);

/**
 * Adds what can be there before the rest: the counters, chains and sets that are missing, the sets without elements,
 * and the chains with their rules, unless a hook leads there at once; and replaces the rules of some chains.
 *
 * @meanwhile: has the rules of the chains that are to have others than before or afterwards
 */
void difference_put_preparation(struct batch *batch, const struct dump *held, const struct ruleset *wanted,
				const struct ruleset *meanwhile);

/**
 * Adds the rest, and removes what is not wanted.
 *
 * @held: as it was before it was prepared
 *
 * Returns 0 or -ENOMEM.
 */
int difference_put(struct batch *batch, const struct dump *held, const struct ruleset *wanted);

#endif
