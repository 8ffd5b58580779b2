/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Tables, aligned by the display width: a Chinese character is two columns wide and three bytes long. */

#include "cmd/columns.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct column headings[] = {
	{.heading = "\u540d\u79f0", .may_shrink = true},
	{.heading = "\u5305", .is_number = true},
	{.heading = "NOTE"},
};

static void add(struct columns *columns, const char *name, const char *number, const char *note)
{
	struct cell *cells = columns_add(columns);

	assert_non_null(cells);
	cells[0].text = strdup(name);
	cells[1].text = strdup(number);
	cells[2].text = note != NULL ? strdup(note) : NULL;
}

static void assert_printed(size_t width, bool has_headings, const char *expected)
{
	const struct style style = {.has_unicode = true};
	struct columns columns = {.columns = headings, .count = 3};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	add(&columns, "direct", "1", NULL);
	add(&columns, "\u98de\u4e66\u98de\u4e66\u98de\u4e66", "12345", "\u5b8c");
	columns_print(&columns, &style, width, has_headings, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	columns_clear(&columns);
	free(text);
}

static void test_wide_characters_are_aligned(void **state)
{
	(void)state;
	assert_printed(0, true,
		       "\u540d\u79f0             \u5305  NOTE\n"
		       "direct            1\n"
		       "\u98de\u4e66\u98de\u4e66\u98de\u4e66  12345  \u5b8c\n");
	assert_printed(0, false,
		       "direct            1\n"
		       "\u98de\u4e66\u98de\u4e66\u98de\u4e66  12345  \u5b8c\n");
}

static void test_wide_characters_are_cut(void **state)
{
	(void)state;
	assert_printed(22, true,
		       "\u540d\u79f0          \u5305  NOTE\n"
		       "direct         1\n"
		       "\u98de\u4e66\u98de\u4e66\u2026  12345  \u5b8c\n");
}

static void test_padding(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t width, spaces;
	} cases[] = {{"", 0, 0},   {"", 3, 3}, {"ab", 5, 3}, {"\u98de\u4e66", 5, 1}, {"\u98de\u4e66", 3, 0},
		     {"abc", 3, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		assert_non_null(out);
		text_pad(cases[i].text, cases[i].width, out);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(size, cases[i].spaces);
		assert_int_equal(strspn(text, " "), size);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide_characters_are_aligned),
		cmocka_unit_test(test_wide_characters_are_cut),
		cmocka_unit_test(test_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
