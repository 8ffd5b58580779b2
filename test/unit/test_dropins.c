/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Files with rules beside the config. */

#include "config/dropins.h"
#include "config/load.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG                                                                                                         \
	"version: 1\n"                                                                                                 \
	"tproxies: {p: {mark: 1, port: 1}}\n"                                                                          \
	"rules:\n"                                                                                                     \
	"- {match: /own, drop: true}\n"

enum { FIRST_NAME, SECOND_NAME, LAST_NAME, OTHER_NAME };

static const char *const names[] = {"10-first.yaml", "50-second.yaml", "9-last.yaml", "strange name.yaml"};

static int make_directory(void **state)
{
	char *path = strdup("/tmp/cgtproxy-unit-XXXXXX");
	FILE *config = NULL;

	if (path == NULL || mkdtemp(path) == NULL || chdir(path) < 0 || mkdir(DROPIN_DIRECTORY, 0755) < 0)
		return -1;
	config = fopen("config.yaml", "we");
	if (config == NULL || fputs(CONFIG, config) < 0 || fclose(config) != 0)
		return -1;
	*state = path;
	return 0;
}

static void dropin_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, DROPIN_DIRECTORY "/%s", name);
}

static int remove_directory(void **state)
{
	static const char *const more[] = {".hidden.yaml", "50-second.yaml~", "60-old.yml"};
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		dropin_path(names[i], path, sizeof(path));
		unlink(path);
	}
	for (size_t i = 0; i < COUNT(more); i++) {
		dropin_path(more[i], path, sizeof(path));
		unlink(path);
	}
	unlink("config.yaml");
	unlink("link.yaml");
	rmdir(DROPIN_DIRECTORY);
	if (chdir("/") < 0 || rmdir(*state) < 0)
		return -1;
	free(*state);
	return 0;
}

static void write_dropin(const char *name, const char *text)
{
	char path[128];
	FILE *out = NULL;

	dropin_path(name, path, sizeof(path));
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static struct parsed load(const char *path)
{
	struct parsed parsed = {0};

	parsed.result = config_load(path, &parsed.config, &parsed.diagnostics);
	return parsed;
}

static void assert_rule(const struct config *config, size_t index, const char *pattern, const char *place)
{
	char out[RULE_PLACE_SIZE];

	assert_string_equal(config->rules[index].pattern, pattern);
	assert_string_equal(config_rule_place(&config->rules[index], out), place);
}

static void test_rules_come_first_in_the_order_of_names(void **state)
{
	struct parsed parsed;

	(void)state;
	write_dropin(names[LAST_NAME], "rules:\n- {match: /last, direct: true}\n");
	write_dropin(names[SECOND_NAME],
		     "# a comment\nrules:\n- {match: /second, tproxy: p}\n- {match: /third, drop: true}\n");
	write_dropin(names[FIRST_NAME], "rules: [{match: /first, refuse: true}]\n");
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	assert_int_equal(parsed.config->rule_count, 5);
	assert_rule(parsed.config, 0, "/first", "line 1 of config.d/10-first.yaml");
	assert_rule(parsed.config, 1, "/second", "line 3 of config.d/50-second.yaml");
	assert_rule(parsed.config, 2, "/third", "line 4 of config.d/50-second.yaml");
	assert_rule(parsed.config, 3, "/last", "line 2 of config.d/9-last.yaml");
	assert_rule(parsed.config, 4, "/own", "line 4");
	assert_int_equal(parsed.config->rules[1].target, TARGET_FIRST_PROXY);
	parsed_clear(&parsed);
}

static void test_files_without_rules(void **state)
{
	struct parsed parsed;

	(void)state;
	write_dropin(names[FIRST_NAME], "rules: []\n");
	write_dropin(names[LAST_NAME], "rules:\n");
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	assert_int_equal(parsed.config->rule_count, 1);
	parsed_clear(&parsed);
}

static void test_other_files(void **state)
{
	struct parsed parsed;

	(void)state;
	write_dropin(".hidden.yaml", "rules: nonsense\n");
	write_dropin("50-second.yaml~", "rules: nonsense\n");
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	parsed_clear(&parsed);
	write_dropin("60-old.yml", "rules: nonsense\n");
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, 0);
	assert_int_equal(count_diagnostics(&parsed, SEVERITY_WARNING), 1);
	parsed_clear(&parsed);
}

