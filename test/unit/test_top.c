/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What "cgtproxy top" lists, in which order, and where it is on the screen. */

#include "top/layout.h"
#include "top/rows.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(text) ((char[]){text})

enum { APPLICATIONS = 5 };

/* In the order of their names. */
static struct application applications[APPLICATIONS] = {
	{.kind = APPLICATION_APP,
	 .id = TEXT("org.mozilla.firefox"),
	 .name = TEXT("Firefox"),
	 .uid = 1000,
	 .user = TEXT("alice")},
	{.kind = APPLICATION_APP,
	 .id = TEXT("org.mozilla.firefox"),
	 .name = TEXT("Firefox"),
	 .uid = 1001,
	 .user = TEXT("bob")},
	{.kind = APPLICATION_UNIT, .id = TEXT("mihomo.service"), .name = TEXT("mihomo"), .uid = NO_UID},
	{.kind = APPLICATION_APP,
	 .id = TEXT("org.telegram.desktop"),
	 .name = TEXT("Télégramme"),
	 .uid = 1000,
	 .user = TEXT("alice")},
	{.kind = APPLICATION_APP, .id = TEXT("feishu"), .name = TEXT("飞书"), .uid = 1000, .user = TEXT("alice")},
};
static const struct applications list = {.items = applications, .count = APPLICATIONS};

static struct traffic_route to_proxy[] = {{.target = "proxy-1"}};
static struct traffic_route to_nowhere[] = {{.target = "drop"}, {.target = "refuse"}};
static struct application_traffic traffic_items[APPLICATIONS] = {
	{.routes = to_proxy, .route_count = 1, .sockets = 1},
	{.routes = to_nowhere, .route_count = 2, .sockets = 1},
	{.sockets = 3},
	{.routes = to_proxy, .route_count = 1, .sockets = 0},
	{.routes = to_nowhere, .route_count = 1, .sockets = 2},
};
static const struct traffic_list traffic = {.items = traffic_items, .count = APPLICATIONS};
static const struct traffic_rate rates[APPLICATIONS] = {{10, 1}, {20, 2}, {0, 5}, {30, 3}, {20, 0}};

/* The digits are indexes of the applications. */
static void assert_rows(const struct row_choice *choice, const char *expected)
{
	struct rows rows = {0};
	char found[APPLICATIONS + 1] = "";

	assert_int_equal(rows_make(&list, &traffic, rates, choice, &rows), 0);
	for (size_t i = 0; i < rows.count; i++)
		found[i] = (char)('0' + (rows.items[i].application - applications));
	assert_string_equal(found, expected);
	free(rows.items);
}

