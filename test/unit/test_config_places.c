/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The reported position of errors without a text of their own, which varies between versions of libfyaml. */

#include "faults.h"

#define PROXY VERSION "tproxies:\n  p:\n    port: 1\n"
#define BYPASS VERSION "bypass:\n"
#define RULE "  - {match: /a, drop: true}\n"

static void check_faults(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_fault(&faults[i]);
}

static void test_empty_values(void **state)
{
	static const struct fault faults[] = {
		{"version:\n", {1, 1}, {"version", "nothing"}},
		{"version:   # not yet\n\n\n", {1, 1}, {"version", "nothing"}},
		{"strict: true\nversion:\nroute-table: 5\n", {2, 1}, {"version", "nothing"}},
		{"{strict: true, version: , route-table: 5}\n", {1, 16}, {"version", "nothing"}},
		{"{strict: true, version}\n", {1, 16}, {"version", "nothing"}},
		{"? strict\n: true\n? version\n", {3, 3}, {"version", "nothing"}},
		{"version: !!str\n", {1, 1}, {"version", "nothing"}},
		{"version: &one\n", {1, 1}, {"version", "nothing"}},
		{"version: |\nstrict: true\n", {1, 1}, {"version", "\"\""}},
		{"version: ''\n", {1, 10}, {"version", "\"\""}},
		{"version: \"\"\n", {1, 10}, {"version", "\"\""}},
		{"version: ~\n", {1, 10}, {"version", "nothing"}},
		{PROXY "    mark:\n", {5, 5}, {"mark", "nothing"}},
		{PROXY "    mark:\nrules: []\n", {5, 5}, {"mark", "nothing"}},
		{VERSION "tproxies:\n  p:\n", {3, 3}, {"p: expected a map", "nothing"}},
		{VERSION "tproxies:\n  q: {mark: 1, port: 1}\n  p:\n", {4, 3}, {"p: expected a map", "nothing"}},
		{VERSION "rules:\n  - match:\n    drop: true\n", {3, 5}, {"match", "nothing"}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

/* They are at their dashes, whatever is in front of them. */
static void test_empty_items(void **state)
{
	static const struct fault faults[] = {
		{BYPASS "  -\n", {3, 3}, {"bypass", "nothing"}},
		{BYPASS "  - ::1\n  - # none\n\n  - ::2\n", {4, 3}, {"bypass", "nothing"}},
		{BYPASS "  - ::1\n\n  # none\n  -   \n", {6, 3}, {"bypass", "nothing"}},
		{BYPASS "  - &a ::1\n  - !!str\n  - *a\n", {4, 3}, {"bypass", "nothing"}},
		{BYPASS "  - ::1\n  - &none\n", {4, 3}, {"bypass", "nothing"}},
		{BYPASS "  - |-\n   ::1\n  -\n", {5, 3}, {"bypass", "nothing"}},
		{BYPASS "  - []\n", {3, 3}, {"bypass", "a list"}},
		{BYPASS "  - ::1\n  - {}\n", {4, 3}, {"bypass", "a map"}},
		{BYPASS "  - - - ::1\n", {3, 9}, {"bypass", "a list"}},
		{BYPASS "  - - -\n", {3, 7}, {"bypass", "a list"}},
		{"-\n- version: 1\n", {1, 1}, {"expected a map", "a list"}},
		{VERSION "rules:\n  - {match: '- -', direct: true}\n  - {unit: [-a.service], drop: true}\n  -\n" RULE,
		 {5, 3},
		 {"rule: expected a map", "nothing"}},
		{VERSION "rules:\n  - match: /a\n    drop: true\n  -\n", {5, 3}, {"rule: expected a map", "nothing"}},
		{VERSION "rules:\n  - unit: [a.service]\n    drop: true\n  -\n", {5, 3}, {"rule: expected", "nothing"}},
		{VERSION "rules:\n  - unit:\n      - a.service\n      -\n    drop: true\n",
		 {5, 7},
		 {"unit", "nothing"}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

/* What has no dash and no text is at the nearest key around it. */
static void test_empty_collections(void **state)
{
	static const struct fault faults[] = {
		{VERSION "strict: []\n", {2, 1}, {"strict", "a list"}},
		{VERSION "strict: {}\n", {2, 1}, {"strict", "a map"}},
		{VERSION "bypass: [[]]\n", {2, 1}, {"bypass", "a list"}},
		{VERSION "bypass: [::1, {}]\n", {2, 1}, {"bypass", "a map"}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

static void test_quotes(void **state)
{
	static const struct fault faults[] = {
		{VERSION "strict: 'true'\n", {2, 9}, {"strict", "true"}},
		{VERSION "strict: \"true\"\n", {2, 9}, {"strict", "true"}},
		{VERSION "bypass: ['::1/8x']\n", {2, 10}, {"bypass", "::1/8x"}},
		{VERSION "tproxies:\n  'a b': {mark: 1, port: 1}\n", {3, 3}, {"a b", NULL}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

/* What an alias is called is not what it means. */
static void test_aliases_without_anchors(void **state)
{
	static const struct fault faults[] = {
		{VERSION "strict: *nope\n", {2, 9}, {"no anchor", "\"nope\""}},
		{VERSION "strict: *null\n", {2, 9}, {"no anchor", "\"null\""}},
		{VERSION "strict: *true\n", {2, 9}, {"no anchor", "\"true\""}},
		{VERSION "bypass: [::1, *nope]\n", {2, 15}, {"no anchor", "\"nope\""}},
		{BYPASS "  - ::1\n  - *nope\n", {4, 5}, {"no anchor", "\"nope\""}},
		{VERSION "tproxies:\n  p: *nope\n", {3, 6}, {"no anchor", "\"nope\""}},
		{VERSION "rules: *nope\n", {2, 8}, {"no anchor", "\"nope\""}},
		{VERSION "<<: *nope\n", {2, 5}, {"no anchor", "\"nope\""}},
		{VERSION "rules:\n  - {<<: [*nope], match: /a, drop: true}\n", {3, 11}, {"no anchor", "\"nope\""}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

static void test_aliases_of_nothing(void **state)
{
	static const struct fault faults[] = {
		{VERSION "x: &x\nbypass: [*x]\n", {2, 1}, {"bypass", "nothing"}},
		{VERSION "x: &x\nrules: [*x]\n", {2, 1}, {"rule", "nothing"}},
		{VERSION "tproxies: {p: &p , q: *p}\n", {2, 12}, {"p: expected a map", "nothing"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct parsed parsed = parse(faults[i].text);
		bool found = false;

		for (size_t j = 0; j < parsed.diagnostics.count; j++) {
			const struct diagnostic *said = &parsed.diagnostics.items[j];

			found |= strstr(said->text, faults[i].words[0]) != NULL &&
				 strstr(said->text, faults[i].words[1]) != NULL &&
				 said->position.line == faults[i].position.line &&
				 said->position.column == faults[i].position.column;
		}
		assert_true(found);
		parsed_clear(&parsed);
	}
}

/* As keys they are refused: neither their names count, nor what they lead to. */
static void test_aliases_as_keys(void **state)
{
	static const struct fault faults[] = {
		{VERSION "*strict : true\n", {2, 1}, {"alias", "\"strict\""}},
		{VERSION "cgroup-root: &strict /x\n*strict : true\n", {3, 1}, {"alias", "\"strict\""}},
		{VERSION "*<< : {strict: true}\n", {2, 1}, {"alias", "\"<<\""}},
		{VERSION "tproxies:\n  *p : {mark: 1, port: 1}\n", {3, 3}, {"tproxies", "\"p\""}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

static void test_empty_second_documents(void **state)
{
	static const struct fault faults[] = {
		{VERSION "---\nstrict: true\n", {3, 1}, {"second document", NULL}},
		{VERSION "---\n", {2, 1}, {"second document", NULL}},
		{VERSION "--- {}\n", {2, 1}, {"second document", NULL}},
		{VERSION "---\n-\n", {2, 1}, {"second document", NULL}},
	};

	(void)state;
	check_faults(faults, COUNT(faults));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_values),
		cmocka_unit_test(test_empty_items),
		cmocka_unit_test(test_empty_collections),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_aliases_without_anchors),
		cmocka_unit_test(test_aliases_of_nothing),
		cmocka_unit_test(test_aliases_as_keys),
		cmocka_unit_test(test_empty_second_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
