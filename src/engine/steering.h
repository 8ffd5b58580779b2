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

/*
 * How a packet's cgroup leads to a target: the cgroup map, a set of cgroups per target, and the rules that look them
 * up.
 */

/**
 * A cgroup and its verdict.
 *
 * In the kernel, VERDICT_GOTO is two elements: "continue" in the cgroup map, and the cgroup in the set named after the
 * chain. The kernel would walk a whole map of gotos, once per lookup rule, whenever an element is added
 * (net/netfilter/nf_tables_api.c, nft_setelem_validate): with 50,000 elements that takes 10 ms, against 10 us this way.
 */
struct element {
	uint64_t cgroup_id;
	const struct verdict *verdict;
};

/** What the rules are generated from. */
struct steering {
	char (*targets)[NFT_NAME_SIZE]; /* names of the targets' chains and sets; for free() */
	size_t target_count;
	bool strict;	  /* packets of cgroups without an element are refused */
	bool has_orphans; /* packets without a cgroup go to ORPHAN-CHAIN */
};

void steering_clear(struct steering *steering);

/**
 * Writes the rules of output-mangle: one lookup per level, deepest first, so that a cgroup's own verdict precedes its
 * ancestors'. Strict steering refuses, at each level, packets of cgroups that deep or deeper that were not found, and
 * also guards one level below the deepest, for cgroups not seen yet. Packets without a cgroup come last.
 *
 * @chain: an empty chain
 *
 * Returns 0 or -ENOMEM.
 */
int steering_write_lookups(const struct steering *steering, const struct level_set *levels, struct chain *chain);

/**
 * Writes the rules of STEER-CHAIN, for packets whose cgroup is not direct according to the map: one lookup per level
 * and target. A packet that matches none, because its cgroup's target changed after the map lookup, is refused.
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

/** Adds elements to our table's map and sets, or deletes them. Out of memory, the batch fails. */
void steering_put_elements(struct batch *batch, const struct element *elements, size_t count);
void steering_delete_elements(struct batch *batch, const struct element *elements, size_t count);

/** Elements by ascending id. */
struct elements {
	struct element *items; /* for free(); they point into what they were read from */
	size_t count;
};

/** Returns whether a set of the kernel's table is a target's, with a chain of the same name. */
bool steering_has_target(const struct dump *dump, const struct set *set);

/** Returns whether rules with these cgroup lookups are strict. */
bool steering_is_strict(const struct cgroup_lookups *lookups);

/**
 * Combines the kernel's map and sets into elements. A cgroup with "continue" that is in no target's set counts as
 * dropped.
 *
 * Returns 0 or -ENOMEM.
 */
int steering_read_elements(struct dump *dump, struct elements *elements);

/** Returns the verdict for a cgroup, or NULL when it has no element. */
const struct verdict *elements_find(const struct elements *elements, uint64_t cgroup_id);

void elements_clear(struct elements *elements);

#endif
