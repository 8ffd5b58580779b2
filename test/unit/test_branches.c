/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "cmd/branches.h"

#include <stdlib.h>

static const struct style ascii = {false, false};
static const struct style unicode = {false, true};
static const struct style coloured = {true, true};

static void assert_drawn(const struct branch *branches, size_t count, const struct style *style, const char *wanted)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	branches_draw(branches, count, style, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_none(void **state)
{
	(void)state;
	assert_drawn(NULL, 0, &ascii, "");
}

static void test_one(void **state)
{
	static const struct branch branches[] = {{"/system.slice/mihomo.service", "direct", COLOUR_NONE}};

	(void)state;
	assert_drawn(branches, 1, &ascii, "`-system.slice/mihomo.service direct\n");
}

static void test_many(void **state)
{
	static const struct branch branches[] = {
		{"/a", "one", COLOUR_NONE},	     {"/a/b", "two", COLOUR_NONE},
		{"/a/b/c/d", "three", COLOUR_NONE},  {"/a-b/c/d/e", "four", COLOUR_NONE},
		{"/a-b/c/d/f", "five", COLOUR_NONE}, {"/a-b/g", "six", COLOUR_NONE},
		{"/aa", "seven", COLOUR_NONE},
	};

	(void)state;
	assert_drawn(branches, COUNT(branches), &ascii,
		     "|-a one\n"
		     "| `-b two\n"
		     "|   `-c/d three\n"
		     "|-a-b\n"
		     "| |-c/d\n"
		     "| | |-e four\n"
		     "| | `-f five\n"
		     "| `-g six\n"
		     "`-aa seven\n");
	assert_drawn(branches, COUNT(branches), &unicode,
		     "├─a one\n"
		     "│ └─b two\n"
		     "│   └─c/d three\n"
		     "├─a-b\n"
		     "│ ├─c/d\n"
		     "│ │ ├─e four\n"
		     "│ │ └─f five\n"
		     "│ └─g six\n"
		     "└─aa seven\n");
}

static void test_colours(void **state)
{
	static const struct branch branches[] = {{"/a", "mihomo", COLOUR_PROXY}};

	(void)state;
	assert_drawn(branches, 1, &coloured, "\x1b[2m└─\x1b[0ma \x1b[36mmihomo\x1b[0m\n");
}

static void test_hostile_names(void **state)
{
	static const struct branch branches[] = {{"/a\x1b[2J\n/\xc3\xa4\xff", "drop", COLOUR_NONE}};

	(void)state;
	assert_drawn(branches, 1, &unicode, "└─a\\x1b[2J\\x0a/ä\\xff drop\n");
	assert_drawn(branches, 1, &ascii, "`-a\\x1b[2J\\x0a/\\xc3\\xa4\\xff drop\n");
}

/* Every level branches, so none can be merged into its parent's line. */
static void test_depth(void **state)
{
	enum { DEPTH = 255 };
	struct branch branches[DEPTH];
	char paths[DEPTH][2 * DEPTH + 1];
	char *text = NULL;
	size_t size = 0;
	size_t lines = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 0; i < DEPTH; i++) {
		char *end = paths[i];

		for (size_t j = 0; j <= i; j++)
			end = stpcpy(end, "/a");
		branches[i] = (struct branch){paths[i], "x", COLOUR_NONE};
	}
	assert_non_null(out);
	branches_draw(branches, DEPTH, &unicode, out);
	assert_int_equal(fclose(out), 0);
	for (const char *next = text; (next = strchr(next, '\n')) != NULL; next++)
		lines++;
	assert_int_equal(lines, DEPTH);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	cmocka_unit_test(test_one),   cmocka_unit_test(test_many),
		cmocka_unit_test(test_colours), cmocka_unit_test(test_depth), cmocka_unit_test(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
