/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_PROBE_H
#define CGTPROXY_NFT_PROBE_H

#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdint.h>

/**
 * Has the kernel validate a ruleset under another table name in a transaction that is never committed, so nothing
 * changes.
 *
 * Returns 0 or a negative errno with @error, which names the feature and module if the kernel lacks one.
 */
int nft_dry_run(struct nft *nft, const struct ruleset *ruleset, struct error *error);

/**
 * Finds the deepest level that the kernel can look up, in the same way. It is CGROUP_LEVEL_MAX, counted from the root
 * of the hierarchy. Kernels that count levels from the root of the rule creator's cgroup namespace (Linux 6.11 and some
 * older ones, net/netfilter/nft_socket.c, nft_socket_cgroup_subtree_level) have fewer by the level of that root.
 *
 * @deepest: set to the level, or 0 if there is none
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int nft_find_deepest_level(struct nft *nft, uint32_t *deepest, struct error *error);

#endif
