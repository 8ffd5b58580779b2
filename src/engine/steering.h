/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_STEERING_H
#define CGTPROXY_ENGINE_STEERING_H

#include "nft/batch.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "nft/ruleset.h"

#include <stddef.h>
#include <stdint.h>

/* How a packet's cgroup leads to a target: the cgroup map, a set of cgroups for each target, and the rules that ask
 * them. */

/**
 * A cgroup and its verdict.
 *
 * To the kernel, VERDICT_GOTO is two elements: the cgroup map says "continue", and the set with the chain's name has
 * the cgroup. A map of gotos would be walked as a whole, once for each lookup, whenever an element is added
 * (net/netfilter/nf_tables_api.c, nft_setelem_validate): with 50,000 of them that takes 10 ms, and this 10 us.
 */
struct element {
	uint64_t cgroup_id;
	const struct verdict *verdict;
};

/** What the rules depend on. */
struct steering {
	char (*targets)[NFT_NAME_SIZE]; /* names of the chains that packets may go to, and of their sets; for free() */
	size_t target_count;
	bool strict;	  /* packets of cgroups without an element are refused */
	bool has_orphans; /* packets without a cgroup go to ORPHAN-CHAIN */
};

void steering_clear(struct steering *steering);

/**
 * Writes the rules of output-mangle: one lookup for each level, deepest first, so that a cgroup's own verdict comes
 * before its ancestors'. Strict steering refuses at each level what is there or deeper and was not found, and guards
 * one level below the deepest, for cgroups that nobody has seen yet. Packets without a cgroup come last.
 *
 * @chain: an empty chain
 *
 * Returns 0 or -ENOMEM.
 */
int steering_write_lookups(const struct steering *steering, const struct level_set *levels, struct chain *chain);

/**
 * Writes the rules of STEER-CHAIN, where packets go of whose cgroup the map says that it is not direct: one lookup for
 * each level and target. A packet that finds nothing, since its cgroup's target changed after the map was read, is
 * refused.
 *
 * @chain: an empty chain
 *
 * Returns 0 or -ENOMEM.
 */
int steering_write_targets(const struct steering *steering, const struct level_set *levels, struct chain *chain);

/**
 * Adds the cgroup map and the targets' sets to a ruleset, with elements.
 *
 * @elements: their verdicts must last as long as the ruleset
 *
 * Returns 0 or -ENOMEM.
 */
int steering_add_sets(const struct steering *steering, struct ruleset *ruleset, const struct element *elements,
		      size_t count);

/** Adds elements to the map and the sets of our table, or removes them. Without memory the batch fails. */
void steering_put_elements(struct batch *batch, const struct element *elements, size_t count);
void steering_delete_elements(struct batch *batch, const struct element *elements, size_t count);

/** Elements by ascending id. */
struct elements {
	struct element *items; /* for free(); they refer to what they were read from */
	size_t count;
};

/** Returns whether a set of the kernel's table is a target's: cgroups may be sent to a chain of its name. */
bool steering_has_target(const struct dump *dump, const struct set *set);

/** Returns whether rules that do so with cgroups are strict. */
bool steering_is_strict(const struct cgroup_lookups *lookups);

/**
 * Puts together what the kernel's map and sets mean. A cgroup that is to go on, but is in no target's set, is dropped.
 *
 * Returns 0 or -ENOMEM.
 */
int steering_read_elements(struct dump *dump, struct elements *elements);

/** Returns the verdict for a cgroup, or NULL when it has no element. */
const struct verdict *elements_find(const struct elements *elements, uint64_t cgroup_id);

void elements_clear(struct elements *elements);

#endif
