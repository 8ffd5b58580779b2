/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "nft/stamp.h"

#include <stdio.h>
#include <string.h>

static const struct timespec loaded = {1767323045, 678901234}; /* 2026-01-02T03:04:05Z */
static const uint32_t version = 0xbadcafe;

static void assert_there_and_back(const char *file, const char *expected)
{
	char about[COMMENT_SIZE];
	struct stamp stamp;

	stamp_write(about, file, &loaded, version);
	assert_true(stamp_read(about, &stamp));
	assert_string_equal(stamp.file, expected);
	assert_int_equal(stamp.loaded, loaded.tv_sec);
	assert_int_equal(stamp.version, version);
}

static void test_text(void **state)
{
	char about[COMMENT_SIZE];

	(void)state;
	stamp_write(about, "/etc/cgtproxy/config.yaml", &loaded, version);
	assert_string_equal(about, "config /etc/cgtproxy/config.yaml loaded 2026-01-02T03:04:05.678901Z 0badcafe");
	stamp_write(about, NULL, &loaded, version);
	assert_string_equal(about, "config (built in) loaded 2026-01-02T03:04:05.678901Z 0badcafe");
}

static void test_there_and_back(void **state)
{
	(void)state;
	assert_there_and_back("/etc/cgtproxy/config.yaml", "/etc/cgtproxy/config.yaml");
	assert_there_and_back("/a b loaded c", "/a b loaded c");
	assert_there_and_back("/a loaded  loaded ", "/a loaded  loaded ");
	assert_there_and_back(NULL, "");
	/* nft could not read a quoted string with these */
	assert_there_and_back("/\"\\\x1b\xc3\xa9", "/?????");
}

static void test_long_path(void **state)
{
	char path[300] = "/";
	char about[COMMENT_SIZE];
	struct stamp stamp;

	(void)state;
	memset(path + 1, 'x', sizeof(path) - 12);
	memcpy(path + sizeof(path) - 12, "config.yaml", sizeof("config.yaml"));
	stamp_write(about, path, &loaded, UINT32_MAX);
	assert_int_equal(strlen(about), COMMENT_SIZE - 1);
	assert_true(stamp_read(about, &stamp));
	assert_int_equal(strncmp(stamp.file, "...xxx", 6), 0);
	assert_string_equal(stamp.file + strlen(stamp.file) - strlen("xconfig.yaml"), "xconfig.yaml");
	assert_int_equal(stamp.loaded, loaded.tv_sec);
	assert_int_equal(stamp.version, UINT32_MAX);
}

/* An upgrade finds a table of the version before. */
static void test_older_stamp(void **state)
{
	struct stamp stamp;

	(void)state;
	assert_true(stamp_read("config /etc/cgtproxy/config.yaml loaded 2026-01-02T03:04:05Z", &stamp));
	assert_string_equal(stamp.file, "/etc/cgtproxy/config.yaml");
	assert_int_equal(stamp.loaded, loaded.tv_sec);
	assert_int_equal(stamp.version, 0);
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
		"config /x loaded  2026-01-02T03:04:05Z",
		"config /x loaded 2026-01-02T03:04:05.678901Z",
		"config /x loaded 2026-01-02T03:04:05.67890Z 0badcafe",
		"config /x loaded 2026-01-02T03:04:05.678901Z 0badcafe1",
		"config /x loaded 2026-01-02T03:04:05.678901Z 0badcaf",
		"config /x loaded 2026-01-02T03:04:05.678901Z -badcafe",
		"CONFIG /x loaded 2026-01-02T03:04:05Z",
		"my comment",
	};
	struct stamp stamp;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(stamp_read(texts[i], &stamp));
		assert_int_equal(stamp.loaded, 0);
		assert_string_equal(stamp.file, "");
	}
}

/* The kernel's comment is no longer than one of ours, but stamp_read() doesn't rely on that. */
static void test_too_long(void **state)
{
	char about[2 * COMMENT_SIZE];
	char path[COMMENT_SIZE + 1];
	struct stamp stamp;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[COMMENT_SIZE] = '\0';
	snprintf(about, sizeof(about), "config %s loaded 2026-01-02T03:04:05Z", path);
	assert_false(stamp_read(about, &stamp));
	path[COMMENT_SIZE - 1] = '\0';
	snprintf(about, sizeof(about), "config %s loaded 2026-01-02T03:04:05Z", path);
	assert_true(stamp_read(about, &stamp));
	assert_string_equal(stamp.file, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_older_stamp),
		cmocka_unit_test(test_what_is_not_ours),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
