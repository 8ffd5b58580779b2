/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_COVERAGE_H
#define CGTPROXY_INSPECT_COVERAGE_H

#include "cgroup/tree.h"
#include "config/config.h"
#include "engine/plan.h"
#include "inspect/problems.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COVERAGE_EXAMPLES = 3 };

/** What a rule does to the cgroups of this machine. */
struct rule_coverage {
	size_t count;			   /* of those that it is in force for */
	char *examples[COVERAGE_EXAMPLES]; /* paths of the first of them, parents before children; NULL behind the last
					    */
	size_t matched;			   /* of those whose path it matches */
	size_t taken;			   /* of these, how many an earlier rule matches as well */
	size_t taken_astray;		   /* and leads to another target */
	int32_t taker;			   /* the first rule that does, or NO_RULE */
	bool has_more_takers;
};

/** What the rules of a config do, put together cgroup by cgroup. */
struct coverage {
	struct plan *plan;
	struct rule_coverage *rules; /* as many as the config has */
	size_t rule_count;
	size_t cgroups;
	size_t steered; /* of them, those that don't go direct */
	/* of containers that no rule matches, see rule_problems() */
	size_t containers;
	uint32_t container_target; /* of the first */
	char *container;	   /* its path */
	bool *matched;		   /* a buffer */
};

/**
 * Begins with no cgroup.
 *
 * @plan: referred to, but not by coverage_clear(); what it has decided about cgroups is taken as it is when they are
 * added
 *
 * Returns 0 or -ENOMEM; coverage_clear() it in any case.
 */
int coverage_begin(struct coverage *coverage, struct plan *plan);

/** Adds a cgroup, unless it is the root. Returns 0 or -ENOMEM. */
int coverage_add(struct coverage *coverage, const struct cgroup *cgroup);

/** Adds what is wrong with the rules, by all cgroups that were added. Returns 0 or -ENOMEM. */
int coverage_judge(const struct coverage *coverage, struct problems *problems);

void coverage_clear(struct coverage *coverage);

/** A config compared with the cgroups that exist at one moment. */
struct comparison {
	struct cgroup_tree tree;
	struct policy *policy;
	struct plan *plan;
	struct coverage coverage;
};

/**
 * Reads all cgroups and compares them with a config.
 *
 * @comparison: zeroed; comparison_clear() it whatever this returns
 *
 * Returns 0 or a negative errno with @error.
 */
int comparison_make(struct comparison *comparison, const struct config *config, struct error *error);

void comparison_clear(struct comparison *comparison);

#endif
