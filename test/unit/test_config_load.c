/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Where a config is loaded from, and non-files in its place. */

#include "config/load.h"
#include "unit.h"

#include "config/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "version: 1\n"

/* A directory of its own for each test of files. */
static int make_directory(void **state)
{
	char *path = strdup("/tmp/cgtproxy-unit-XXXXXX");

	if (path == NULL || mkdtemp(path) == NULL || chdir(path) < 0)
		return -1;
	*state = path;
	return 0;
}

static int remove_directory(void **state)
{
	static const char *const names[] = {"config.yaml", "a\nb", "fifo"};

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	if (chdir("/") < 0 || rmdir(*state) < 0)
		return -1;
	free(*state);
	return unsetenv("CONFIGURATION_DIRECTORY");
}

static struct parsed load(const char *path)
{
	struct parsed parsed = {0};

	parsed.result = config_load(path, &parsed.config, &parsed.diagnostics);
	return parsed;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "we");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void test_load(void **state)
{
	struct parsed parsed = {0};

	(void)state;
	write_file("a\nb", VERSION "route-table: 400\nstrict: maybe\n");
	parsed = load("a\nb");
	assert_int_equal(parsed.result, -EINVAL);
	assert_string_equal(parsed.diagnostics.files[0], "a\\x0ab");
	assert_int_equal(parsed.diagnostics.count, 1);
	parsed_clear(&parsed);
	write_file("a\nb", VERSION "route-table: 400\n");
	parsed = load("a\nb");
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.config->route_table, 400);
	parsed_clear(&parsed);
}

static void test_load_default_path(void **state)
{
	char directories[256];
	struct parsed parsed = {0};

	snprintf(directories, sizeof(directories), "%s:/nonexistent", (const char *)*state);
	assert_int_equal(setenv("CONFIGURATION_DIRECTORY", directories, 1), 0);
	/* no file: the built-in default, with a warning that says so */
	parsed = load(NULL);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.config->rule_count, 0);
	assert_int_equal(parsed.diagnostics.count, 1);
	assert_int_equal(parsed.diagnostics.items[0].severity, SEVERITY_WARNING);
	parsed_clear(&parsed);
	write_file("config.yaml", VERSION "route-table: 400\n");
	parsed = load(NULL);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.config->route_table, 400);
	assert_int_equal(parsed.diagnostics.count, 0);
	parsed_clear(&parsed);
	/* an invalid file doesn't fall back to the default */
	write_file("config.yaml", "route-table: 400\n");
	parsed = load(NULL);
	assert_int_equal(parsed.result, -EINVAL);
	parsed_clear(&parsed);
}

static void test_load_what_is_no_file(void **state)
{
	static const struct {
		const char *path;
		int result;
	} paths[] = {
		{"nonexistent", -ENOENT}, /* named on purpose, so that no default takes its place */
		{"", -ENOENT},
		{"/", -EISDIR},
		{"/dev/zero", -EFBIG},
		{"/dev/null", -EINVAL},
		{"fifo", -EINVAL}, /* nobody writes to it; to wait for somebody would be to hang */
		{"/dev/null/x", -ENOTDIR},
	};

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct parsed parsed = load(paths[i].path);

		assert_int_equal(parsed.result, paths[i].result);
		assert_null(parsed.config);
		assert_int_equal(count_diagnostics(&parsed, SEVERITY_ERROR), 1);
		parsed_clear(&parsed);
	}
}

static void test_load_size(void **state)
{
	static const int too_much[] = {YAML_SIZE_MAX + 1, 2 * YAML_SIZE_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(too_much); i++) {
		struct parsed parsed = {0};

		write_file("config.yaml", VERSION "#");
		assert_int_equal(truncate("config.yaml", too_much[i]), 0);
		parsed = load("config.yaml");
		assert_int_equal(parsed.result, -EFBIG);
		assert_non_null(strstr(parsed.diagnostics.items[0].text, "4 MiB"));
		parsed_clear(&parsed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_load_default_path, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_load_what_is_no_file, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_load_size, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
