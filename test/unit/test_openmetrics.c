/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The metrics of states that end-to-end tests can't make: names with any bytes, and more problems than are listed. */

#include "unit.h"

#include "cmd/status.h"

#include <stdio.h>
#include <string.h>

/* Returns the output, for free(). */
static char *written(const struct status *status)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	status_write_openmetrics(status, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("there is no %s in:\n%s", line, text);
}

/* The format has three escapes: of the backslash, the quote and the newline. */
static void test_label_values(void **state)
{
	static const char *const names[][2] = {
		{"a\"b", "{target=\"a\\\"b\"} 7\n"},	    {"a\\b", "{target=\"a\\\\b\"} 7\n"},
		{"a\nb", "{target=\"a\\\\x0ab\"} 7\n"},	    {"a\\nb", "{target=\"a\\\\nb\"} 7\n"},
		{"\xc3\xa9", "{target=\"\xc3\xa9\"} 7\n"},  {"\xff}", "{target=\"\\\\xff}\"} 7\n"},
		{"\x1b[2J", "{target=\"\\\\x1b[2J\"} 7\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct status_target target = {.is_counted = true, .packets = 7};
		struct status status = {.targets = &target, .target_count = 1};
		char *text = NULL;

		snprintf(target.name, sizeof(target.name), "%s", names[i][0]);
		text = written(&status);
		assert_has(text, names[i][1]);
		free(text);
	}
}

static void test_large_counters(void **state)
{
	struct status_target target = {.name = "p", .is_counted = true, .packets = UINT64_MAX};
	struct status status = {.targets = &target, .target_count = 1};
	char *text = written(&status);

	(void)state;
	assert_has(text, "\ncgtproxy_target_packets_total{target=\"p\"} 18446744073709551615\n");
	free(text);
}

/* What is not known has no sample, rather than one that is 0. */
static void test_what_is_not_known(void **state)
{
	struct status_target target = {.name = "p", .is_proxy = true};
	struct status status = {.targets = &target, .target_count = 1};
	char *text = written(&status);

	(void)state;
	assert_null(strstr(text, "cgtproxy_target_packets_total{"));
	assert_null(strstr(text, "cgtproxy_target_listening{"));
	assert_null(strstr(text, "cgtproxy_fence_packets"));
	assert_null(strstr(text, "cgtproxy_start_time"));
	assert_has(text, "\ncgtproxy_target_sockets{target=\"p\"} 0\n");
	free(text);
}

static void test_problems(void **state)
{
	struct status status = {0};
	char *text = NULL;

	(void)state;
	for (int i = 0; i < PROBLEMS_MAX + 3; i++)
		assert_int_equal(
			problems_add(&status.problems, i < 2 ? PROBLEM_NOTRACK : PROBLEM_MARK, "x", NULL, "%d", i), 0);
	text = written(&status);
	assert_has(text, "\ncgtproxy_problems 35\n");
	assert_has(text, "\ncgtproxy_problems_by_kind{kind=\"notrack\"} 2\n");
	assert_has(text, "\ncgtproxy_problems_by_kind{kind=\"mark\"} 30\n");
	free(text);
	problems_clear(&status.problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_label_values),
		cmocka_unit_test(test_large_counters),
		cmocka_unit_test(test_what_is_not_known),
		cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
