/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_OWNER_H
#define CGTPROXY_NFT_OWNER_H

#include "nft/nft.h"

/* Who steers the traffic of a network namespace: a table can have one owner, a connection. */

/**
 * Makes this connection the only one in its network namespace that steers traffic, until it is closed.
 *
 * From Linux 6.9 on, our table itself has an owner and persists. On older kernels an owned table is removed with its
 * owner, which ours must not be; there a second, empty table, TABLE_NAME-lock, is owned instead.
 *
 * Returns 0, -EBUSY with @error naming the process that was first, -EPERM without CAP_NET_ADMIN, or another negative
 * errno.
 */
int nft_acquire(struct nft *nft, struct error *error);

/**
 * Finds the connection that steers the traffic of this network namespace.
 *
 * @table: the state of our table, from nft_query_table()
 * @port:  set to its netlink port id, or 0 when there is none
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_find_owner(struct nft *nft, const struct table_state *table, uint32_t *port, struct error *error);

/**
 * Takes ownership of our table where a previous run left it, because only the owner may change an owned table. This is
 * a separate transaction: the kernel refuses to add a base chain in the same one (nf_tables_addchain).
 *
 * @state: of our table, from nft_query_table()
 *
 * Returns 0 (also when there is nothing to adopt), -EBUSY when it has another owner, or another negative errno, with
 * @error.
 */
int nft_adopt(struct nft *nft, const struct table_state *state, struct error *error);

/**
 * Returns whether a table has the flags that ours has on this kernel, or will have them once adopted. They can't be
 * changed otherwise.
 */
bool nft_can_change(const struct nft *nft, const struct table_state *state);

/** Returns the flags that our table has on this kernel, once nft_acquire() was called. */
uint32_t nft_table_flags(const struct nft *nft);

/**
 * Removes our table if it exists.
 *
 * Returns 0 or a negative errno with @error.
 */
int nft_remove_table(struct nft *nft, struct error *error);

#endif
