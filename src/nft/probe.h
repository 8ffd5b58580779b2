/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_PROBE_H
#define CGTPROXY_NFT_PROBE_H

#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

/**
 * Has the kernel check a ruleset in a transaction that is never committed, under the name of another table, so that
 * nothing is changed.
 *
 * Returns 0 or a negative errno with @error, which names the feature and the module that the kernel lacks if that is
 * why.
 */
int nft_try(struct nft *nft, const struct ruleset *ruleset, struct error *error);

#endif
