/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_HELD_LEVELS_H
#define CGTPROXY_NFT_HELD_LEVELS_H

#include "nft/nft.h"
#include "nft/ruleset.h"

/**
 * Reads at which levels the kernel's table looks for elements now. The elements themselves don't say at which they are.
 *
 * @levels: set
 *
 * Returns 0 or a negative errno; -ENOENT when there is no such table.
 */
int held_levels_read(struct nft *nft, struct level_set *levels);

#endif
