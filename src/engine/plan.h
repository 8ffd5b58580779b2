/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_PLAN_H
#define CGTPROXY_ENGINE_PLAN_H

#include "cgroup/tree.h"
#include "config/config.h"
#include "engine/steering.h"
#include "engine/tombstones.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The elements that the kernel should hold for the cgroups, derived from the config and the tree, and the difference
 * from those it holds. A cgroup has an element only if its verdict differs from its parent's, or always if the config
 * is strict.
 */
struct plan {
	const struct config *config;
	struct policy *policy;
	struct verdict *verdicts; /* by target */
	size_t place;		  /* index of its decisions within each cgroup's */

	struct cgroup **added; /* cgroups whose elements are to be added; NULL if removed since */
	size_t added_count;
	size_t added_capacity;

	struct tombstones tombstones; /* removed cgroups whose elements stay for a while */
	struct element *removed;      /* to be removed */
	size_t removed_count;
	size_t removed_capacity;

	size_t level_elements[CGROUP_LEVEL_MAX + 1]; /* planned number at each level; at 0, those of unknown level */
	struct level_set old_levels;		     /* those looked up by the last run */
	struct level_set kernel_levels;		     /* those looked up by output-mangle now */

	struct element *elements; /* returned by plan_delta() and plan_full() */
	size_t elements_capacity;
	char path[CGROUP_PATH_SIZE];
};

/**
 * The content of a transaction: removals go first, since the same elements may be added again. The arrays belong to the
 * plan and are valid until the next step.
 */
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
 * @plan: release with plan_clear(), also on failure; it refers to @config and @policy
 *
 * Returns 0 or -ENOMEM.
 */
int plan_init(struct plan *plan, const struct config *config, struct policy *policy);

/**
 * Decides the target of a cgroup that is new in the tree; its parent's must have been decided.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_appeared(struct plan *plan, struct cgroup *cgroup);

/**
 * Records that a cgroup is about to leave the tree.
 *
 * @now: usec of CLOCK_MONOTONIC; its element stays until a census finds no socket of it, see engine/tombstones.h
 */
void plan_vanished(struct plan *plan, const struct cgroup *cgroup, uint64_t now);

/**
 * Takes over an element of the last run whose cgroup is gone, as a tombstone at an unknown level: while there is one,
 * the last run's levels are looked up as well. If this plan's config does not have its target, the target becomes drop.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_adopt(struct plan *plan, const struct element *element, uint64_t now);

/**
 * Ends a census of the tombstones, and plans to remove the elements that are no longer needed.
 *
 * Returns 0, or -ENOMEM, in which case some stay until the next census.
 */
int plan_census_end(struct plan *plan, uint64_t now);

/**
 * Collects all changes since the last step, which may be none.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_delta(struct plan *plan, struct step *step);

/**
 * Returns in @step everything that the kernel should hold.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_full(struct plan *plan, const struct cgroup *root, struct step *step);

/** Returns how many elements the kernel is to hold. */
size_t plan_count_elements(const struct plan *plan);

/** Records that the kernel has carried out a step. */
void plan_commit(struct plan *plan, const struct step *step);

/** Frees the buffers kept from step to step, if no changes are pending. Earlier steps become invalid. */
void plan_trim(struct plan *plan);

/**
 * Prepares a new plan as the successor of another, which stays in force: the cgroups hold the decisions of both, and
 * the tombstones are copied. If this plan's config does not have a tombstone's target, the target becomes drop, the
 * only safe one. Call plan_decide_all() next.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_follow(struct plan *plan, const struct plan *other);

/**
 * Decides the targets of all cgroups of a tree with a new plan. All elements are to be added.
 *
 * Returns 0 or -ENOMEM, after which the plan is unusable.
 */
int plan_decide_all(struct plan *plan, struct cgroup *root);

/**
 * Logs, at the level debug, each cgroup whose target is another one than in the plan that this one follows; a proxy is
 * the same as long as it has the same name.
 *
 * Returns how many there are.
 */
size_t plan_log_moves(struct plan *plan, const struct plan *last, const struct cgroup *root);

/** Returns whether a cgroup is to have an element. */
bool plan_has_element(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the index of the rule in force for a decided cgroup, or NO_RULE. */
int32_t plan_rule(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the target of a decided cgroup: TARGET_DIRECT and so on, see config.h. */
uint32_t plan_target(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the verdict for a cgroup, whether it has an element of its own or inherits it. */
const struct verdict *plan_verdict(const struct plan *plan, const struct cgroup *cgroup);

void plan_clear(struct plan *plan);

#endif
