/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "world.h"

#include <stdio.h>

static void test_nothing(void **state)
{
	struct world *world = world_new(CONFIG);
	struct step step = take_step(world);

	(void)state;
	assert_int_equal(step.element_count, 0);
	assert_int_equal(step.removed_count, 0);
	assert_false(step.levels_changed);
	assert_kernel_is_everything(world);
	assert_false(plan_has_element(&world->plan, world->tree.root));
	world_free(world);
}

static void test_inheritance(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *inherits = appear(world, p, "x");
	struct cgroup *same = appear(world, inherits, "p-too");
	struct cgroup *differs = appear(world, inherits, "q");
	struct cgroup *direct = appear(world, p, "direct");
	struct cgroup *below_direct = appear(world, direct, "x");
	struct cgroup *drop = appear(world, below_direct, "drop");
	struct cgroup *direct_at_top = appear(world, world->tree.root, "direct");
	struct cgroup *unmatched = appear(world, world->tree.root, "x");
	struct step step = take_step(world);

	(void)state;
	assert_int_equal(step.element_count, 4);
	assert_true(step.levels_changed);
	assert_true(kernel_has(world, p, "proxy-p"));
	assert_true(kernel_has(world, differs, "proxy-q"));
	assert_true(kernel_has(world, direct, "return"));
	assert_true(kernel_has(world, drop, "DROP-CHAIN"));
	/* what has no element has a verdict all the same */
	assert_true(goes_to(plan_verdict(&world->plan, inherits), "proxy-p"));
	assert_true(goes_to(plan_verdict(&world->plan, same), "proxy-p"));
	assert_true(goes_to(plan_verdict(&world->plan, below_direct), "return"));
	assert_true(goes_to(plan_verdict(&world->plan, direct_at_top), "return"));
	assert_true(goes_to(plan_verdict(&world->plan, unmatched), "return"));
	assert_true(goes_to(plan_verdict(&world->plan, world->tree.root), "return"));
	assert_false(plan_has_element(&world->plan, same));
	assert_true(plan_has_element(&world->plan, differs));
	assert_kernel_is_everything(world);
	world_free(world);
}

/* A rule for the root cannot be given: what no rule matches goes direct, and the root's children inherit that. */
static void test_catch_all(void **state)
{
	struct world *world = world_new("version: 1\ntproxies: {p: {mark: 1, port: 1}}\n"
					"rules: [{match: '^/$', drop: true}, {match: .*, tproxy: p}]\n");
	struct cgroup *top = appear(world, world->tree.root, "top");
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "app-%u.scope", i);
		appear(world, top, name);
	}
	assert_int_equal(take_step(world).element_count, 1);
	assert_true(kernel_has(world, top, "proxy-p"));
	world_free(world);
}

/* Nothing is inherited in the kernel, so every cgroup has its element, direct ones too. */
static void test_strict(void **state)
{
	struct world *world = world_new(CONFIG "strict: true\n");
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *inherits = appear(world, p, "x");
	struct cgroup *unmatched = appear(world, world->tree.root, "x");

	(void)state;
	assert_int_equal(take_step(world).element_count, 3);
	assert_true(kernel_has(world, p, "proxy-p"));
	assert_true(kernel_has(world, inherits, "proxy-p"));
	assert_true(kernel_has(world, unmatched, "return"));
	assert_false(plan_has_element(&world->plan, world->tree.root));
	vanish(world, unmatched);
	assert_kernel_is_everything(world);
	world_free(world);
}

static void test_levels(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *top = appear(world, world->tree.root, "x");
	struct cgroup *deep = appear(world, appear(world, top, "y"), "q");
	struct step step = take_step(world);

	(void)state;
	assert_true(step.levels_changed);
	assert_true(step.levels.has[3]);
	assert_false(step.levels.has[1] || step.levels.has[2]);
	/* one more at a level that is looked up already changes no rule */
	appear(world, deep->parent, "p");
	step = take_step(world);
	assert_int_equal(step.element_count, 1);
	assert_false(step.levels_changed);
	appear(world, top, "p");
	step = take_step(world);
	assert_true(step.levels_changed);
	assert_true(step.levels.has[2] && step.levels.has[3]);
	world_free(world);
}

static void test_deepest_level(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *at = world->tree.root;

	(void)state;
	for (int level = 1; level < CGROUP_LEVEL_MAX; level++)
		at = appear(world, at, "x");
	at = appear(world, at, "q");
	assert_true(take_step(world).levels.has[CGROUP_LEVEL_MAX]);
	assert_true(kernel_has(world, at, "proxy-q"));
	world_free(world);
}

