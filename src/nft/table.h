/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_TABLE_H
#define CGTPROXY_NFT_TABLE_H

#include "nft/batch.h"
#include "nft/ruleset.h"
#include "nft/set.h"

/** Flags of a table, include/uapi/linux/netfilter/nf_tables.h; Debian 12's headers lack the second. */
enum {
	TABLE_OWNER = 0x2,   /* since Linux 5.12: only this netlink socket may change it, and it ends with the socket */
	TABLE_PERSIST = 0x4, /* since Linux 6.9: with TABLE_OWNER: it does not end with the socket */
};

/**
 * Adds the message that makes a table, or, where it exists without an owner and with the same flags, adopts it.
 *
 * @flags: NLM_F_EXCL to fail where it exists, or 0
 */
void table_put_new(struct batch *batch, const char *table, uint32_t table_flags, uint16_t flags);

/** Adds the message that removes a table with all it holds. */
void table_put_delete(struct batch *batch, const char *table);

/** Adds an empty counter, chain or set to a table. One that is there already, with the same definition, stays as it is.
 */
void table_put_counter(struct batch *batch, const char *table, const char *name);
void table_put_chain(struct batch *batch, const char *table, const struct chain *chain);
void table_put_set(struct batch *batch, const char *table, const struct set *set);

/** Adds the rules of a chain behind those that it has. */
void table_put_rules(struct batch *batch, const char *table, const struct chain *chain);

/** Adds the rules of a chain in the place of those that it has. */
void table_replace_rules(struct batch *batch, const char *table, const struct chain *chain);

/** Adds all of a ruleset to an empty table. */
void table_put_contents(struct batch *batch, const struct ruleset *ruleset);

/** Removes all elements of a set. */
void table_flush_set(struct batch *batch, const char *table, const char *set);

/** Removes all rules of a chain, or of the table with NULL. */
void table_delete_rules(struct batch *batch, const char *table, const char *chain);

/** Removes a chain, counter or set that nothing refers to any more. */
void table_delete_chain(struct batch *batch, const char *table, const char *chain);
void table_delete_counter(struct batch *batch, const char *table, const char *counter);
void table_delete_set(struct batch *batch, const char *table, const char *set);

#endif
