/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Rates between two looks, and amounts for people. */

#include "inspect/rates.h"
#include "unit.h"
#include "util/amount.h"

#include <stdio.h>

enum { APPLICATIONS = 2 };

static struct traffic_list list_of(struct connection_traffic *connections, size_t count)
{
	return (struct traffic_list){.count = APPLICATIONS, .connections = connections, .connection_count = count};
}

static void assert_rates(const struct traffic_list *before, const struct traffic_list *now, double seconds,
			 const struct traffic_rate *expected)
{
	struct traffic_rate rates[APPLICATIONS] = {{-1, -1}, {-1, -1}};

	traffic_rates(before, now, seconds, rates);
	for (size_t i = 0; i < APPLICATIONS; i++) {
		assert_true(rates[i].received == expected[i].received);
		assert_true(rates[i].sent == expected[i].sent);
	}
}

static void test_growth_per_second(void **state)
{
	(void)state;
	struct connection_traffic old[] = {{1, 0, 100, 10}, {2, 1, 0, 0}, {5, 0, 7, 7}};
	struct connection_traffic new[] = {{1, 0, 300, 30}, {2, 1, 0, 50}, {5, 0, 7, 9}};
	const struct traffic_list before = list_of(old, 3);
	const struct traffic_list now = list_of(new, 3);

	assert_rates(&before, &now, 2, (const struct traffic_rate[]){{100, 11}, {0, 25}});
}

static void test_closed_and_new_connections(void **state)
{
	(void)state;
	/* much was transferred on a connection that is closed now: the sum shrinks, the rate does not become negative
	 */
	struct connection_traffic old[] = {{1, 0, 1000000, 1000000}, {3, 0, 10, 10}};
	struct connection_traffic new[] = {{2, 1, 40, 4}, {3, 0, 30, 10}, {9, 0, 5, 5}};
	const struct traffic_list before = list_of(old, 2);
	const struct traffic_list now = list_of(new, 3);
	const struct traffic_list none = list_of(NULL, 0);

	assert_rates(&before, &now, 1, (const struct traffic_rate[]){{25, 5}, {40, 4}});
	assert_rates(&before, &none, 1, (const struct traffic_rate[]){{0, 0}, {0, 0}});
	assert_rates(&none, &now, 1, (const struct traffic_rate[]){{35, 15}, {40, 4}});
}

static void test_applications_that_moved(void **state)
{
	(void)state;
	/* the same connection, whose application has another place in the list now */
	struct connection_traffic old[] = {{1, 1, 100, 0}};
	struct connection_traffic new[] = {{1, 0, 160, 0}};
	struct traffic_list before = list_of(old, 1);
	const struct traffic_list now = list_of(new, 1);

	before.count = 200;
	assert_rates(&before, &now, 1, (const struct traffic_rate[]){{60, 0}, {0, 0}});
}

static void test_nothing_to_compare_with(void **state)
{
	(void)state;
	struct connection_traffic old[] = {{1, 0, 100, 100}};
	struct connection_traffic less[] = {{1, 0, 50, 50}};
	const struct traffic_list before = list_of(old, 1);
	const struct traffic_list now = list_of(less, 1);
	const struct traffic_rate zero[APPLICATIONS] = {{0}};

	assert_rates(NULL, &before, 1, zero);
	assert_rates(&before, &now, 0, zero);
	assert_rates(&before, &now, -1, zero);
	/* a number that went down is an error of the kernel's, and no rate */
	assert_rates(&before, &now, 1, zero);
}

static void test_amounts(void **state)
{
	(void)state;
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{0.4, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{999940, "999.9 kB"},
		{999960, "1.0 MB"},
		{12.34e6, "12.3 MB"},
		{5e9, "5.0 GB"},
		{7e12, "7.0 TB"},
		{1.8446744e19, "18.4 EB"},
		{1e30, "1000000000000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[AMOUNT_SIZE];

		amount_write(cases[i].bytes, text);
		if (cases[i].bytes < 1e20)
			assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth_per_second),
		cmocka_unit_test(test_closed_and_new_connections),
		cmocka_unit_test(test_applications_that_moved),
		cmocka_unit_test(test_nothing_to_compare_with),
		cmocka_unit_test(test_amounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
