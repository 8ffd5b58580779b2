/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_HELD_H
#define CGTPROXY_NFT_HELD_H

#include "nft/counter.h"
#include "nft/held_steering.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "nft/set.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel holds of our table, whoever put it there: this run, an earlier one with another config, or somebody
 * else. All of it is read anew each time, and nothing of it is believed without a check.
 */

struct held_chain {
	char name[CHAIN_NAME_SIZE];
};

struct held_target {
	char name[CHAIN_NAME_SIZE];
};

struct held_table {
	struct table_state state;
	/* made as we make it, so that its parts can be changed one by one; otherwise only as a whole */
	bool has_our_shape;
	bool has_set[SET_COUNT];
	uint32_t room; /* for so many elements in the cgroup map; 0: any number */

	struct held_steering steering;

	struct held_chain *chains;
	size_t chain_count;
	size_t chain_capacity;

	struct counter *counters;
	size_t counter_count;
	size_t counter_capacity;

	struct held_target *targets; /* sets of cgroups */
	size_t target_count;
	size_t target_capacity;
	size_t steered_count; /* elements of the cgroup map that say that one of these sets has the cgroup */

	struct element *cgroups; /* by ascending id, with the verdict that map and sets together mean */
	size_t cgroup_count;
	size_t cgroup_capacity;

	struct set_elements sets[SET_COUNT]; /* of the others, sorted */
	char about[ABOUT_SIZE];		     /* ruleset.about of who wrote it, or "" */

	struct verdict **verdicts; /* each once; the elements refer to them */
	size_t verdict_count;
	size_t verdict_capacity;
};

/**
 * Reads our table.
 *
 * @held: zeroed; held_table_clear() it whatever this returns
 *
 * Returns 0 (also when there is no such table), -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int held_table_read(struct nft *nft, struct held_table *held, struct error *error);

/** Returns whether there is a chain of that name. */
bool held_has_chain(const struct held_table *held, const char *name);

/** Returns the verdict of the element for a cgroup, or NULL when there is none. */
const struct verdict *held_verdict(const struct held_table *held, uint64_t cgroup_id);

void held_table_clear(struct held_table *held);

#endif
