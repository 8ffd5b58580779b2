/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The combined meaning of the kernel's cgroup map and sets. */

#include "unit.h"

#include "engine/names.h"
#include "engine/steering.h"

#include <stdio.h>
#include <stdlib.h>

static const struct verdict go_on = {.kind = VERDICT_CONTINUE};
static const struct verdict direct = {.kind = VERDICT_RETURN};

static void add_chain(struct dump *dump, const char *name)
{
	dump->chains = realloc(dump->chains, (dump->chain_count + 1) * sizeof(*dump->chains));
	assert_non_null(dump->chains);
	dump->chains[dump->chain_count] = (struct dump_chain){.has_hook = false};
	snprintf(dump->chains[dump->chain_count++].name, NFT_NAME_SIZE, "%s", name);
}

/* Adds a set with these cgroups, up to the id 0. */
static struct set *add_set(struct dump *dump, const char *name, enum set_type type, const uint64_t *ids,
			   const struct verdict *verdict)
{
	struct set *set = NULL;

	dump->sets = realloc(dump->sets, (dump->set_count + 1) * sizeof(*dump->sets));
	assert_non_null(dump->sets);
	set = &dump->sets[dump->set_count++];
	*set = (struct set){.type = type == SET_UNKNOWN ? SET_CGROUPS : type};
	snprintf(set->name, sizeof(set->name), "%s", name);
	for (; *ids != 0; ids++)
		assert_int_equal(set_add(set, ids, 0, verdict), 0);
	set_sort(set);
	set->type = type;
	add_chain(dump, name);
	return set;
}

static struct elements read_elements(struct dump *dump)
{
	struct elements elements;

	assert_int_equal(steering_read_elements(dump, &elements), 0);
	return elements;
}

static void assert_goes_to(const struct elements *elements, uint64_t id, const char *chain)
{
	const struct verdict *verdict = elements_find(elements, id);

	assert_non_null(verdict);
	assert_int_equal(verdict->kind, VERDICT_GOTO);
	assert_string_equal(verdict->chain, chain);
}

static void clear(struct dump *dump, struct elements *elements)
{
	elements_clear(elements);
	dump_clear(dump);
}

static void test_targets(void **state)
{
	struct dump dump = {0};
	struct elements elements;
	struct set *map = NULL;

	(void)state;
	add_set(&dump, "proxy-a", SET_CGROUPS, (const uint64_t[]){5, UINT64_MAX, 0}, NULL);
	add_set(&dump, "DROP-CHAIN", SET_CGROUPS, (const uint64_t[]){7, 0}, NULL);
	map = add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){UINT64_MAX, 5, 7, 0}, &go_on);
	assert_int_equal(set_add(map, &(const uint64_t){6}, 0, &direct), 0);
	set_sort(map);
	elements = read_elements(&dump);
	assert_int_equal(elements.count, 4);
	for (size_t i = 1; i < elements.count; i++)
		assert_true(elements.items[i - 1].cgroup_id < elements.items[i].cgroup_id);
	assert_goes_to(&elements, 5, "proxy-a");
	assert_goes_to(&elements, UINT64_MAX, "proxy-a");
	assert_goes_to(&elements, 7, "DROP-CHAIN");
	assert_int_equal(elements_find(&elements, 6)->kind, VERDICT_RETURN);
	assert_null(elements_find(&elements, 8));
	clear(&dump, &elements);
}

/* What is in a target's set and not in the map is no element: packets never get to ask the set. */
static void test_a_cgroup_of_no_target_is_dropped(void **state)
{
	struct dump dump = {0};
	struct elements elements;

	(void)state;
	add_set(&dump, "proxy-a", SET_CGROUPS, (const uint64_t[]){4, 0}, NULL);
	add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){5, 0}, &go_on);
	elements = read_elements(&dump);
	assert_int_equal(elements.count, 1);
	assert_int_equal(elements_find(&elements, 5)->kind, VERDICT_DROP);
	assert_null(elements_find(&elements, 4));
	clear(&dump, &elements);
}

