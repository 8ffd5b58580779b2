/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The format of messages about a config: warnings, many errors at once, and unprintable bytes. */

#include "faults.h"

static void test_unknown_keys(void **state)
{
	static const struct {
		const char *text;
		struct position position;
		const char *word;
		bool guess;
	} keys[] = {
		{VERSION "route_table: 5\n", {2, 1}, "\"route-table\"", true},
		{VERSION "rule: []\n", {2, 1}, "\"rules\"", true},
		{VERSION "Strict: true\n", {2, 1}, "\"strict\"", true},
		{VERSION "something-else: 1\n", {2, 1}, "something-else", false},
		{VERSION "x: 1\n", {2, 1}, "\"x\"", false},
		{VERSION "? [a]\n: 1\n", {2, 0}, "a list", false},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    no_udp: true\n", {6, 5}, "\"no-udp\"", true},
		{VERSION "tproxies:\n  p: {mark: 1, port: 1, dns-hijack: {prot: 5}}\n", {3, 38}, "\"port\"", true},
		{VERSION "rules:\n  - {matches: x, match: a, drop: true}\n", {3, 6}, "\"match\"", true},
		{VERSION "rules:\n  - {apps: x, match: a, drop: true}\n", {3, 6}, "\"app\"", true},
		{VERSION "rules:\n  - {user_unit: x, match: a, drop: true}\n", {3, 6}, "\"user-unit\"", true},
		{VERSION "rules:\n  - {slcie: x, match: a, drop: true}\n", {3, 6}, "\"slice\"", true},
		{VERSION "\"a\\nb\": 1\n", {2, 0}, "a\\x0ab", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct parsed parsed = parse(keys[i].text);
		const struct diagnostic *said = parsed.diagnostics.items;

		assert_int_equal(parsed.result, 0);
		assert_int_equal(parsed.diagnostics.count, 1);
		assert_false(parsed.diagnostics.has_error);
		assert_int_equal(said->severity, SEVERITY_WARNING);
		assert_int_equal(said->position.line, keys[i].position.line);
		if (keys[i].position.column != 0)
			assert_int_equal(said->position.column, keys[i].position.column);
		assert_says(said, keys[i].word);
		assert_int_equal(strstr(said->text, "did you mean") != NULL, keys[i].guess);
		parsed_clear(&parsed);
	}
}

static void test_all_in_one_go(void **state)
{
	static const struct {
		int line;
		const char *word;
	} wanted[] = {
		{1, "version"},
		{2, "route-tabel"},
		{3, "strict"},
		{4, "nowhere"},
		{6, "no port"},
		{7, "a\\x0a/b"},
		{10, "70000"},
		{12, "gone"},
		{13, "missing"},
		{13, "exactly one target"},
		{14, "exactly one selector"},
	};
	struct parsed parsed = parse("version: 9\n"
				     "route-tabel: 5\n"
				     "strict: perhaps\n"
				     "bypass: [nowhere]\n"
				     "tproxies:\n"
				     "  a: {mark: 1}\n"
				     "  \"a\\n/b\": {mark: 2, port: 2}\n"
				     "  c:\n"
				     "    mark: 3\n"
				     "    port: 70000\n"
				     "rules:\n"
				     "  - {match: /a, tproxy: gone}\n"
				     "  - {match: '('}\n"
				     "  - {direct: true}\n"
				     "  - {match: /b, tproxy: c}\n");

	(void)state;
	assert_int_equal(parsed.result, -EINVAL);
	assert_null(parsed.config);
	assert_shown_safely(&parsed);
	for (size_t i = 0; i < parsed.diagnostics.count && i < COUNT(wanted); i++) {
		bool first_of_line = parsed.diagnostics.items[i].position.line == wanted[i].line;

		if (!first_of_line)
			fail_msg("at line %d: %s", parsed.diagnostics.items[i].position.line,
				 parsed.diagnostics.items[i].text);
	}
	assert_int_equal(parsed.diagnostics.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		bool said = false;

		for (size_t j = 0; j < parsed.diagnostics.count; j++)
			said |= parsed.diagnostics.items[j].position.line == wanted[i].line &&
				strstr(parsed.diagnostics.items[j].text, wanted[i].word) != NULL;
		assert_true(said);
	}
	assert_int_equal(count_diagnostics(&parsed, SEVERITY_WARNING), 1);
	parsed_clear(&parsed);
}

