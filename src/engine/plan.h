/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_PLAN_H
#define CGTPROXY_ENGINE_PLAN_H

#include "cgroup/tree.h"
#include "config/config.h"
#include "engine/departed.h"
#include "nft/ruleset.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel should hold of the cgroups, which follows from the config and the tree, and how that differs from
 * what it holds. A cgroup has an element only if its verdict differs from its parent's, or always when the config is
 * strict.
 */
struct plan {
	const struct config *config;
	struct policy *policy;
	struct verdict *verdicts; /* by target */

	struct cgroup **added; /* cgroups whose elements are to be added; NULL for one that has vanished since */
	size_t added_count;
	size_t added_capacity;

	struct departed_list departed; /* elements that stay for a while without their cgroup */
	struct element *removed;       /* those that are to be removed */
	size_t removed_count;
	size_t removed_capacity;

	size_t level_elements[CGROUP_LEVEL_MAX + 1]; /* how many elements there are to be at each level */
	struct level_set kernel_levels;		     /* those that output-mangle looks up now */

	struct element *elements; /* what plan_changes() and plan_everything() give out */
	size_t elements_capacity;
	char path[CGROUP_PATH_SIZE];
};

/** What a transaction is made of. The arrays belong to the plan, until it is asked for another step. */
struct step {
	const struct element *elements;
	size_t element_count;
	const struct element *removed;
	size_t removed_count;
	struct level_set levels;
	bool levels_changed;
};

/**
 * Makes a plan for an empty tree.
 *
 * @plan: plan_clear() it whatever this returns; it refers to @config and @policy
 *
 * Returns 0 or -ENOMEM.
 */
int plan_init(struct plan *plan, const struct config *config, struct policy *policy);

/**
 * Decides about a cgroup that is new in the tree, after its parent.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_appeared(struct plan *plan, struct cgroup *cgroup);

/**
 * Takes note that a cgroup is about to leave the tree.
 *
 * @now: usec of CLOCK_MONOTONIC; its element is removed DEPARTED_GRACE later
 */
void plan_vanished(struct plan *plan, const struct cgroup *cgroup, uint64_t now);

/**
 * Sums up all that has changed since the last step, in what may be nothing.
 *
 * @now: usec of CLOCK_MONOTONIC; departed elements whose time is over are removed
 *
 * Returns 0 or -ENOMEM.
 */
int plan_changes(struct plan *plan, uint64_t now, struct step *step);

/**
 * Gives out everything that the kernel should hold.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_everything(struct plan *plan, const struct cgroup *root, struct step *step);

/** Returns how many elements the kernel is to hold. */
size_t plan_count_elements(const struct plan *plan);

/** Takes note that the kernel has carried out a step. */
void plan_done(struct plan *plan, const struct step *step);

/** Frees what is kept from step to step to be used again, if there is nothing to be done. Steps that were given out
 * end. */
void plan_trim(struct plan *plan);

/**
 * Decides anew about all cgroups of a tree, after another plan did. All elements count as to be added.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_decide_all(struct plan *plan, struct cgroup *root);

/**
 * Takes over the departed elements of another plan, which has none then. Those of targets that this plan's config does
 * not have are forgotten. To be followed by plan_decide_all().
 */
void plan_take_departed(struct plan *plan, struct plan *other);

/** Returns whether a cgroup is to have an element. */
bool plan_has_element(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the target of a cgroup about which was decided: TARGET_DIRECT and so on of config.h. */
uint32_t plan_target(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the verdict for a cgroup, whether it has an element of its own or inherits it. */
const struct verdict *plan_verdict(const struct plan *plan, const struct cgroup *cgroup);

void plan_clear(struct plan *plan);

#endif
