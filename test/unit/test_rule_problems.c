/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Rules without effect, by a tree of cgroups. */

#include "unit.h"

#include "engine/compile.h"
#include "inspect/coverage.h"

#include <stdlib.h>
#include <string.h>

#define CONTAINER "/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"

static void make(struct cgroup_tree *tree, const char *path)
{
	struct cgroup *at = tree->root;
	char copy[512];
	char *state = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *name = strtok_r(copy, "/", &state); name != NULL; name = strtok_r(NULL, "/", &state)) {
		struct cgroup *child = cgroup_child(tree, at, name);

		at = child != NULL ? child : cgroup_add(tree, at, name, tree->count + 2);
		assert_non_null(at);
	}
}

/* What is wrong with these rules where these cgroups are (ends with NULL), as "KIND ABOUT: CURE", a line each. */
static char *judge(const char *rules, const char *const *paths)
{
	struct cgroup_tree tree;
	struct plan *plan = calloc(1, sizeof(*plan));
	struct coverage coverage = {0};
	struct problems problems = {0};
	struct policy *policy = NULL;
	struct config *config = NULL;
	char text[1024];
	char *said = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);

	snprintf(text, sizeof(text), "version: 1\ntproxies: {p: {mark: 1, port: 2}}\nrules:\n%s", rules);
	config = parse_good(text);
	assert_int_equal(cgroup_tree_init(&tree, 1), 0);
	for (; *paths != NULL; paths++)
		make(&tree, *paths);
	policy = compile_policy(config);
	assert_int_equal(plan_init(plan, config, policy), 0);
	assert_int_equal(plan_decide_all(plan, tree.root), 0);
	assert_int_equal(coverage_begin(&coverage, plan), 0);
	for (const struct cgroup *at = tree.root; at != NULL; at = cgroup_next(at))
		assert_int_equal(coverage_add(&coverage, at), 0);
	assert_int_equal(coverage_judge(&coverage, &problems), 0);
	for (size_t i = 0; i < problems.count; i++)
		fprintf(out, "%s %s: %s\n", problem_kind_name(problems.items[i].kind), problems.items[i].about,
			problems.items[i].cure);
	fclose(out);
	problems_clear(&problems);
	coverage_clear(&coverage);
	plan_clear(plan);
	free(plan);
	policy_free(policy);
	cgroup_tree_clear(&tree);
	config_free(config);
	return said;
}

static void finds_rules_without_effect(void **state)
{
	static const struct {
		const char *rules;
		const char *expected;
	} cases[] = {
		/* nothing is wrong */
		{"  - {unit: a.service, direct: true}\n  - {slice: system.slice, drop: true}\n", ""},
		{"  - {slice: system.slice, drop: true}\n  - {unit: nowhere.service, direct: true}\n", ""},
		{"  - {slice: system.slice, drop: true}\n  - {unit: a.service, drop: true}\n", ""},
		{"  - {unit: a.service, drop: true}\n  - {unit: a.service, drop: true}\n", ""},
		{"  - {match: ., drop: true}\n  - {unit: a.service, drop: true}\n", ""},
		/* earlier rules take all that there is now */
		{"  - {slice: system.slice, drop: true}\n  - {unit: a.service, tproxy: p}\n",
		 "rule-taken rule 2 (line 5): move the rule of line 5 above line 4 of the config, then: systemctl "
		 "reload cgtproxy\n"},
		{"  - {match: /a, drop: true}\n  - {unit: a.service, tproxy: p}\n",
		 "rule-taken rule 2 (line 5): remove one of the two, the rule of line 5 of the config or that of line "
		 "4 "
		 "of the config; then: systemctl reload cgtproxy\n"},
		/* or whatever there may be */
		{"  - {unit: a.service, drop: true}\n  - {unit: a.service, tproxy: p}\n",
		 "rule-dead rule 2 (line 5): remove one of the two, the rule of line 5 of the config or that of line 4 "
		 "of the config; then: systemctl reload cgtproxy\n"},
		{"  - {match: ^/, drop: true}\n  - {unit: nowhere.service, tproxy: p}\n",
		 "rule-dead rule 2 (line 5): move the rule of line 5 above line 4 of the config, then: systemctl "
		 "reload "
		 "cgtproxy\n"},
	};
	static const char *const paths[] = {"/system.slice/a.service", "/system.slice/b.service", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *said = judge(cases[i].rules, paths);

		assert_string_equal(said, cases[i].expected);
		free(said);
	}
}

static void knows_dockers_containers(void **state)
{
	static const struct {
		const char *rules;
		bool warns;
	} cases[] = {
		{"  - {unit: docker.service, tproxy: p}\n", true},
		{"  - {unit: [x.service, docker.service], tproxy: p}\n", true},
		{"  - {unit: rootless-docker.service, tproxy: p}\n", false},
		{"  - {unit: docker.service, direct: true}\n", false}, /* they go there anyway */
		{"  - {unit: docker.service, tproxy: p}\n  - {match: '/docker-[^/]*$', drop: true}\n", false},
	};
	static const char *const paths[] = {"/system.slice/docker.service", CONTAINER, CONTAINER "/init.scope", NULL};
	static const char *const others[] = {"/system.slice/docker.service", "/system.slice/docker-x.scope", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *said = judge(cases[i].rules, paths);

		assert_int_equal(strstr(said, "rule-containers") != NULL, cases[i].warns);
		free(said);
		said = judge(cases[i].rules, others);
		assert_string_equal(said, "");
		free(said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_rules_without_effect),
		cmocka_unit_test(knows_dockers_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