/* Cgroups that came and went between two steps never reach the kernel. */
static void test_come_and_go(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *stays = NULL;
	struct step step;

	(void)state;
	vanish(world, appear(world, world->tree.root, "p"));
	stays = appear(world, world->tree.root, "p");
	vanish(world, appear(world, world->tree.root, "q"));
	vanish(world, appear(world, stays, "q")); /* the only one at its level */
	vanish(world, appear(world, world->tree.root, "x"));
	step = take_step(world);
	assert_int_equal(step.element_count, 1);
	assert_int_equal(step.removed_count, 0);
	assert_false(step.levels.has[2]);
	assert_true(kernel_has(world, stays, "proxy-p"));
	/* but the one below p may have had a socket, and that goes to p */
	assert_int_equal(world->plan.tombstones.count, 1);
	world_free(world);
}

static void test_departed_stay_for_a_while(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *old = appear(world, world->tree.root, "p");
	uint64_t old_id = old->id;
	struct step step;

	(void)state;
	take_step(world);
	vanish(world, old);
	/* the same name again is another cgroup: both have elements */
	appear(world, world->tree.root, "p");
	assert_int_equal(tombstones_due(&world->plan.tombstones), 1000 + TOMBSTONE_GRACE);
	step = take_step(world);
	assert_int_equal(step.element_count, 1);
	assert_int_equal(step.removed_count, 0);
	assert_true(goes_to(world->kernel[old_id], "proxy-p"));
	assert_kernel_is_everything(world);

	world->now += TOMBSTONE_GRACE - 1;
	assert_int_equal(take_step(world).removed_count, 0);
	world->now++;
	step = take_step(world);
	assert_int_equal(step.removed_count, 1);
	assert_int_equal(step.element_count, 0);
	assert_false(step.levels_changed); /* the second is still there */
	assert_null(world->kernel[old_id]);
	assert_kernel_is_everything(world);
	assert_int_equal(take_step(world).removed_count, 0);
	world_free(world);
}

/* The lookup at a level ends with its last element, which may be one whose cgroup is long gone. */
static void test_level_of_departed(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *p = appear(world, world->tree.root, "p");

	(void)state;
	take_step(world);
	vanish(world, p);
	assert_false(take_step(world).levels_changed);
	world->now += TOMBSTONE_GRACE;
	assert_true(take_step(world).levels_changed);
	assert_false(world->looked_up.has[1]);
	world_free(world);
}

static void test_departed_are_bounded(void **state)
{
	enum { TOO_MANY = 100 };
	struct world *world = world_new(CONFIG);
	struct cgroup *cgroup = NULL;
	struct step step;
	char name[16];

	(void)state;
	for (unsigned i = 0; i < TOMBSTONE_MAX + TOO_MANY; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		appear(world, world->tree.root, name);
	}
	take_step(world);
	for (unsigned i = 0; i < TOMBSTONE_MAX + TOO_MANY; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		cgroup = cgroup_child(&world->tree, world->tree.root, name);
		assert_non_null(cgroup);
		vanish(world, cgroup);
	}
	world->has_socket[2] = true;
	world->now++;
	step = take_step(world);
	assert_int_equal(step.removed_count, TOO_MANY - 1);
	for (size_t i = 0; i < step.removed_count; i++)
		assert_int_equal(step.removed[i].cgroup_id, 3 + i); /* the oldest of those that have no socket */
	assert_int_equal(world->plan.tombstones.count, TOMBSTONE_MAX + 1);
	assert_kernel_is_everything(world);
	world_free(world);
}

/* However many there are: who has a socket stays. */
static void test_departed_with_sockets_are_not(void **state)
{
	enum { TOO_MANY = 100 };
	struct world *world = world_new(CONFIG);
	char name[16];

	(void)state;
	for (unsigned i = 0; i < TOMBSTONE_MAX + TOO_MANY; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		world->has_socket[appear(world, world->tree.root, name)->id] = true;
	}
	take_step(world);
	while (!LIST_EMPTY(&world->tree.root->children))
		vanish(world, LIST_FIRST(&world->tree.root->children));
	for (int i = 0; i < 3; i++) {
		world->now += TOMBSTONE_GRACE;
		assert_int_equal(take_step(world).removed_count, 0);
		/* they are not asked for again and again */
		assert_int_equal(tombstones_due(&world->plan.tombstones), world->now + TOMBSTONE_GRACE);
	}
	assert_kernel_is_everything(world);
	memset(world->has_socket, 0, sizeof(world->has_socket));
	world->now += TOMBSTONE_GRACE;
	assert_int_equal(take_step(world).removed_count, TOMBSTONE_MAX + TOO_MANY);
	world_free(world);
}

