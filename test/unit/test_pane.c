/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Scrolling, and a text that is larger than the terminal. */

#include "cmd/pane.h"
#include "cmd/scroll.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define LINES_5 "one\ntwo\nthree\nfour\nfive\n"

static void test_motions(void **state)
{
	(void)state;
	static const struct {
		size_t position, count, page;
		size_t expected[6]; /* up, down, page up, page down, home, end */
	} cases[] = {
		{0, 0, 3, {0, 0, 0, 0, 0, 0}},	{0, 1, 3, {0, 0, 0, 0, 0, 0}},	   {0, 10, 3, {0, 1, 0, 3, 0, 9}},
		{5, 10, 3, {4, 6, 2, 8, 0, 9}}, {9, 10, 3, {8, 9, 6, 9, 0, 9}},	   {8, 10, 3, {7, 9, 5, 9, 0, 9}},
		{2, 10, 3, {1, 3, 0, 5, 0, 9}}, {20, 10, 3, {19, 9, 17, 9, 0, 9}}, {5, 10, 0, {4, 6, 5, 5, 0, 9}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int motion = MOTION_UP; motion <= MOTION_END; motion++)
			assert_int_equal(
				scroll_move(cases[i].position, (enum motion)motion, cases[i].count, cases[i].page),
				cases[i].expected[motion == MOTION_HOME	 ? 4
						  : motion == MOTION_END ? 5
									 : motion]);
	}
}

static void test_what_is_chosen_is_seen(void **state)
{
	(void)state;
	static const struct {
		size_t first, selected, count, height, expected;
	} cases[] = {
		{0, 0, 0, 5, 0},  {0, 4, 5, 5, 0},  {3, 2, 5, 5, 0},  {0, 5, 10, 5, 1}, {0, 9, 10, 5, 5},
		{5, 4, 10, 5, 4}, {3, 5, 10, 5, 3}, {9, 9, 10, 5, 5}, {0, 9, 10, 1, 9}, {4, 4, 10, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(scroll_fit(cases[i].first, cases[i].selected, cases[i].count, cases[i].height),
				 cases[i].expected);
}

/* Returns what is drawn, without the sequences that clear. */
static char *drawn(struct pane *pane, const char *text, bool has_unicode)
{
	const struct style style = {.has_unicode = has_unicode};
	char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);

	assert_non_null(out);
	pane_draw(pane, text, &style, out);
	assert_int_equal(fclose(out), 0);
	for (const char *const *clear = (const char *const[]){"\r\n\x1b[J", "\x1b[J", "\x1b[H", "\x1b[K", "\r", NULL};
	     *clear != NULL; clear++) {
		const size_t length = strlen(*clear);

		for (char *found = strstr(result, *clear); found != NULL; found = strstr(found, *clear))
			memmove(found, found + length, strlen(found + length) + 1);
	}
	return result;
}

static void assert_drawn(struct pane pane, const char *text, bool has_unicode, const char *expected)
{
	char *result = drawn(&pane, text, has_unicode);

	assert_string_equal(result, expected);
	free(result);
}

static void test_wide_lines_are_cut(void **state)
{
	(void)state;
	const struct pane pane = {.rows = 2, .columns = 6};

	assert_drawn(pane, "abcdef\n", true, "abcdef");
	assert_drawn(pane, "abcdefg\n", true, "abcde\u2026");
	assert_drawn(pane, "abcdefg\n", false, "abc...");
	/* sequences have no width, and stay whole */
	assert_drawn(pane, "\x1b[32mabcdef\x1b[0m\n", true, "\x1b[32mabcdef\x1b[0m");
	assert_drawn(pane, "ab\x1b[32mcdefg\x1b[0m\n", true, "ab\x1b[32mcde\u2026");
	assert_drawn(pane, "飞书飞\n", true, "飞书飞");
	assert_drawn(pane, "飞书飞书\n", true, "飞书\u2026");
	assert_drawn((struct pane){.rows = 2, .columns = 5}, "飞书飞书\n", true, "飞书\u2026");
	assert_drawn((struct pane){.rows = 2, .columns = 1}, "abc\n", true, "\u2026");
	/* a sequence without an end, and half a character */
	assert_drawn(pane, "ab\x1b[32", true, "ab\x1b[32");
	assert_drawn(pane, "ab\xe9\xa3", true, "ab\xe9\xa3");
}

static void test_a_cut_line_does_not_leave_its_colour(void **state)
{
	(void)state;
	const struct style style = {.has_unicode = true, .has_colours = true};
	struct pane pane = {.rows = 1, .columns = 3};
	char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);

	pane_draw(&pane, "\x1b[32mabcdef\x1b[0m\n", &style, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(result, "ab\u2026\x1b[0m"));
	free(result);
}

