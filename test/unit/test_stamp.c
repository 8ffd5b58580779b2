/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "nft/stamp.h"

#include <string.h>

static const time_t loaded = 1767323045; /* 2026-01-02T03:04:05Z */

static void assert_there_and_back(const char *file, const char *expected)
{
	char about[COMMENT_SIZE];
	char read[COMMENT_SIZE] = "untouched";
	time_t when = 0;

	stamp_write(about, file, loaded);
	assert_true(stamp_read(about, read, sizeof(read), &when));
	assert_string_equal(read, expected);
	assert_int_equal(when, loaded);
}

static void test_text(void **state)
{
	char about[COMMENT_SIZE];

	(void)state;
	stamp_write(about, "/etc/cgtproxy/config.yaml", loaded);
	assert_string_equal(about, "config /etc/cgtproxy/config.yaml loaded 2026-01-02T03:04:05Z");
	stamp_write(about, NULL, loaded);
	assert_string_equal(about, "config (built in) loaded 2026-01-02T03:04:05Z");
}

static void test_there_and_back(void **state)
{
	(void)state;
	assert_there_and_back("/etc/cgtproxy/config.yaml", "/etc/cgtproxy/config.yaml");
	assert_there_and_back("/a b loaded c", "/a b loaded c");
	assert_there_and_back(NULL, "");
	/* nft could not read a quoted string with these */
	assert_there_and_back("/\"\\\x1b\xc3\xa9", "/?????");
}

static void test_long_path(void **state)
{
	char path[300] = "/";
	char about[COMMENT_SIZE];
	char file[COMMENT_SIZE];
	time_t when = 0;

	(void)state;
	memset(path + 1, 'x', sizeof(path) - 12);
	memcpy(path + sizeof(path) - 12, "config.yaml", sizeof("config.yaml"));
	stamp_write(about, path, loaded);
	assert_int_equal(strlen(about), COMMENT_SIZE - 1);
	assert_true(stamp_read(about, file, sizeof(file), &when));
	assert_int_equal(strncmp(file, "...xxx", 6), 0);
	assert_string_equal(file + strlen(file) - strlen("xconfig.yaml"), "xconfig.yaml");
	assert_int_equal(when, loaded);
}

static void test_what_is_not_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"config",
		"config /x",
		"config /x loaded",
		"config /x loaded yesterday at ten o'clock",
		"config /x loaded 2026-01-02T03:04:05",
		"config /x loaded 2026-01-02T03:04:05Zz",
		"CONFIG /x loaded 2026-01-02T03:04:05Z",
		"my comment",
	};
	char file[COMMENT_SIZE];
	time_t when = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(stamp_read(texts[i], file, sizeof(file), &when));
	assert_false(stamp_read("config /four loaded 2026-01-02T03:04:05Z", file, 5, &when));
	assert_true(stamp_read("config /four loaded 2026-01-02T03:04:05Z", file, 6, &when));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_what_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
