/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which cgroups are found to be in a container, in which order they are looked at, and how often. */

#include "network_steps.h"

#include "container/occupants.h"
#include "container/search.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	MANY = 300,
	HOST_PID = 9000, /* and those that follow are of this host's own network */
};

static struct cgroup *many[MANY];

/* Each with a process of this host's own. */
static void add_many(void)
{
	for (size_t i = 0; i < MANY; i++) {
		char name[16];
		char pid[16];

		snprintf(name, sizeof(name), "%zu", i);
		snprintf(pid, sizeof(pid), "%zu\n", HOST_PID + i);
		many[i] = fake_add_cgroup(fake.tree.root, name, pid);
		fake_set_process((uint32_t)(HOST_PID + i), NETNS_NONE);
	}
}

static void add_container(uint32_t veth, int32_t netns)
{
	fake_add_veth(veth, netns);
	fake_tell_link(RTM_NEWLINK, fake_find_veth(veth));
}

static bool is_asked(uint32_t pid)
{
	for (size_t i = 0; i < fake.pids_asked_count && i < LOG_MAX; i++) {
		if (fake.pids_asked[i] == pid)
			return true;
	}
	return false;
}

/* One container, whose cgroup is there with process 100. */
static struct cgroup *start_with_one(void)
{
	struct cgroup *cgroup = fake_add_cgroup(fake.tree.root, "one", "100\n");

	fake_add_veth(VETH, NETNS);
	fake_set_process(100, NETNS);
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->cgroup_count, 1);
	fake_run_until(fake.now + 5 * USEC_PER_SEC);
	return cgroup;
}

static void test_the_newest_first(void **state)
{
	(void)state;
	add_many();
	fake_start();
	fake_settle();
	fake.now += 60 * USEC_PER_SEC;
	fake_set_process(HOST_PID + MANY - 1, NETNS);
	add_container(VETH, NETNS);
	fake.tick = 20;
	containers_step(fake.containers, fake_clock);
	assert_int_equal(fake_only()->cgroup_count, 1);
	assert_ptr_equal(fake_only()->cgroups[0], many[MANY - 1]);
	assert_int_equal(fake.pids_asked[0], HOST_PID + MANY - 1);
	/* that is told at once */
	assert_int_equal(fake.pids_asked_count, 1);
	/* and nobody searches on in haste */
	fake_run_until(fake.now + 100 * MSEC);
	assert_false(is_asked(HOST_PID));
}

/* The tree's order is that of names, not of age; ids are. */
static void test_the_newest_first_at_the_start(void **state)
{
	struct cgroup *old = fake_add_cgroup(fake.tree.root, "z", "1\n");
	struct cgroup *new = fake_add_cgroup(fake.tree.root, "a", "2\n");

	(void)state;
	(void)old;
	(void)new;
	fake_set_process(1, NETNS_NONE);
	fake_set_process(2, NETNS_NONE);
	fake_add_veth(VETH, NETNS);
	fake_start();
	fake_settle();
	assert_true(fake.pids_asked_count >= 2);
	assert_int_equal(fake.pids_asked[0], 2);
	assert_int_equal(fake.pids_asked[1], 1);
}

static void test_an_old_cgroup(void **state)
{
	(void)state;
	add_many();
	fake_start();
	fake_settle();
	fake_set_process(HOST_PID, NETNS);
	add_container(VETH, NETNS);
	fake.tick = 20;
	fake_run_until(fake.now + 300 * MSEC); /* a sweep takes longer */
	assert_int_equal(fake_only()->cgroup_count, 1);
	assert_ptr_equal(fake_only()->cgroups[0], many[0]);
}

/* One's cgroup is newer, so its search ends; the other's must not. Nor is one missed that the search has passed. */
static void test_two_searches(void **state)
{
	const struct container *container = NULL;

	(void)state;
	add_many();
	fake_start();
	fake_settle();
	fake.now += 60 * USEC_PER_SEC;
	fake_set_process(HOST_PID, NETNS);
	add_container(VETH, NETNS);
	fake.tick = 20;
	while (!is_asked(HOST_PID + MANY - 200))
		fake_run_until(fake.now + MSEC);
	fake_set_process(HOST_PID + MANY - 150, NETNS + 1);
	add_container(VETH + 1, NETNS + 1);
	fake_run_until(fake.now + 150 * MSEC); /* a sweep takes longer */
	container = containers_next(fake.containers, NULL);
	assert_int_equal(container->cgroup_count, 1);
	assert_ptr_equal(container->cgroups[0], many[0]);
	container = containers_next(fake.containers, container);
	assert_int_equal(container->cgroup_count, 1);
	assert_ptr_equal(container->cgroups[0], many[MANY - 150]);
}

