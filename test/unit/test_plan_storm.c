/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Whatever happens to the tree, the steps add up to the state defined by the config and the tree. The events are
 * random, from this file's own generator, so every run is the same.
 */

#include "world.h"

#include <stdio.h>

enum {
	LIVE_MAX = 400,
	EVENTS = 6000,
	DEPTH_MAX = 6,
};

struct storm {
	struct world *world;
	uint32_t random;
	struct cgroup *live[LIVE_MAX];
	size_t live_count;
	/* what each cgroup that vanished with an element had in the kernel, and until when it stays at least */
	const struct verdict *kept[IDS_MAX];
	uint64_t kept_until[IDS_MAX];
	/* what a socket of each cgroup that vanished met, as long as it has one */
	const struct verdict *met[IDS_MAX];
	uint64_t parent_of[IDS_MAX];
};

static uint32_t pick(struct storm *storm, uint32_t below)
{
	storm->random = storm->random * 1664525 + 1013904223;
	return (storm->random >> 8) % below;
}

static void make_one(struct storm *storm)
{
	static const char *const kinds[] = {"x", "x", "p", "q", "drop", "direct"};
	struct cgroup_tree *tree = &storm->world->tree;
	uint32_t parent_index = pick(storm, (uint32_t)storm->live_count + 1);
	struct cgroup *parent = parent_index == 0 ? tree->root : storm->live[parent_index - 1];
	char name[16];

	snprintf(name, sizeof(name), "%s%u", kinds[pick(storm, COUNT(kinds))], pick(storm, 4));
	if (storm->live_count == LIVE_MAX || parent->level == DEPTH_MAX || cgroup_child(tree, parent, name) != NULL)
		return;
	storm->live[storm->live_count] = appear(storm->world, parent, name);
	storm->world->has_socket[storm->live[storm->live_count]->id] = pick(storm, 8) == 0;
	storm->parent_of[storm->live[storm->live_count++]->id] = parent->id;
}

static void close_sockets(struct storm *storm, uint32_t one_in)
{
	for (uint64_t id = 2; id < storm->world->next_id; id++) {
		if (pick(storm, one_in) == 0) {
			storm->world->has_socket[id] = false;
			storm->met[id] = NULL;
		}
	}
}

/* What the kernel does with a socket of a cgroup, gone or not: the deepest element on its way up decides. */
static const struct verdict *kernel_decides(const struct storm *storm, uint64_t id)
{
	const struct world *world = storm->world;

	for (; id > 1; id = storm->parent_of[id]) {
		if (world->kernel[id] != NULL && world->looked_up.has[world->level_of[id]])
			return world->kernel[id];
	}
	return &world->plan.verdicts[TARGET_DIRECT];
}

static bool is_undecided(const struct world *world, const struct cgroup *cgroup)
{
	for (; cgroup->parent != NULL; cgroup = cgroup->parent) {
		if (plan_has_element(&world->plan, cgroup) && world->kernel[cgroup->id] == NULL)
			return true;
	}
	return false;
}

static void remove_one(struct storm *storm)
{
	struct world *world = storm->world;
	uint32_t index = pick(storm, (uint32_t)storm->live_count + 1);
	struct cgroup *cgroup = NULL;

	if (index == storm->live_count || !LIST_EMPTY(&storm->live[index]->children))
		return;
	cgroup = storm->live[index];
	/* whose element is not in the kernel yet is not decided about */
	if (world->has_socket[cgroup->id] && !is_undecided(world, cgroup))
		storm->met[cgroup->id] = kernel_decides(storm, cgroup->id);
	storm->kept[cgroup->id] = world->kernel[cgroup->id];
	storm->kept_until[cgroup->id] = world->now + TOMBSTONE_GRACE;
	vanish(world, cgroup);
	storm->live[index] = storm->live[--storm->live_count];
}

static const struct verdict *config_decides(const struct world *world, const struct cgroup *cgroup)
{
	char path[CGROUP_PATH_SIZE];
	size_t length = cgroup_path(cgroup, path);
	int32_t rule = policy_match_inherited(world->policy, path, length);

	return &world->plan.verdicts[rule == NO_RULE ? TARGET_DIRECT : world->config->rules[rule].target];
}

static void check_everybody(const struct storm *storm)
{
	const struct world *world = storm->world;

	for (size_t i = 0; i < storm->live_count; i++) {
		const struct cgroup *cgroup = storm->live[i];

		assert_ptr_equal(kernel_decides(storm, cgroup->id), config_decides(world, cgroup));
		assert_ptr_equal(plan_verdict(&world->plan, cgroup), config_decides(world, cgroup));
		assert_int_equal(world->kernel[cgroup->id] != NULL, plan_has_element(&world->plan, cgroup));
		if (world->config->strict)
			assert_non_null(world->kernel[cgroup->id]);
		else if (world->kernel[cgroup->id] != NULL)
			assert_true(config_decides(world, cgroup) != kernel_decides(storm, cgroup->parent->id));
	}
}

static void check_departed(const struct storm *storm)
{
	const struct world *world = storm->world;

	for (uint64_t id = 2; id < world->next_id; id++) {
		if (storm->kept_until[id] > world->now)
			assert_ptr_equal(world->kernel[id], storm->kept[id]);
		if (storm->met[id] != NULL)
			assert_ptr_equal(kernel_decides(storm, id), storm->met[id]);
	}
}

static void step_or_fail(struct storm *storm)
{
	if (pick(storm, 8) == 0) {
		take_censuses(storm->world);
		changes(storm->world); /* the kernel refuses this one */
		take_everything(storm->world);
	} else {
		take_step(storm->world);
	}
	check_everybody(storm);
	check_departed(storm);
	assert_kernel_is_everything(storm->world);
}

static void run_storm(const char *config, uint32_t seed)
{
	struct storm *storm = calloc(1, sizeof(*storm));

	assert_non_null(storm);
	storm->world = world_new(config);
	storm->random = seed;
	for (int i = 0; i < EVENTS; i++) {
		uint32_t kind = pick(storm, 100);

		if (kind < 54)
			make_one(storm);
		else if (kind < 96)
			remove_one(storm);
		else if (kind < 97)
			storm->world->now += TOMBSTONE_GRACE / 3;
		else if (kind == 97 && pick(storm, 4) == 0)
			close_sockets(storm, 3);
		else if (kind < 98)
			plan_trim(&storm->world->plan);
		else
			step_or_fail(storm);
	}
	step_or_fail(storm);
	close_sockets(storm, 1);
	for (int i = 0; i < 2; i++) {
		storm->world->now += TOMBSTONE_GRACE;
		take_step(storm->world);
	}
	assert_int_equal(storm->world->plan.tombstones.count, 0);
	check_everybody(storm);
	world_free(storm->world);
	free(storm);
}

static void test_storms(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4; seed++)
		run_storm(CONFIG, seed);
}

static void test_strict_storms(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4; seed++)
		run_storm(CONFIG "strict: true\n", seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storms),
		cmocka_unit_test(test_strict_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