/* A config may be from an untrusted source; messages about it go to root's terminal. */
static void test_nothing_raw_is_shown(void **state)
{
	static const char *const texts[] = {
		VERSION "\"\\e[31m\": 1\n",
		VERSION "on-stop: \"\\e[31m\"\n",
		VERSION "bypass: [\"\\e[31m\"]\n",
		VERSION "tproxies: {\"p\\e[31m\": {mark: 1, port: 1}}\n",
		VERSION "tproxies: {\"p\\e[31m\": 1}\n",
		VERSION "tproxies: {\"p\\e[31m\": {mark: 1, port: 1, unknown: 1}}\n",
		VERSION "tproxies: {\"p\\e[31m\": {mark: 1, port: 1}, q: {mark: 1, port: 1}}\n",
		VERSION "tproxies: {q: {mark: 1, port: 1}, \"p\\e[31m\": {mark: 1, port: 1}}\n",
		VERSION "rules: [{match: \"(\\e[31m\", drop: true}]\n",
		VERSION "rules: [{match: a, tproxy: \"\\e[31m\"}]\n",
		VERSION "rules: [{app: \"/\\e[31m\", drop: true}]\n",
		VERSION "rules: [{unit: [a.service, \"\\e[31m\"], drop: true}]\n",
		VERSION "rules: [{user: \"\\e[31m\", drop: true}]\n",
		VERSION "strict: *a\x1b[31m\n",
		VERSION "strict: [\x1b\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct parsed parsed = parse(texts[i]);

		assert_true(parsed.diagnostics.count > 0);
		assert_shown_safely(&parsed);
		parsed_clear(&parsed);
	}
}

/* A long value is truncated at a character boundary, and the message stays short. */
static void test_long_values_are_cut(void **state)
{
	static const char character[] = {'\xe4', '\xb8', '\xad'};
	struct parsed parsed = {0};
	char text[4096] = VERSION "on-stop: ";
	size_t length = strlen(text);

	(void)state;
	for (; length + sizeof(character) < sizeof(text); length += sizeof(character))
		memcpy(text + length, character, sizeof(character));
	parsed = parse_bytes(text, length);
	assert_int_equal(parsed.result, -EINVAL);
	assert_int_equal(parsed.diagnostics.count, 1);
	assert_within(strlen(parsed.diagnostics.items[0].text), 40, 400);
	assert_says(parsed.diagnostics.items, "\xe4\xb8\xad\xe4\xb8\xad...\"");
	parsed_clear(&parsed);
}

/* A YAML syntax error is shown with its line, truncated and escaped. */
static void test_lines_that_are_no_yaml(void **state)
{
	static const struct fault faults[] = {
		{VERSION "tproxies:\n\tp: 1\nrules: []\n", {3, 1}, {"invalid YAML", "\"\\x09p: 1\""}},
		{VERSION "rules: [\n  - }\n", {3, 0}, {"invalid YAML", "- }"}},
		{VERSION "a: }", {2, 4}, {"invalid YAML", "\"a: }\""}},
		{VERSION "strict: true\nstrict: true\n", {3, 1}, {"duplicate key", "\"strict: true\""}},
		{VERSION "a: } 0123456789 0123456789 0123456789 0123456789 0123456789\n",
		 {2, 4},
		 {"invalid YAML", "6789...\""}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		check_fault(&faults[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_keys),	       cmocka_unit_test(test_all_in_one_go),
		cmocka_unit_test(test_nothing_raw_is_shown),   cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_lines_that_are_no_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