static void test_orders(void **state)
{
	(void)state;
	static const struct {
		enum row_order order;
		const char *rows;
		const char *reversed; /* what is equal stays in the order of names */
	} cases[] = {
		{ROW_ORDER_NAME, "01234", "43210"},
		{ROW_ORDER_DOWN, "31402", "20143"},
		{ROW_ORDER_UP, "23104", "40132"},
		{ROW_ORDER_TARGET, "21403", "03142"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_rows(&(struct row_choice){.filter = "", .all = true, .order = cases[i].order}, cases[i].rows);
		assert_rows(&(struct row_choice){"", true, cases[i].order, true}, cases[i].reversed);
	}
}

static void test_filters(void **state)
{
	(void)state;
	static const struct {
		const char *filter;
		const char *rows;
	} cases[] = {
		{"", "01234"},
		{"fire", "01"},
		{"FIREFOX", "01"},
		{"bob", "1"},
		{"telegram", "3"},
		{"TÉLÉ", "3"},
		{"te\u0301le\u0301", "3"},
		{"书", "4"},
		{"refuse", "1"},
		{"proxy-1", "03"},
		{".service", "2"},
		{"no such", ""},
		{"\xff", ""},
		{"alice", "034"},
		{"drop", "14"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_rows(&(struct row_choice){.filter = cases[i].filter, .all = true}, cases[i].rows);
	assert_rows(&(struct row_choice){.filter = ""}, "0124");
	assert_rows(&(struct row_choice){.filter = "telegram"}, "");
}

static void test_a_row_is_found_again(void **state)
{
	(void)state;
	struct rows rows = {0};
	const struct row_choice choice = {.filter = "", .order = ROW_ORDER_DOWN};

	assert_int_equal(rows_make(&list, &traffic, rates, &choice, &rows), 0);
	assert_int_equal(rows_find(&rows, APPLICATION_APP, 1001, "org.mozilla.firefox"), 0);
	assert_int_equal(rows_find(&rows, APPLICATION_APP, 1000, "org.mozilla.firefox"), 2);
	assert_int_equal(rows_find(&rows, APPLICATION_USER_UNIT, 1000, "org.mozilla.firefox"), rows.count);
	assert_int_equal(rows_find(&rows, APPLICATION_APP, 1000, "org.telegram.desktop"), rows.count);
	free(rows.items);
}

static void test_columns(void **state)
{
	(void)state;
	/* name, user, target, rule, sockets, down, up */
	static const size_t wanted[TOP_COLUMNS] = {30, 5, 6, 4, 7, 8, 8};
	static const struct {
		size_t width;
		size_t widths[TOP_COLUMNS];
	} cases[] = {
		{100, {48, 5, 6, 4, 7, 8, 8}},
		{62, {10, 5, 6, 4, 7, 8, 8}},
		{61, {15, 5, 6, 0, 7, 8, 8}},
		{55, {18, 5, 6, 0, 0, 8, 8}},
		{46, {16, 0, 6, 0, 0, 8, 8}},
		{40, {10, 0, 6, 0, 0, 8, 8}},
		{39, {19, 0, 6, 0, 0, 8, 0}},
		{29, {19, 0, 6, 0, 0, 0, 0}},
		{19, {17, 0, 0, 0, 0, 0, 0}},
		{5, {3, 0, 0, 0, 0, 0, 0}},
		{2, {0}},
		{0, {0}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct top_place places[TOP_COLUMNS];
		size_t end = 0;

		layout_columns(cases[i].width, wanted, places);
		for (size_t j = 0; j < TOP_COLUMNS; j++) {
			assert_int_equal(places[j].width, cases[i].widths[j]);
			if (places[j].width == 0)
				continue;
			assert_true(places[j].left >= end + (j > 0 ? 2 : 0));
			end = places[j].left + places[j].width;
			assert_true(end <= cases[i].width);
		}
	}
}

static void test_columns_of_short_names(void **state)
{
	(void)state;
	static const size_t wanted[TOP_COLUMNS] = {4, 0, 6, 4, 7, 8, 8};
	struct top_place places[TOP_COLUMNS];

	layout_columns(49, wanted, places);
	assert_int_equal(places[TOP_NAME].width, 4);
	assert_int_equal(places[TOP_RULE].width, 4);
	assert_int_equal(places[TOP_USER].width, 0);
}

static void test_lines(void **state)
{
	(void)state;
	/* of the screen, the notice and the bottom; title, notice, headings, list, bottom */
	static const struct {
		size_t height, notice, bottom;
		size_t lines[5];
	} cases[] = {
		{24, 0, 1, {1, 0, 1, 21, 1}}, {24, 2, 3, {1, 2, 1, 17, 3}},
		{6, 1, 1, {1, 1, 1, 2, 1}},   {5, 0, 1, {1, 0, 1, 2, 1}},
		{5, 3, 1, {0, 1, 1, 2, 1}},   {4, 1, 1, {0, 1, 0, 2, 1}},
		{3, 1, 1, {0, 0, 0, 2, 1}},   {2, 1, 1, {0, 0, 0, 1, 1}},
		{1, 1, 1, {0, 0, 0, 1, 0}},   {0, 1, 1, {0}},
		{6, 0, 9, {0, 0, 1, 2, 3}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct top_lines lines = layout_lines(cases[i].height, cases[i].notice, cases[i].bottom);
		const size_t found[] = {lines.title, lines.notice, lines.headings, lines.list, lines.bottom};

		for (size_t j = 0; j < 5; j++)
			assert_int_equal(found[j], cases[i].lines[j]);
	}
}

static void test_wrapping(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t width;
		size_t expected;
	} cases[] = {
		{"", 5, 0},
		{"abc", 5, 3},
		{"abc def", 5, 3},
		{"abc def", 3, 3},
		{"abcdef", 4, 4},
		{"abc def", 7, 7},
		{"abc d ef", 6, 5},
		{"飞书 飞书", 6, 6},
		{"飞书飞书", 5, 6},
		{"abc", 0, 0},
		/* no line begins with a full stop, or breaks within a command */
		{"飞书 飞书飞书", 10, 13},
		{"飞书飞书。飞书", 9, 9},
		{"飞书：sudo ip", 9, 9},
		{"飞书：sudo ip", 6, 9},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(layout_wrap(cases[i].text, cases[i].width), cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_a_row_is_found_again),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_columns_of_short_names),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