/* Each is an error in the second file, though the one before it is right. */
static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		struct position position;
	} files[] = {
		{"version: 1\n", {1, 1}},
		{"rules: []\ntproxies: {q: {mark: 2, port: 2}}\n", {2, 1}},
		{"strict: true\n", {1, 1}},
		{"rules: []\ngateway: {rules: []}\n", {2, 1}},
		{"containers: true\nrules: []\n", {1, 1}},
		{"- match: /a\n  drop: true\n", {1, 3}},
		{"rules:\n- {match: /a, tproxy: q}\n", {2, 23}},
		{"rules:\n- {match: '/a(', drop: true}\n", {2, 11}},
		{"rules: {match: /a, drop: true}\n", {1, 9}},
		{"rules: [\n", {0, 0}},
		{"", {0, 0}},
		{"# rules:\n", {0, 0}},
		{"{}\n", {0, 0}},
		{"rules: []\n---\nrules: []\n", {0, 0}},
	};

	(void)state;
	write_dropin(names[FIRST_NAME], "rules: [{match: /first, refuse: true}]\n");
	for (size_t i = 0; i < COUNT(files); i++) {
		struct parsed parsed;
		const struct diagnostic *first = NULL;

		write_dropin(names[SECOND_NAME], files[i].text);
		parsed = load("config.yaml");
		assert_int_equal(parsed.result, -EINVAL);
		assert_null(parsed.config);
		assert_true(parsed.diagnostics.count > 0);
		first = &parsed.diagnostics.items[0];
		assert_int_equal(first->severity, SEVERITY_ERROR);
		assert_string_equal(parsed.diagnostics.files[first->file], "./config.d/50-second.yaml");
		if (files[i].position.line > 0) {
			assert_int_equal(first->position.line, files[i].position.line);
			assert_int_equal(first->position.column, files[i].position.column);
		}
		parsed_clear(&parsed);
	}
}

static void test_all_errors_are_reported(void **state)
{
	struct parsed parsed;

	(void)state;
	write_dropin(names[FIRST_NAME], "rules:\n- {match: /a}\n- {match: /b, drop: maybe}\n");
	write_dropin(names[SECOND_NAME], "\nversion: 1\n");
	write_dropin(names[OTHER_NAME], "rules: []\n");
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, -EINVAL);
	assert_int_equal(count_diagnostics(&parsed, SEVERITY_ERROR), 4);
	parsed_clear(&parsed);
}

static void test_unreadable_directories(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(rmdir(DROPIN_DIRECTORY), 0);
	parsed = load("config.yaml");
	assert_int_equal(parsed.result, 0);
	parsed_clear(&parsed);
	assert_int_equal(symlink("nowhere", DROPIN_DIRECTORY), 0);
	parsed = load("config.yaml");
	assert_int_equal(unlink(DROPIN_DIRECTORY), 0);
	assert_int_equal(parsed.result, -ENOENT);
	assert_true(parsed.diagnostics.has_error);
	parsed_clear(&parsed);
	assert_int_equal(symlink("config.yaml", DROPIN_DIRECTORY), 0);
	parsed = load("config.yaml");
	assert_int_equal(unlink(DROPIN_DIRECTORY), 0);
	assert_int_equal(parsed.result, -ENOTDIR);
	assert_true(parsed.diagnostics.has_error);
	parsed_clear(&parsed);
	assert_int_equal(mkdir(DROPIN_DIRECTORY, 0755), 0);
}

