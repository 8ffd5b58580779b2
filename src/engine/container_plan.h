/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_CONTAINER_PLAN_H
#define CGTPROXY_ENGINE_CONTAINER_PLAN_H

#include "config/config.h"
#include "container/containers.h"
#include "engine/claims.h"
#include "engine/container_elements.h"
#include "engine/plan.h"
#include "nft/dump.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The elements that the kernel should hold for containers, derived from the targets of their cgroups, and the
 * difference from those it holds.
 *
 * There are few containers, and they seldom change. So claims to elements are a sorted array, and a change is a walk
 * through all of it.
 */

/** What is remembered of a container: its target stays when no cgroup of it is left. */
struct container_target {
	uint64_t number; /* the container's */
	uint32_t target; /* of the elements; TARGET_NONE: not known yet */
	bool is_mixed;	 /* its cgroups have, or had, several targets, which was logged */
	bool is_there;	 /* the container is */
};

struct container_plan {
	const struct config *config;
	struct container_target *targets; /* by number */
	size_t target_count;
	size_t target_capacity;
	struct claims claims;
	bool is_made;			   /* there is something wanted other than what is held */
	struct container_elements wanted;  /* with is_made */
	struct container_elements held;	   /* by the kernel */
	struct container_elements adopted; /* of the last run; they stay until all containers are known */
};

/** A change of the kernel's elements. The arrays belong to the caller. */
struct container_step {
	struct container_elements added;
	struct container_elements removed;
};

/** A container whose cgroups have different targets. */
struct container_mixture {
	uint32_t target;	     /* the most restrictive of all, or TARGET_NONE without a cgroup */
	const struct cgroup *strict; /* which has it */
	uint32_t other_target;	     /* another one */
	const struct cgroup *other;  /* NULL: all have the same */
};

/** Finds the targets of a container's cgroups. Returns whether they differ. */
bool container_is_mixed(const struct container *container, const struct plan *cgroups,
			struct container_mixture *mixture);

/** Returns how the config calls a container's target; "direct" where no rule is for it. */
const char *container_target_word(const struct config *config, uint32_t target);

void container_plan_init(struct container_plan *plan, const struct config *config);

/**
 * Takes over what the last run left in the kernel. A target that the config does not have becomes drop.
 *
 * Returns 0 or -ENOMEM.
 */
int container_plan_adopt(struct container_plan *plan, const struct dump *held);

/**
 * Prepares a new plan as the successor of another, which stays in force. A container without cgroups keeps its target,
 * or is dropped if the config does not have it.
 *
 * Returns 0 or -ENOMEM.
 */
int container_plan_follow(struct container_plan *plan, const struct container_plan *last);

/**
 * Takes in what has changed of a container. Call container_plan_finish() when all changes were taken in.
 *
 * @cgroups: with the targets of all cgroups
 *
 * Returns 0, or -ENOMEM, after which container_plan_make() is needed.
 */
int container_plan_take(struct container_plan *plan, const struct container *container, const struct plan *cgroups);

/** Derives the elements that are wanted from what was taken in. Returns 0, or -ENOMEM, as container_plan_make(). */
int container_plan_finish(struct container_plan *plan, const struct containers *containers);

/**
 * Derives the elements that are wanted from all containers.
 *
 * @containers: or NULL: none
 * @cgroups:    with the targets of all cgroups
 *
 * Returns 0, or -ENOMEM, after which those that were wanted are so still.
 */
int container_plan_make(struct container_plan *plan, const struct containers *containers, const struct plan *cgroups);

/**
 * Finds what the kernel lacks, and what it holds without need, since the last container_plan_make(). An element with
 * another target is in both.
 *
 * @step: zeroed; to be freed with container_step_clear() whatever this returns
 *
 * Returns 0 or -ENOMEM.
 */
int container_plan_delta(const struct container_plan *plan, struct container_step *step);

/** Records that the kernel holds what is wanted. */
void container_plan_commit(struct container_plan *plan);

void container_step_clear(struct container_step *step);

void container_plan_clear(struct container_plan *plan);

#endif