/* Our own transactions leave no such thing; it must be one of them, whichever. */
static void test_a_cgroup_of_two_targets(void **state)
{
	struct dump dump = {0};
	struct elements elements;

	(void)state;
	add_set(&dump, "proxy-a", SET_CGROUPS, (const uint64_t[]){5, 0}, NULL);
	add_set(&dump, "proxy-b", SET_CGROUPS, (const uint64_t[]){5, 6, 0}, NULL);
	add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){5, 6, 0}, &go_on);
	elements = read_elements(&dump);
	assert_int_equal(elements.count, 2);
	assert_goes_to(&elements, 5, "proxy-a");
	assert_goes_to(&elements, 6, "proxy-b");
	clear(&dump, &elements);
}

/* A verdict that is no target's set to tell stays, whatever sets say. */
static void test_the_map_comes_first(void **state)
{
	static const struct verdict away = {.kind = VERDICT_GOTO, .chain = "proxy-old"};
	struct dump dump = {0};
	struct elements elements;

	(void)state;
	add_set(&dump, "proxy-a", SET_CGROUPS, (const uint64_t[]){5, 0}, NULL);
	add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){5, 0}, &away);
	elements = read_elements(&dump);
	assert_goes_to(&elements, 5, "proxy-old");
	clear(&dump, &elements);
}

/* A set that no chain belongs to is somebody else's; a base chain is no target. */
static void test_a_set_without_a_chain(void **state)
{
	(void)state;
	for (int has_hook = 0; has_hook < 2; has_hook++) {
		struct dump dump = {0};
		struct elements elements;

		add_set(&dump, "mine", SET_CGROUPS, (const uint64_t[]){5, 0}, NULL);
		add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){5, 0}, &go_on);
		if (has_hook)
			dump.chains[0].has_hook = true;
		else
			dump.chains[0].name[0] = 'x';
		elements = read_elements(&dump);
		assert_int_equal(elements_find(&elements, 5)->kind, VERDICT_DROP);
		clear(&dump, &elements);
	}
}

/* Sets of another type hold no cgroups, whatever their names are. */
static void test_sets_of_other_types(void **state)
{
	static const enum set_type types[] = {SET_UNKNOWN, SET_CGROUP_VERDICTS, SET_IPV6_INTERVALS};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct dump dump = {0};
		struct elements elements;

		add_set(&dump, "proxy-a", SET_CGROUPS, (const uint64_t[]){5, 0}, &direct)->type = types[i];
		add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, (const uint64_t[]){5, 0}, &go_on);
		elements = read_elements(&dump);
		assert_int_equal(elements_find(&elements, 5)->kind, VERDICT_DROP);
		clear(&dump, &elements);
	}
}

/* No map, an empty one, and one that is none of ours. */
static void test_no_map(void **state)
{
	static const uint64_t none = 0;
	static const uint64_t some[] = {5, 0};
	struct dump dump = {0};
	struct elements elements = read_elements(&dump);

	(void)state;
	assert_int_equal(elements.count, 0);
	assert_null(elements_find(&elements, 5));
	add_set(&dump, MAP_CGROUP, SET_CGROUP_VERDICTS, &none, NULL);
	elements = read_elements(&dump);
	assert_int_equal(elements.count, 0);
	clear(&dump, &elements);
	add_set(&dump, MAP_CGROUP, SET_CGROUPS, some, NULL);
	elements = read_elements(&dump);
	assert_int_equal(elements.count, 0);
	clear(&dump, &elements);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_a_cgroup_of_no_target_is_dropped),
		cmocka_unit_test(test_a_cgroup_of_two_targets),
		cmocka_unit_test(test_a_set_without_a_chain),
		cmocka_unit_test(test_the_map_comes_first),
		cmocka_unit_test(test_sets_of_other_types),
		cmocka_unit_test(test_no_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