/* At the start all are found; and of a container that appears later, soon. */
static void test_several_cgroups(void **state)
{
	(void)state;
	add_many();
	for (size_t i = 0; i < 3; i++) {
		fake_set_process((uint32_t)(HOST_PID + 100 * i), NETNS);
		fake_set_process((uint32_t)(HOST_PID + 100 * i + 1), NETNS + 1);
	}
	fake_add_veth(VETH, NETNS);
	fake_start();
	fake.tick = 20;
	fake_settle();
	assert_int_equal(fake_only()->cgroup_count, 3);
	fake.tick = 0;
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
	fake_remove_veth(VETH);
	add_container(VETH + 1, NETNS + 1);
	fake_tell_end(NETNS);
	fake.tick = 20;
	fake_run_until(fake.now + USEC_PER_SEC);
	assert_int_equal(fake_only()->netns, NETNS + 1);
	assert_int_equal(fake_only()->cgroup_count, 3);
}

/* Its process comes late, and is still in this host's network when it does. */
static void test_a_cgroup_that_is_still_starting(void **state)
{
	struct cgroup *other = NULL;

	(void)state;
	start_with_one();
	fake_set_process(200, NETNS_NONE);
	other = fake_add_cgroup(fake.tree.root, "other", "");
	fake_run_until(fake.now + 300 * MSEC);
	fake_fill(other, "200\n");
	fake_run_until(fake.now + 600 * MSEC);
	assert_true(is_asked(200));
	assert_int_equal(fake_only()->cgroup_count, 1);
	fake_set_process(200, NETNS);
	fake_run_until(fake.now + 1200 * MSEC);
	assert_int_equal(fake_only()->cgroup_count, 2);
}

/* It was there before its container, which its process has still to enter. */
static void test_a_cgroup_that_comes_first(void **state)
{
	struct cgroup *cgroup = NULL;

	(void)state;
	fake_start();
	fake_settle();
	fake_set_process(100, NETNS_NONE);
	cgroup = fake_add_cgroup(fake.tree.root, "one", "100\n");
	fake_run_until(fake.now + USEC_PER_SEC);
	add_container(VETH, NETNS);
	fake_run_until(fake.now + 10 * MSEC);
	fake_set_process(100, NETNS);
	fake_run_until(fake.now + 20 * MSEC);
	assert_int_equal(fake_only()->cgroup_count, 1);
	assert_ptr_equal(fake_only()->cgroups[0], cgroup);
}

static void test_a_process_is_moved_in(void **state)
{
	struct cgroup *other = NULL;
	size_t asked = 0;

	(void)state;
	other = fake_add_cgroup(fake.tree.root, "other", "");
	start_with_one();
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
	fake_set_process(200, NETNS_NONE);
	fake_fill(other, "200\n");
	containers_entered(fake.containers, other, fake.now);
	fake_run_until(fake.now + 10 * MSEC);
	fake_set_process(200, NETNS);
	fake_run_until(fake.now + 10 * MSEC);
	assert_int_equal(fake_only()->cgroup_count, 2);

	/* but not where there is no container */
	fake_tell_end(NETNS);
	fake_remove_veth(VETH);
	fake_run_until(fake.now + 10 * USEC_PER_SEC);
	asked = fake.pids_asked_count;
	containers_entered(fake.containers, other, fake.now);
	fake_run_until(fake.now + USEC_PER_SEC);
	assert_int_equal(fake.pids_asked_count, asked);
}

/* Nothing tells that, so it takes a while. */
static void test_a_process_enters_later(void **state)
{
	struct cgroup *other = fake_add_cgroup(fake.tree.root, "other", "200\n");

	(void)state;
	(void)other;
	fake_set_process(200, NETNS_NONE);
	start_with_one();
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
	fake_set_process(200, NETNS);
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 2);
}

/* Within ten seconds, even if a sweep takes much longer. */
static void test_a_process_leaves(void **state)
{
	(void)state;
	start_with_one();
	add_many();
	fake_run_until(fake.now + 5 * USEC_PER_SEC);
	fake_forget_changes();
	fake.tick = 200;
	fake_set_process(100, NETNS_NONE); /* as when its id was given to another one */
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 0);
	assert_ptr_equal(containers_take_changed(fake.containers), fake_only());
}

static void test_all_processes_end(void **state)
{
	struct cgroup *cgroup = start_with_one();

	(void)state;
	fake_fill(cgroup, "");
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 0);
}

