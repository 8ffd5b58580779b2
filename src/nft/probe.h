/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_PROBE_H
#define CGTPROXY_NFT_PROBE_H

#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdint.h>

/**
 * Has the kernel check a ruleset in a transaction that is never committed, under the name of another table, so that
 * nothing is changed.
 *
 * Returns 0 or a negative errno with @error, which names the feature and the module that the kernel lacks if that is
 * why.
 */
int nft_dry_run(struct nft *nft, const struct ruleset *ruleset, struct error *error);

/**
 * Finds the deepest level that the kernel looks up, in the same way. It is CGROUP_LEVEL_MAX, counted from the root of
 * all cgroups; a kernel that counts the levels of rules from the root of their maker's cgroup namespace (Linux 6.11 and
 * some before, net/netfilter/nft_socket.c, nft_socket_cgroup_subtree_level) has so many less as that one's level is.
 *
 * @deepest: set, to 0 when there is none
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int nft_find_deepest_level(struct nft *nft, uint32_t *deepest, struct error *error);

#endif