static void test_departed_with_a_socket_stays(void **state)
{
	struct world *world = world_new(CONFIG "strict: true\n");
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *direct = appear(world, world->tree.root, "x");
	uint64_t p_id = p->id;
	uint64_t direct_id = direct->id;

	(void)state;
	world->has_socket[p_id] = true;
	world->has_socket[direct_id] = true;
	take_step(world);
	vanish(world, p);
	vanish(world, direct);
	for (int i = 0; i < 3; i++) {
		world->now += TOMBSTONE_GRACE;
		assert_int_equal(take_step(world).removed_count, 0);
	}
	assert_true(goes_to(world->kernel[p_id], "proxy-p"));
	assert_true(goes_to(world->kernel[direct_id], "return"));
	world->has_socket[p_id] = false;
	world->now += TOMBSTONE_GRACE;
	assert_int_equal(take_step(world).removed_count, 1);
	assert_null(world->kernel[p_id]);
	world_free(world);
}

/* A socket of a cgroup without an element goes the way of its ancestor's, which stays for it, also when both are gone.
 */
static void test_departed_with_a_socket_below_it_stays(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *between = appear(world, p, "x");
	struct cgroup *below = appear(world, between, "x");
	uint64_t p_id = p->id;
	uint64_t below_id = below->id;

	(void)state;
	world->has_socket[below_id] = true;
	take_step(world);
	vanish(world, below);
	world->now += 2 * TOMBSTONE_GRACE;
	take_step(world);
	vanish(world, between);
	vanish(world, p);
	for (int i = 0; i < 3; i++) {
		world->now += TOMBSTONE_GRACE;
		assert_int_equal(take_step(world).removed_count, 0);
	}
	assert_true(goes_to(world->kernel[p_id], "proxy-p"));
	world->has_socket[below_id] = false;
	world->now += TOMBSTONE_GRACE;
	assert_int_equal(take_step(world).removed_count, 1);
	assert_int_equal(world->plan.tombstones.count, 0);
	world_free(world);
}

/* What was taken for gone is there: its element is that of a living cgroup, which may have another target by now. */
static void test_departure_is_undone(void **state)
{
	static const char *const names[] = {"p", "q", "x"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct world *world = world_new(CONFIG);
		struct cgroup *cgroup = appear(world, world->tree.root, "p");
		uint64_t id = cgroup->id;

		take_step(world);
		vanish(world, cgroup);
		take_step(world);
		cgroup = cgroup_add(&world->tree, world->tree.root, names[i], id);
		assert_non_null(cgroup);
		assert_int_equal(plan_appeared(&world->plan, cgroup), 0);
		take_step(world);
		world->now += TOMBSTONE_GRACE;
		assert_int_equal(take_step(world).removed_count, 0);
		assert_ptr_equal(world->kernel[id],
				 plan_has_element(&world->plan, cgroup) ? plan_verdict(&world->plan, cgroup) : NULL);
		assert_int_equal(world->plan.tombstones.count, 0);
		assert_kernel_is_everything(world);
		world_free(world);
	}
}

/* A step that the kernel refused is part of the next one, and of the whole. */
static void test_a_refused_step(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *first = appear(world, world->tree.root, "p");
	uint64_t first_id = first->id;
	struct step step;

	(void)state;
	take_step(world);
	vanish(world, first);
	world->now += TOMBSTONE_GRACE;
	appear(world, world->tree.root, "q");
	take_censuses(world);
	changes(world); /* refused */
	step = changes(world);
	assert_int_equal(step.element_count, 1);
	assert_int_equal(step.removed_count, 1);
	assert_int_equal(step.removed[0].cgroup_id, first_id);
	take_everything(world);
	assert_null(world->kernel[first_id]);
	assert_kernel_is_everything(world);
	step = take_step(world);
	assert_int_equal(step.element_count, 0);
	assert_int_equal(step.removed_count, 0);
	assert_false(step.levels_changed);
	world_free(world);
}

/* Applies another config, like a reload. The old plan is freed. */
static void reload(struct world *world, const char *text)
{
	struct world *other = world_new(text);
	struct plan *plan = &other->plan;
	struct config *config = world->config;
	struct policy *policy = world->policy;

	assert_int_equal(plan_follow(plan, &world->plan), 0);
	assert_int_equal(plan_decide_all(plan, world->tree.root), 0);
	plan_clear(&world->plan);
	policy_free(policy);
	config_free(config);
	world->plan = other->plan;
	world->config = other->config;
	world->policy = other->policy;
	/* the list refers to its head, which was within the other plan */
	tombstones_init(&world->plan.tombstones);
	assert_true(tombstones_copy(&world->plan.tombstones, &plan->tombstones));
	tombstones_clear(&plan->tombstones);
	cgroup_tree_clear(&other->tree);
	free(other);
	take_everything(world);
}