static void test_what_was_there_is_cleared_and_nothing_else(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"", "\x1b[H\x1b[J"},
		{"abc\n", "\x1b[H\x1b[Kabc\r\n\x1b[J"},
		/* the cursor is on the last character then */
		{"abc\ndef\n", "\x1b[H\x1b[Kabc\r\n\x1b[Kdef"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct style style = {.has_unicode = true};
		struct pane pane = {.rows = 2, .columns = 3};
		char *result = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&result, &size);

		pane_draw(&pane, cases[i].text, &style, out);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(result, cases[i].expected);
		free(result);
	}
}

static void test_many_lines(void **state)
{
	(void)state;
	const struct pane pane = {.rows = 3, .columns = 80};

	assert_drawn((struct pane){.rows = 5, .columns = 80}, LINES_5, true, "one\ntwo\nthree\nfour\nfive");
	assert_drawn(pane, LINES_5, true, "one\ntwo\nlines 1-2 of 5; arrow keys scroll, q quits");
	assert_drawn((struct pane){.first = 3, .rows = 3, .columns = 80}, LINES_5, true,
		     "four\nfive\nlines 4-5 of 5; arrow keys scroll, q quits");
	/* the text has become shorter */
	assert_drawn((struct pane){.first = 30, .rows = 3, .columns = 80}, LINES_5, true,
		     "four\nfive\nlines 4-5 of 5; arrow keys scroll, q quits");
	assert_drawn((struct pane){.first = 3, .rows = 1, .columns = 80}, LINES_5, true, "four");
	assert_drawn(pane, "", true, "");
	assert_drawn(pane, "\n\n", true, "\n");
}

static size_t pressed(size_t first, const char *keys)
{
	struct pane pane = {.first = first, .rows = 3, .columns = 80};

	assert_true(pane_press(&pane, LINES_5, keys, strlen(keys)));
	return pane.first;
}

static void test_keys(void **state)
{
	(void)state;
	struct pane pane = {.rows = 3, .columns = 80};

	assert_int_equal(pressed(0, "j"), 1);
	assert_int_equal(pressed(0, "\x1b[B\x1bOB"), 2);
	assert_int_equal(pressed(3, "\x1b[A\x1bOAk"), 0);
	assert_int_equal(pressed(0, "\x1b[6~"), 2);
	assert_int_equal(pressed(0, "   "), 3);
	assert_int_equal(pressed(3, "\x1b[5~"), 1);
	assert_int_equal(pressed(3, "b"), 1);
	assert_int_equal(pressed(3, "\x1b[H"), 0);
	assert_int_equal(pressed(0, "\x1b[F"), 3);
	assert_int_equal(pressed(0, "Gg\x1b[4~"), 3);
	/* keys without a meaning, whose bytes have one: F5, Alt-x, a modified arrow, an end in the middle */
	assert_int_equal(pressed(1, "\x1b[15~"), 1);
	assert_int_equal(pressed(1, "\x1b[1;5j"), 1);
	assert_int_equal(pressed(1, "xyz\x1b[1;"), 1);
	assert_int_equal(pressed(1, "\x1b"), 1);
	assert_false(pane_press(&pane, LINES_5, "jjq", 3));
}

static void test_nothing_scrolls_where_all_fits(void **state)
{
	(void)state;
	struct pane pane = {.rows = 5, .columns = 80};

	assert_true(pane_press(&pane, LINES_5, "jG ", 3));
	assert_int_equal(pane.first, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_motions),
		cmocka_unit_test(test_what_is_chosen_is_seen),
		cmocka_unit_test(test_wide_lines_are_cut),
		cmocka_unit_test(test_a_cut_line_does_not_leave_its_colour),
		cmocka_unit_test(test_what_was_there_is_cleared_and_nothing_else),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_nothing_scrolls_where_all_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