/* It may not be read, or its process ends while it is: that says nothing. */
static void test_what_cant_be_found_out(void **state)
{
	struct cgroup *cgroup = start_with_one();

	(void)state;
	fake_fill(cgroup, "101\n102\n");
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 1);
	assert_int_equal(unlink(fake_path(cgroup, "cgroup.procs")), 0);
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 1);
	fake_fill(cgroup, "");
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 0);
}

static void test_a_cgroup_vanishes(void **state)
{
	struct cgroup *cgroup = start_with_one();

	(void)state;
	fake_forget_changes();
	fake_remove_cgroup(cgroup);
	assert_int_equal(fake_only()->cgroup_count, 0);
	assert_ptr_equal(containers_take_changed(fake.containers), fake_only());
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
}

/* Everywhere in a search and in a sweep. */
static void test_cgroups_vanish_meanwhile(void **state)
{
	size_t left = MANY;

	(void)state;
	add_many();
	fake_start();
	fake_settle();
	add_container(VETH, NETNS);
	fake.tick = 300;
	while (left > 0) {
		containers_step(fake.containers, fake_clock);
		fake_remove_cgroup(many[--left]);
		if (left % 3 == 0 && left > 0) {
			fake_remove_cgroup(many[0]);
			many[0] = many[--left];
		}
	}
	fake.tick = 0;
	fake_run_until(fake.now + 60 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 0);
}

/* Of many processes the oldest and the newest are asked about. */
static void test_many_processes(void **state)
{
	char pids[4096] = "";
	struct cgroup *cgroup = NULL;

	(void)state;
	for (size_t i = 0; i < 400; i++)
		snprintf(pids + strlen(pids), sizeof(pids) - strlen(pids), "%zu\n", 1000 + i);
	for (uint32_t i = 0; i < 400; i++)
		fake_set_process(1000 + i, i == 399 ? NETNS : NETNS_NONE);
	fake_add_veth(VETH, NETNS);
	cgroup = fake_add_cgroup(fake.tree.root, "many", pids);
	fake_start();
	fake_settle();
	assert_int_equal(fake_only()->cgroup_count, 1);
	assert_ptr_equal(fake_only()->cgroups[0], cgroup);
	assert_true(is_asked(1000));
	assert_false(is_asked(1200));
}

/* They need not be the same each time: one that is in a container stays as long as it is among some more. */
static void test_newer_processes(void **state)
{
	struct cgroup *cgroup = start_with_one();

	(void)state;
	for (uint32_t i = 200; i < 220; i++)
		fake_set_process(i, NETNS_NONE);
	fake_fill(cgroup, "200\n201\n202\n203\n204\n205\n100\n206\n207\n208\n209\n210\n211\n");
	fake_run_until(fake.now + 11 * USEC_PER_SEC);
	assert_int_equal(fake_only()->cgroup_count, 1);
}

static void test_in_two_containers(void **state)
{
	struct cgroup *cgroup = fake_add_cgroup(fake.tree.root, "shell", "100\n101\n102\n");
	const struct container *container = NULL;

	(void)state;
	fake_add_veth(VETH, NETNS);
	fake_add_veth(VETH + 1, NETNS + 1);
	fake_set_process(100, NETNS_NONE);
	fake_set_process(101, NETNS);
	fake_set_process(102, NETNS + 1);
	fake_start();
	fake_settle();
	for (int i = 0; i < 2; i++) {
		container = containers_next(fake.containers, container);
		assert_int_equal(container->cgroup_count, 1);
		assert_ptr_equal(container->cgroups[0], cgroup);
	}
	fake_tell_end(NETNS);
	fake_remove_veth(VETH);
	fake_hear();
	assert_int_equal(fake_only()->cgroup_count, 1);
	fake_remove_cgroup(cgroup);
	assert_int_equal(fake_only()->cgroup_count, 0);
}

static void note_hidden(int priority, const char *message, void *data)
{
	size_t *count = data;

	(void)priority;
	*count += strstr(message, "PID namespace") != NULL;
}

/* Of other process namespaces: that is said once. In the first one, the id 0 is that of a process that is just ending.
 */
