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
 * What the kernel should hold of the cgroups, which follows from the config and the tree, and how that differs from
 * what it holds. A cgroup has an element only if its verdict differs from its parent's, or always when the config is
 * strict.
 */
struct plan {
	const struct config *config;
	struct policy *policy;
	struct verdict *verdicts; /* by target */
	size_t place;		  /* of its decisions in those of the cgroups */

	struct cgroup **added; /* cgroups whose elements are to be added; NULL for one that has vanished since */
	size_t added_count;
	size_t added_capacity;

	struct tombstones tombstones; /* cgroups that are gone, whose elements stay for a while */
	struct element *removed;      /* those that are to be removed */
	size_t removed_count;
	size_t removed_capacity;

	size_t level_elements[CGROUP_LEVEL_MAX + 1]; /* how many there are to be at each level; 0: it is not known */
	struct level_set old_levels;		     /* those at which a last run had elements */
	struct level_set kernel_levels;		     /* those that output-mangle looks up now */

	struct element *elements; /* what plan_delta() and plan_full() give out */
	size_t elements_capacity;
	char path[CGROUP_PATH_SIZE];
};

/** What a transaction is made of: what is removed goes first, since it may be added anew. The arrays belong to the
 * plan, until it is asked for another step. */
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
 * @now: usec of CLOCK_MONOTONIC; its element stays until a census finds no socket of it, see engine/tombstones.h
 */
void plan_vanished(struct plan *plan, const struct cgroup *cgroup, uint64_t now);

/**
 * Takes over an element of the last run, whose cgroup is gone, as a tombstone at an unknown level: as long
 * as there is one, what the last run looked up is looked up. One that leads to what this plan's config does not have is
 * dropped.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_adopt(struct plan *plan, const struct element *element, uint64_t now);

/**
 * Ends a census of the tombstones: elements that nobody needs are to be removed.
 *
 * Returns 0, or -ENOMEM, whereupon some stay until the next.
 */
int plan_census_end(struct plan *plan, uint64_t now);

/**
 * Sums up all that has changed since the last step, in what may be nothing.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_delta(struct plan *plan, struct step *step);

/**
 * Gives out everything that the kernel should hold.
 *
 * Returns 0 or -ENOMEM.
 */
int plan_full(struct plan *plan, const struct cgroup *root, struct step *step);

/** Returns how many elements the kernel is to hold. */
size_t plan_count_elements(const struct plan *plan);

/** Takes note that the kernel has carried out a step. */
void plan_commit(struct plan *plan, const struct step *step);

/** Frees what is kept from step to step to be used again, if there is nothing to be done. Steps that were given out
 * end. */
void plan_trim(struct plan *plan);

/**
 * Makes a new plan the one that may follow another, which goes on to be in force: their decisions stand beside each
 * other in the cgroups, and the tombstones are copied. Those whose target this plan's config does not have are dropped:
 * nobody knows what else to do with their packets. To be followed by plan_decide_all().
 *
 * Returns 0 or -ENOMEM.
 */
int plan_follow(struct plan *plan, const struct plan *other);

/**
 * Decides about all cgroups of a tree with a new plan. All elements count as to be added.
 *
 * Returns 0 or -ENOMEM, with which the plan is good for nothing more.
 */
int plan_decide_all(struct plan *plan, struct cgroup *root);

/** Returns whether a cgroup is to have an element. */
bool plan_has_element(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the index of the rule that holds for a cgroup about which was decided, or NO_RULE. */
int32_t plan_rule(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the target of a cgroup about which was decided: TARGET_DIRECT and so on of config.h. */
uint32_t plan_target(const struct plan *plan, const struct cgroup *cgroup);

/** Returns the verdict for a cgroup, whether it has an element of its own or inherits it. */
const struct verdict *plan_verdict(const struct plan *plan, const struct cgroup *cgroup);

void plan_clear(struct plan *plan);

#endif
