/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_WORLD_H
#define CGTPROXY_TEST_UNIT_WORLD_H

/* A plan with its tree, and a fake kernel: an array that executes the steps and rejects invalid ones. */

#include "unit.h"

#include "engine/plan.h"
#include "nft/set.h"

#include <stdlib.h>

enum {
	IDS_MAX = 32768, /* ids are assigned sequentially and never reused, as in the kernel */
};

struct world {
	struct config *config;
	struct policy *policy;
	struct cgroup_tree tree;
	struct plan plan;
	uint64_t now;
	uint64_t next_id;
	const struct verdict *kernel[IDS_MAX]; /* the elements, by cgroup id */
	uint32_t level_of[IDS_MAX];
	struct level_set looked_up;
	bool has_socket[IDS_MAX]; /* by cgroup id */
};

static inline struct world *world_new(const char *text)
{
	struct world *world = calloc(1, sizeof(*world));
	const char *patterns[16] = {NULL};

	assert_non_null(world);
	world->config = parse_good(text);
	assert_true(world->config->rule_count <= COUNT(patterns));
	for (size_t i = 0; i < world->config->rule_count; i++)
		patterns[i] = world->config->rules[i].pattern;
	world->policy = policy_new(patterns, world->config->rule_count);
	assert_non_null(world->policy);
	assert_int_equal(cgroup_tree_init(&world->tree, 1), 0);
	assert_int_equal(plan_init(&world->plan, world->config, world->policy), 0);
	world->next_id = 2;
	world->now = 1000;
	return world;
}

static inline void world_free(struct world *world)
{
	plan_clear(&world->plan);
	cgroup_tree_clear(&world->tree);
	policy_free(world->policy);
	config_free(world->config);
	free(world);
}

static inline struct cgroup *appear(struct world *world, struct cgroup *parent, const char *name)
{
	struct cgroup *cgroup = cgroup_add(&world->tree, parent, name, world->next_id++);

	assert_non_null(cgroup);
	assert_true(cgroup->id < IDS_MAX);
	world->level_of[cgroup->id] = cgroup->level;
	assert_int_equal(plan_appeared(&world->plan, cgroup), 0);
	return cgroup;
}

static inline void vanish(struct world *world, struct cgroup *cgroup)
{
	plan_vanished(&world->plan, cgroup, world->now);
	cgroup_remove(&world->tree, cgroup);
}

static inline void add_elements(struct world *world, const struct step *step)
{
	for (size_t i = 0; i < step->element_count; i++) {
		const struct element *element = &step->elements[i];

		assert_true(element->cgroup_id < world->next_id);
		assert_null(world->kernel[element->cgroup_id]);
		world->kernel[element->cgroup_id] = element->verdict;
	}
}

/* The levels that are looked up are those that elements are at, no more and no fewer. */
static inline void check_levels(const struct world *world)
{
	struct level_set wanted = {{false}};

	for (uint64_t id = 0; id < world->next_id; id++) {
		if (world->kernel[id] != NULL)
			wanted.has[world->level_of[id]] = true;
	}
	for (size_t level = 0; level <= CGROUP_LEVEL_MAX; level++)
		assert_int_equal(world->looked_up.has[level], wanted.has[level]);
}

static inline struct step changes(struct world *world)
{
	struct step step;

	assert_int_equal(plan_delta(&world->plan, &step), 0);
	return step;
}

/* The engine asks which cgroups have sockets, if that is due, and once more, since one answer is not enough. */
static inline void take_censuses(struct world *world)
{
	for (int i = 0; i < 2 && tombstones_due(&world->plan.tombstones) <= world->now; i++) {
		tombstones_census_begin(&world->plan.tombstones, world->now);
		for (uint64_t id = 0; id < world->next_id; id++) {
			if (world->has_socket[id])
				tombstones_census_see(&world->plan.tombstones, id);
		}
		assert_int_equal(plan_census_end(&world->plan, world->now), 0);
	}
}

/* One step, carried out. */
static inline struct step take_step(struct world *world)
{
	struct step step;

	take_censuses(world);
	step = changes(world);

	for (size_t i = 0; i < step.removed_count; i++) {
		const struct element *removed = &step.removed[i];

		assert_true(removed->cgroup_id < world->next_id);
		/* to remove what is not there, or from another target's set, fails the transaction */
		assert_non_null(world->kernel[removed->cgroup_id]);
		assert_true(verdict_equal(world->kernel[removed->cgroup_id], removed->verdict));
		world->kernel[removed->cgroup_id] = NULL;
	}
	add_elements(world, &step);
	if (step.levels_changed)
		world->looked_up = step.levels;
	assert_memory_equal(&world->looked_up, &step.levels, sizeof(step.levels));
	check_levels(world);
	plan_commit(&world->plan, &step);
	return step;
}

/* The table is recreated. */
static inline void take_everything(struct world *world)
{
	struct step step;

	assert_int_equal(plan_full(&world->plan, world->tree.root, &step), 0);
	assert_int_equal(step.removed_count, 0);
	memset(world->kernel, 0, sizeof(world->kernel));
	add_elements(world, &step);
	world->looked_up = step.levels;
	check_levels(world);
	plan_commit(&world->plan, &step);
}

static inline void assert_kernel_is_everything(struct world *world)
{
	struct step step;
	size_t count = 0;

	assert_int_equal(plan_full(&world->plan, world->tree.root, &step), 0);
	for (uint64_t id = 0; id < world->next_id; id++)
		count += world->kernel[id] != NULL;
	assert_int_equal(step.element_count, count);
	for (size_t i = 0; i < step.element_count; i++)
		assert_ptr_equal(world->kernel[step.elements[i].cgroup_id], step.elements[i].verdict);
	assert_false(step.levels_changed);
}

static inline bool goes_to(const struct verdict *verdict, const char *chain)
{
	if (verdict == NULL)
		return false;
	return verdict->kind == VERDICT_GOTO ? strcmp(verdict->chain, chain) == 0
					     : verdict->kind == VERDICT_RETURN && strcmp(chain, "return") == 0;
}

static inline bool kernel_has(const struct world *world, const struct cgroup *cgroup, const char *chain)
{
	return goes_to(world->kernel[cgroup->id], chain);
}

#define CONFIG                                                                                                         \
	"version: 1\n"                                                                                                 \
	"tproxies: {p: {mark: 1, port: 1}, q: {mark: 2, port: 2}}\n"                                                   \
	"rules:\n"                                                                                                     \
	"  - {match: '/direct[^/]*$', direct: true}\n"                                                                 \
	"  - {match: '/drop[^/]*$', drop: true}\n"                                                                     \
	"  - {match: '/p[^/]*$', tproxy: p}\n"                                                                         \
	"  - {match: '/q[^/]*$', tproxy: q}\n"

#endif
