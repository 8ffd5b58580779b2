/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "engine/departed.h"

#include <stdlib.h>

static int make_list(void **state)
{
	struct departed_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return -1;
	STAILQ_INIT(&list->items);
	*state = list;
	return 0;
}

static int free_list(void **state)
{
	departed_clear(*state);
	free(*state);
	return 0;
}

static void assert_next(struct departed_list *list, uint64_t now, uint64_t cgroup_id)
{
	struct departed *departed = departed_take_expired(list, now);

	assert_non_null(departed);
	assert_int_equal(departed->cgroup_id, cgroup_id);
	free(departed);
}

static void test_empty(void **state)
{
	assert_null(departed_take_expired(*state, UINT64_MAX));
	assert_int_equal(departed_next_expiry(*state), UINT64_MAX);
}

static void test_expiry(void **state)
{
	struct departed_list *list = *state;

	assert_true(departed_add(list, 1, 5, 2, 100));
	assert_true(departed_add(list, 2, 6, 3, 100));
	assert_true(departed_add(list, 3, 7, 4, 200));
	assert_int_equal(list->count, 3);
	assert_int_equal(departed_next_expiry(list), 100);
	assert_null(departed_take_expired(list, 99));
	assert_next(list, 100, 1);
	assert_next(list, 100, 2);
	assert_null(departed_take_expired(list, 199));
	assert_int_equal(departed_next_expiry(list), 200);
	assert_next(list, UINT64_MAX, 3);
	assert_int_equal(list->count, 0);
	assert_int_equal(departed_next_expiry(list), UINT64_MAX);
}

static void test_members(void **state)
{
	struct departed *departed = NULL;

	assert_true(departed_add(*state, UINT64_MAX, 255, 7, 0));
	departed = departed_take_expired(*state, 0);
	assert_non_null(departed);
	assert_int_equal(departed->cgroup_id, UINT64_MAX);
	assert_int_equal(departed->level, 255);
	assert_int_equal(departed->target, 7);
	free(departed);
}

/* The oldest gives way although its time is not over. */
static void test_bound(void **state)
{
	struct departed_list *list = *state;

	for (uint64_t id = 1; id <= DEPARTED_MAX + 2; id++)
		assert_true(departed_add(list, id, 1, 1, 100));
	assert_next(list, 0, 1);
	assert_next(list, 0, 2);
	assert_null(departed_take_expired(list, 0));
	assert_int_equal(list->count, DEPARTED_MAX);
	assert_next(list, 100, 3);
}

static void test_clear(void **state)
{
	struct departed_list *list = *state;

	assert_true(departed_add(list, 1, 1, 1, 1));
	departed_clear(list);
	assert_int_equal(list->count, 0);
	assert_null(departed_take_expired(list, UINT64_MAX));
	assert_true(departed_add(list, 2, 1, 1, 1));
	assert_next(list, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_expiry, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_members, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_bound, make_list, free_list),
		cmocka_unit_test_setup_teardown(test_clear, make_list, free_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