static void test_hidden_processes(void **state)
{
	static const struct {
		ino_t namespace;
		size_t told;
	} cases[] = {{4711, 1}, {0xeffffffc, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t told = 0;

		assert_int_equal(fake_open(NULL), 0);
		fake.process_namespace = cases[i].namespace;
		log_redirect(note_hidden, &told);
		fake_add_cgroup(fake.tree.root, "one", "0\n0\n");
		fake_add_veth(VETH, NETNS);
		fake_start();
		fake_settle();
		fake_run_until(fake.now + 30 * USEC_PER_SEC);
		assert_int_equal(fake_only()->cgroup_count, 0);
		assert_int_equal(fake.pids_asked_count, 0);
		assert_int_equal(told, cases[i].told);
		log_redirect(NULL, NULL);
		assert_int_equal(fake_close(NULL), 0);
	}
}

/* However much there is to do, a step takes a millisecond; and what takes long is done for a small part of the time. */
static void test_pieces(void **state)
{
	uint64_t begin = 0;
	uint64_t spent = 0;

	(void)state;
	add_many();
	fake_start();
	fake_settle();
	add_container(VETH, NETNS);
	fake_run_until(fake.now + 5 * USEC_PER_SEC);
	fake.tick = 50;
	begin = fake.now;
	while (fake.now < begin + 60 * USEC_PER_SEC) {
		if (containers_deadline(fake.containers) > fake.now)
			fake.now = containers_deadline(fake.containers);
		spent -= fake.now;
		containers_step(fake.containers, fake_clock);
		spent += fake.now;
	}
	assert_true(spent < (fake.now - begin) / 20);
}

static void test_one_step(void **state)
{
	(void)state;
	add_many();
	fake_start();
	fake_settle();
	add_container(VETH, NETNS);
	fake.tick = 50;
	for (int i = 0; i < 100; i++) {
		const uint64_t before = fake.now;

		containers_step(fake.containers, fake_clock);
		assert_true(fake.now - before < 1500);
	}
}

/* What a search has not come to is looked at all the same, in a sweep that begins there. */
static void test_a_search_ends_early(void **state)
{
	static struct cgroup cgroups[10];
	struct occupants occupants;
	struct search search = {0};
	struct model model;

	(void)state;
	model_init(&model, USEC_PER_SEC);
	occupants_init(&occupants, USEC_PER_SEC);
	for (size_t i = 0; i < COUNT(cgroups); i++)
		assert_non_null(occupants_add(&occupants, &cgroups[i], 1000));
	search_extend(&search, &occupants, false, 1000);
	model.wanting = 1;
	assert_ptr_equal(search_take(&search, &occupants, 1000)->member.cgroup, &cgroups[9]);
	search_took(&search, &occupants, &model, 1000);
	assert_ptr_equal(search_take(&search, &occupants, 1000)->member.cgroup, &cgroups[8]);
	model.wanting = 0;
	search_took(&search, &occupants, &model, 1000);
	assert_int_equal(search_due(&search, &model), UINT64_MAX);
	assert_ptr_equal(sweep_take(&search, &occupants, &model, 1000)->member.cgroup, &cgroups[7]);
	occupants_clear(&occupants);
	model_clear(&model);
}

/* A user who makes many cgroups gets no more attention than for so many. */
static void test_too_many_fresh(void **state)
{
	static struct cgroup cgroups[3 * OCCUPANTS_FRESH_MAX];
	struct occupants occupants;

	(void)state;
	occupants_init(&occupants, 10 * USEC_PER_SEC);
	for (size_t i = 0; i < COUNT(cgroups); i++) {
		struct occupant *occupant = occupants_add(&occupants, &cgroups[i], 1000 + i);

		assert_non_null(occupant);
		occupants_restart(&occupants, occupant, 1000 + i);
		assert_true(occupants.looks.fresh <= OCCUPANTS_FRESH_MAX);
	}
	assert_ptr_equal(occupant_of(schedule_first_fresh(&occupants.looks))->member.cgroup,
			 &cgroups[COUNT(cgroups) - OCCUPANTS_FRESH_MAX]);
	occupants_clear(&occupants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_newest_first, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_the_newest_first_at_the_start, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_an_old_cgroup, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_two_searches, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_several_cgroups, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_cgroup_that_is_still_starting, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_cgroup_that_comes_first, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_process_is_moved_in, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_process_enters_later, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_process_leaves, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_all_processes_end, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_what_cant_be_found_out, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_a_cgroup_vanishes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_cgroups_vanish_meanwhile, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_many_processes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_newer_processes, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_in_two_containers, fake_open, fake_close),
		cmocka_unit_test(test_hidden_processes),
		cmocka_unit_test_setup_teardown(test_pieces, fake_open, fake_close),
		cmocka_unit_test_setup_teardown(test_one_step, fake_open, fake_close),
		cmocka_unit_test(test_a_search_ends_early),
		cmocka_unit_test(test_too_many_fresh),
	};

	return cmocka_run_group_tests_name("container_cgroups", tests, NULL, NULL);
}
