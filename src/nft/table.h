/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_TABLE_H
#define CGTPROXY_NFT_TABLE_H

#include "nft/batch.h"
#include "nft/ruleset.h"
#include "nft/set.h"

/** Flags of a table, include/uapi/linux/netfilter/nf_tables.h; Debian 12's headers lack the second. */
enum {
	TABLE_OWNER = 0x2,   /* since Linux 5.12: only this netlink socket may change it; removed with the socket */
	TABLE_PERSIST = 0x4, /* since Linux 6.9, with TABLE_OWNER: it outlives the socket */
};

/**
 * Adds the message that creates a table, or adopts it where it exists without an owner and with the same flags.
 *
 * @flags: NLM_F_EXCL to fail if it exists, or 0
 */
void table_put_new(struct batch *batch, const char *table, uint32_t table_flags, uint16_t flags);

/** Adds the message that removes a table with its contents. */
void table_put_delete(struct batch *batch, const char *table);

/** Adds an empty counter, chain or set to a table. One that exists with the same definition stays as it is. */
void table_put_counter(struct batch *batch, const char *table, const char *name);
void table_put_chain(struct batch *batch, const char *table, const struct chain *chain);
void table_put_set(struct batch *batch, const char *table, const struct set *set);

/** Appends the rules of a chain to those that it has. */
void table_put_rules(struct batch *batch, const char *table, const struct chain *chain);

/** Replaces the rules of a chain. */
void table_replace_rules(struct batch *batch, const char *table, const struct chain *chain);

/** Adds a whole ruleset to an empty table. */
void table_put_contents(struct batch *batch, const struct ruleset *ruleset);

/** Removes all elements of a set. */
void table_flush_set(struct batch *batch, const char *table, const char *set);

/** Removes all rules of a chain, or, with NULL, of the table. */
void table_delete_rules(struct batch *batch, const char *table, const char *chain);

/** Removes a chain, counter or set that is no longer referenced. */
void table_delete_chain(struct batch *batch, const char *table, const char *chain);
void table_delete_counter(struct batch *batch, const char *table, const char *counter);
void table_delete_set(struct batch *batch, const char *table, const char *set);

#endif