static void test_reload(void **state)
{
	struct world *world = world_new(CONFIG);
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *q = appear(world, p, "q");
	struct cgroup *direct = appear(world, q, "direct");
	uint64_t gone_p = appear(world, world->tree.root, "p-gone")->id;
	uint64_t gone_q = appear(world, world->tree.root, "q-gone")->id;

	(void)state;
	take_step(world);
	vanish(world, cgroup_child(&world->tree, world->tree.root, "p-gone"));
	vanish(world, cgroup_child(&world->tree, world->tree.root, "q-gone"));
	take_step(world);
	/* q is another target by number, there is no p (so its sockets get nowhere), and more goes to q than did */
	reload(world, "version: 1\ntproxies: {q: {mark: 2, port: 2}}\nrules: [{match: '/p$', tproxy: q}]\n");
	assert_int_equal(plan_target(&world->plan, p), TARGET_FIRST_PROXY);
	assert_true(kernel_has(world, p, "proxy-q"));
	assert_null(world->kernel[q->id]);
	assert_null(world->kernel[direct->id]);
	assert_int_equal(plan_target(&world->plan, direct), TARGET_FIRST_PROXY);
	assert_true(goes_to(world->kernel[gone_p], "DROP-CHAIN"));
	assert_true(goes_to(world->kernel[gone_q], "proxy-q"));
	assert_kernel_is_everything(world);
	world->now += TOMBSTONE_GRACE;
	assert_int_equal(take_step(world).removed_count, 2);
	assert_null(world->kernel[gone_q]);
	world_free(world);
}

/* What another plan decides about the same cgroups is nothing to the one that is in force, whatever becomes of it. */
static void test_a_refused_reload(void **state)
{
	struct world *world = world_new(CONFIG);
	struct world *other = world_new("version: 1\nstrict: true\nrules: [{match: '/p$', drop: true}]\n");
	struct cgroup *p = appear(world, world->tree.root, "p");
	struct cgroup *pending = NULL;
	struct cgroup *direct = appear(world, world->tree.root, "a");

	(void)state;
	take_step(world);
	pending = appear(world, p, "q");
	assert_int_equal(plan_follow(&other->plan, &world->plan), 0);
	assert_int_equal(plan_decide_all(&other->plan, world->tree.root), 0);
	assert_int_equal(plan_target(&other->plan, p), TARGET_DROP);
	assert_int_equal(plan_target(&other->plan, direct), TARGET_DIRECT);
	world_free(other);
	assert_int_equal(plan_target(&world->plan, p), TARGET_FIRST_PROXY);
	assert_false(plan_has_element(&world->plan, direct));
	assert_int_equal(take_step(world).element_count, 1);
	assert_true(kernel_has(world, pending, "proxy-q"));
	vanish(world, pending);
	assert_kernel_is_everything(world);
	world_free(world);
}

/* A proxy may have the name of another kind of target, and is still itself. */
static void test_reload_with_odd_names(void **state)
{
	static const char text[] = "version: 1\ntproxies: {drop: {mark: 1, port: 1}, direct: {mark: 2, port: 2}}\n"
				   "rules: [{match: /a, tproxy: drop}, {match: /b, tproxy: direct}]\n";
	struct world *world = world_new(text);
	struct cgroup *a = appear(world, world->tree.root, "a");
	struct cgroup *b = appear(world, world->tree.root, "b");
	uint64_t a_id = a->id;
	uint64_t b_id = b->id;

	(void)state;
	take_step(world);
	vanish(world, a);
	vanish(world, b);
	take_step(world);
	reload(world, text);
	assert_true(goes_to(world->kernel[a_id], "proxy-drop"));
	assert_true(goes_to(world->kernel[b_id], "proxy-direct"));
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_catch_all),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_deepest_level),
		cmocka_unit_test(test_come_and_go),
		cmocka_unit_test(test_departed_stay_for_a_while),
		cmocka_unit_test(test_level_of_departed),
		cmocka_unit_test(test_departed_are_bounded),
		cmocka_unit_test(test_departed_with_sockets_are_not),
		cmocka_unit_test(test_departed_with_a_socket_stays),
		cmocka_unit_test(test_departed_with_a_socket_below_it_stays),
		cmocka_unit_test(test_departure_is_undone),
		cmocka_unit_test(test_a_refused_step),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_a_refused_reload),
		cmocka_unit_test(test_reload_with_odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