/* A config may be a link into some other directory; its drop-ins are where the link is. */
static void test_links(void **state)
{
	struct parsed parsed;
	char *own = NULL;

	(void)state;
	assert_int_equal(symlink("/dev/null", "link.yaml"), 0);
	parsed = load("link.yaml");
	assert_int_equal(parsed.result, -EINVAL);
	parsed_clear(&parsed);
	assert_int_equal(unlink("link.yaml"), 0);
	assert_int_equal(symlink("config.yaml", "link.yaml"), 0);
	parsed = load("link.yaml");
	assert_int_equal(parsed.result, 0);
	own = realpath(".", NULL);
	assert_non_null(own);
	assert_memory_equal(parsed.config->file, own, strlen(own));
	assert_string_equal(parsed.config->file + strlen(own), "/link.yaml");
	free(own);
	parsed_clear(&parsed);
}

static void set_age(const char *path, time_t moment)
{
	const struct timespec times[2] = {{.tv_sec = moment}, {.tv_sec = moment}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static time_t changed(const char *path)
{
	struct config_files files;

	config_files_look(path, &files);
	return files.changed;
}

static uint32_t version(void)
{
	struct config_files files;

	config_files_look("config.yaml", &files);
	assert_int_not_equal(files.version, 0);
	return files.version;
}

static void test_changed(void **state)
{
	const time_t before = time(NULL);

	(void)state;
	write_dropin(names[FIRST_NAME], "rules: []\n");
	set_age("config.yaml", 1000);
	set_age("config.d/10-first.yaml", 900);
	set_age(DROPIN_DIRECTORY, 800);
	assert_int_equal(changed("config.yaml"), 1000);
	set_age("config.d/10-first.yaml", 1100);
	assert_int_equal(changed("config.yaml"), 1100);
	set_age(DROPIN_DIRECTORY, 1200); /* as it is when one is removed */
	assert_int_equal(changed("config.yaml"), 1200);
	assert_int_equal(changed("/nonexistent/config.yaml"), 0);
	/* It can't have been changed in the future. The clock for files is a tick behind the other. */
	set_age("config.yaml", before + 1000);
	assert_in_range(changed("config.yaml"), before - 1, time(NULL));
}

static void set_nanoseconds(const char *path, long nanoseconds)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000, .tv_nsec = nanoseconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Each of these is another one, and is over when it is undone. */
static void test_version(void **state)
{
	uint32_t first = 0;

	(void)state;
	write_dropin(names[FIRST_NAME], "rules: []\n");
	set_nanoseconds("config.yaml", 0);
	set_nanoseconds("config.d/10-first.yaml", 0);
	first = version();
	set_nanoseconds("config.yaml", 1);
	assert_int_not_equal(version(), first);
	set_nanoseconds("config.yaml", 0);
	assert_int_equal(version(), first);
	/* an older one, too, and one that is not the newest */
	set_age("config.d/10-first.yaml", 900);
	assert_int_not_equal(version(), first);
	write_dropin(names[FIRST_NAME], "rules: [ ]\n");
	set_nanoseconds("config.d/10-first.yaml", 0);
	assert_int_not_equal(version(), first);
	write_dropin(names[FIRST_NAME], "rules: []\n");
	set_nanoseconds("config.d/10-first.yaml", 0);
	assert_int_equal(version(), first);
	assert_int_equal(rename("config.d/10-first.yaml", "config.d/11-first.yaml"), 0);
	assert_int_not_equal(version(), first);
	assert_int_equal(rename("config.d/11-first.yaml", "config.d/10-first.yaml"), 0);
	/* an editor's file beside it is none of them */
	set_age(DROPIN_DIRECTORY, 5000);
	assert_int_equal(version(), first);
}

static void test_has_changed(void **state)
{
	(void)state;
	set_age("config.yaml", 1000);
	set_age(DROPIN_DIRECTORY, 1000);
	assert_false(config_has_changed("config.yaml", 1000, version()));
	assert_false(config_has_changed("config.yaml", 900, version()));
	assert_true(config_has_changed("config.yaml", 1100, version() ^ 1));
	/* a stamp without a version */
	assert_false(config_has_changed("config.yaml", 1000, 0));
	assert_true(config_has_changed("config.yaml", 999, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules_come_first_in_the_order_of_names, make_directory,
						remove_directory),
		cmocka_unit_test_setup_teardown(test_files_without_rules, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_other_files, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_bad_files, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_all_errors_are_reported, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_unreadable_directories, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_links, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_changed, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_version, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_has_changed, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
