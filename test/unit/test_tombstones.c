/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "engine/tombstones.h"

#include <stdlib.h>

static int make_list(void **state)
{
	struct tombstones *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return -1;
	tombstones_init(list);
	*state = list;
	return 0;
}

static int free_list(void **state)
{
	tombstones_clear(*state);
	free(*state);
	return 0;
}

static void add(struct tombstones *list, uint64_t id, uint64_t parent, uint64_t expires)
{
	const struct tombstone tombstone = {
		.cgroup_id = id, .parent_id = parent, .expires = expires, .level = 3, .target = 2, .has_element = true};

	assert_true(tombstones_add(list, &tombstone));
}

static int count_taken(const struct tombstone *tombstone, void *userdata)
{
	int *taken = userdata;

	assert_true(tombstone->has_element);
	(*taken)++;
	return 0;
}

/* A census that finds sockets of one cgroup, or of none when it is 0. Returns how many departed are over. */
static int census(struct tombstones *list, uint64_t now, uint64_t with_socket)
{
	int taken = 0;

	tombstones_census_begin(list, now);
	if (with_socket != 0)
		tombstones_census_see(list, with_socket);
	assert_int_equal(tombstones_census_end(list, now, count_taken, &taken), 0);
	return taken;
}

static void test_empty(void **state)
{
	assert_null(tombstones_find(*state, 1));
	assert_int_equal(tombstones_due(*state), UINT64_MAX);
	assert_int_equal(census(*state, 100, 1), 0);
}

static void test_two_censuses_that_miss(void **state)
{
	struct tombstones *list = *state;

	add(list, 10, 1, 100);
	add(list, 11, 1, 200);
	assert_int_equal(tombstones_due(list), 100);
	assert_int_equal(census(list, 99, 0), 0);
	assert_int_equal(census(list, 100, 0), 0);
	assert_non_null(tombstones_find(list, 10));
	assert_int_equal(census(list, 101, 0), 1);
	assert_null(tombstones_find(list, 10));
	assert_int_equal(tombstones_due(list), 200);
	/* one that finds it in between begins the count anew, and puts it off */
	assert_int_equal(census(list, 200, 0), 0);
	assert_int_equal(census(list, 201, 11), 0);
	assert_int_equal(tombstones_due(list), 201 + TOMBSTONE_GRACE);
	assert_int_equal(census(list, 201 + TOMBSTONE_GRACE, 0), 0);
	assert_int_equal(census(list, 202 + TOMBSTONE_GRACE, 0), 1);
	assert_int_equal(list->count, 0);
	assert_int_equal(list->used_count, 0);
}

/* A socket of the lowest keeps all above it, and nobody beside it. */
static void test_ancestors(void **state)
{
	struct tombstones *list = *state;

	add(list, 12, 11, 100);
	add(list, 11, 10, 100);
	add(list, 13, 10, 100);
	add(list, 10, 1, 100);
	assert_int_equal(census(list, 100, 12), 0);
	assert_int_equal(census(list, 101, 12), 1);
	assert_null(tombstones_find(list, 13));
	assert_int_equal(list->used_count, 3);
}

/* What departed while the sockets were read may have had some where was looked already. */
static void test_later_than_the_census(void **state)
{
	struct tombstones *list = *state;
	int taken = 0;

	for (uint64_t id = 1; id <= TOMBSTONE_MAX + 1; id++)
		add(list, id + 1, 1, 1000 + TOMBSTONE_GRACE);
	for (int i = 0; i < 3; i++) {
		tombstones_census_begin(list, 999);
		assert_int_equal(tombstones_census_end(list, 2000, count_taken, &taken), 0);
	}
	assert_int_equal(taken, 0);
	assert_int_equal(tombstones_due(list), 0);
	assert_int_equal(census(list, 2000, 0), 0);
	assert_int_equal(census(list, 2001, 0), 1);
	assert_null(tombstones_find(list, 2));
	assert_int_equal(tombstones_due(list), 1000 + TOMBSTONE_GRACE);
}

/* Whose parent is not known may be above any socket of a cgroup that is not known either. */
static void test_strangers(void **state)
{
	struct tombstones *list = *state;
	int taken = 0;

	add(list, 10, 0, 100);
	add(list, 11, 1, 100);
	for (int i = 0; i < 3; i++) {
		tombstones_census_begin(list, 100);
		assert_false(tombstones_census_see(list, 99));
		tombstones_census_see_stranger(list);
		assert_int_equal(tombstones_census_end(list, 100, count_taken, &taken), 0);
	}
	assert_int_equal(taken, 1);
	assert_non_null(tombstones_find(list, 10));
	assert_int_equal(census(list, 100 + TOMBSTONE_GRACE, 0), 0);
	assert_int_equal(census(list, 100 + TOMBSTONE_GRACE, 0), 1);
	assert_int_equal(list->unknown_count, 0);
}

static void test_copy(void **state)
{
	struct tombstones *list = *state;
	struct tombstones copy;

	add(list, 10, 1, 100);
	add(list, 11, 0, 100);
	census(list, 100, 10);
	tombstones_init(&copy);
	assert_true(tombstones_copy(&copy, list));
	assert_int_equal(copy.count, 2);
	assert_int_equal(copy.used_count, 1);
	assert_int_equal(copy.unknown_count, 1);
	assert_int_equal(tombstones_find(&copy, 10)->expires, 100 + TOMBSTONE_GRACE);
	assert_int_equal(tombstones_due(&copy), 100);
	tombstones_clear(&copy);
	assert_int_equal(list->count, 2);
}

static int refuse(const struct tombstone *tombstone, void *userdata)
{
	(void)tombstone;
	(void)userdata;
	return -1;
}

static void test_what_can_not_be_taken_stays(void **state)
{
	struct tombstones *list = *state;

	add(list, 10, 1, 100);
	census(list, 100, 0);
	tombstones_census_begin(list, 100);
	assert_int_equal(tombstones_census_end(list, 100, refuse, NULL), -1);
	assert_non_null(tombstones_find(list, 10));
	assert_int_equal(census(list, 100, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_two_censuses_that_miss, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_ancestors, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_later_than_the_census, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_strangers, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_copy, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_what_can_not_be_taken_stays, make_list, free_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
