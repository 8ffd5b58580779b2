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

enum {
	/* So many elements fit one netlink attribute of 64 KiB, were every proxy's name as long as it may be. */
	ELEMENTS_PER_MESSAGE = 500,
};

/**
 * Adds the message that makes a table, or, where it exists without an owner and with the same flags, adopts it.
 *
 * @flags: NLM_F_EXCL to fail where it exists, or 0
 */
void table_put_new(struct batch *batch, const char *table, uint32_t table_flags, uint16_t flags);

/** Adds the message that removes a table with all it holds. */
void table_put_delete(struct batch *batch, const char *table);

/** Returns for how many elements a cgroup map is given room that begins with so many: twice, and a power of two. */
uint32_t table_room(size_t elements);

/** Adds all of a ruleset but the elements of its cgroup map to an empty table. */
void table_put_contents(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels);

/** Adds the counters, chains and sets of a ruleset, all of them empty. Those that are there already stay as they are.
 */
void table_put_frame(struct batch *batch, const struct ruleset *ruleset);

/** Adds the rules of a chain behind those that it has. */
void table_put_rules(struct batch *batch, const struct ruleset *ruleset, const struct chain *chain);

/** Adds the lookups of output-mangle, and what they lead to, behind the rules that are there. */
void table_put_level_rules(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels);

/** Replaces the lookups in output-mangle, and what they lead to. */
void table_put_levels(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels);

/** Adds the elements of one of the sets that have theirs from the ruleset. */
void table_put_set(struct batch *batch, const struct ruleset *ruleset, enum set_index index);

/** Removes all elements of a set. */
void table_flush_set(struct batch *batch, const struct ruleset *ruleset, enum set_index index);

/** Removes all rules of a chain, or of the table with NULL. */
void table_delete_rules(struct batch *batch, const struct ruleset *ruleset, const char *chain);

/** Removes a chain to which nothing leads any more. */
void table_delete_chain(struct batch *batch, const struct ruleset *ruleset, const char *chain);

/** Removes a counter that no rule has any more. */
void table_delete_counter(struct batch *batch, const struct ruleset *ruleset, const char *counter);

/** Removes the set of a target, with its elements, to which no rule leads any more. */
void table_delete_target(struct batch *batch, const struct ruleset *ruleset, const char *target);

/**
 * Adds elements to the cgroup map and the targets' sets, in messages of bounded size. An element that is there already
 * is no error.
 */
void table_put_elements(struct batch *batch, const struct ruleset *ruleset, const struct element *elements,
			size_t count);

/**
 * Removes elements from the cgroup map and from the sets of the targets that the ruleset has. One that is not there
 * fails the transaction.
 */
void table_delete_elements(struct batch *batch, const struct ruleset *ruleset, const struct element *elements,
			   size_t count);

#endif
