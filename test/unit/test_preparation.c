/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The interim lookups between two tables, based on the kernel's dump of the one in force. */

#include "answers.h"

#include "engine/names.h"
#include "engine/preparation.h"

#include <stdio.h>

enum { DEEPEST = 3 };

/* The table in force, whose rules refuse all that was not found at some level, or don't. */
static void rules_in_force(bool strict)
{
	struct answers_rule rule;

	answers_to_next();
	rule = answers_rule(TABLE_NAME, CHAIN_OUTPUT_MANGLE);
	answers_u32(answers_expression(&rule, "socket"), NFTA_SOCKET_LEVEL, CGROUP_LEVEL_MAX);
	if (!strict)
		answers_expression(&rule, "lookup");
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, NFT_GOTO, CHAIN_DROP);
	answers_end_rule(&rule);
	answers_done();
}

static int write_between(const struct dump *held, const struct steering *next, struct ruleset *meanwhile)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = 4711}};
	struct transition transition = {&nft, next, DEEPEST};

	return transition_write(held, meanwhile, &transition);
}

/* The rules of a chain that have a statement of a kind. */
static size_t count_rules(const struct chain *chain, enum statement_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < chain->count; i++) {
		for (size_t j = 0; j < chain->rules[i].count; j++)
			count += chain->rules[i].statements[j].kind == kind;
	}
	return count;
}

/* Whether packets of a cgroup at a level that is in a set go to the chain of that name. */
static bool asks_set(const struct chain *chain, uint32_t level, const char *name)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct statement *first = &chain->rules[i].statements[0];

		if (first->kind == STATEMENT_CGROUP_IN && first->cgroup_set.level == level &&
		    strcmp(first->cgroup_set.name, name) == 0)
			return true;
	}
	return false;
}

static void test_strict_only_where_both_are(void **state)
{
	static char targets[][NFT_NAME_SIZE] = {"DROP-CHAIN"};
	static const struct dump held = {.state.exists = true};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const bool was = i & 1;
		const struct steering next = {targets, 1, .strict = i & 2, .has_orphans = false};
		struct ruleset *meanwhile = ruleset_new();
		const struct chain *output = NULL;

		answers_clear(NULL);
		rules_in_force(was);
		assert_int_equal(write_between(&held, &next, meanwhile), 0);
		output = ruleset_find_chain(meanwhile, CHAIN_OUTPUT_MANGLE);
		assert_int_equal(count_rules(output, STATEMENT_CGROUP_VMAP), DEEPEST);
		/* behind each lookup, and before them for what is deeper */
		assert_int_equal(count_rules(output, STATEMENT_IN_CGROUP), was && next.strict ? DEEPEST + 1 : 0);
		ruleset_free(meanwhile);
	}
}

static void test_the_targets_of_both(void **state)
{
	static char targets[][NFT_NAME_SIZE] = {"DROP-CHAIN", "proxy-new"};
	static const char *const names[] = {"DROP-CHAIN", "proxy-new", "proxy-old"};
	const struct steering next = {targets, 2, .has_orphans = true};
	struct set sets[] = {
		{.name = "proxy-old", .type = SET_CGROUPS},	   {.name = "DROP-CHAIN", .type = SET_CGROUPS},
		{.name = MAP_CGROUP, .type = SET_CGROUP_VERDICTS}, {.name = "bypass", .type = SET_IPV4_INTERVALS},
		{.name = "strange", .type = SET_UNKNOWN},	   {.name = "mine", .type = SET_CGROUPS},
		{.name = CHAIN_PREROUTING, .type = SET_CGROUPS},
	};
	struct dump_chain chains[] = {
		{.name = "proxy-old"},
		{.name = "DROP-CHAIN"},
		{.name = "strange"},
		{.name = CHAIN_PREROUTING, .has_hook = true},
	};
	const struct dump held = {
		.state.exists = true,
		.sets = sets,
		.set_count = COUNT(sets),
		.chains = chains,
		.chain_count = COUNT(chains),
	};
	struct ruleset *meanwhile = ruleset_new();
	const struct chain *steer = NULL;

	(void)state;
	rules_in_force(false);
	assert_int_equal(write_between(&held, &next, meanwhile), 0);
	steer = ruleset_find_chain(meanwhile, CHAIN_STEER);
	assert_int_equal(count_rules(steer, STATEMENT_CGROUP_IN), COUNT(names) * DEEPEST);
	for (uint32_t level = 1; level <= DEEPEST; level++) {
		for (size_t i = 0; i < COUNT(names); i++)
			assert_true(asks_set(steer, level, names[i]));
	}
	ruleset_free(meanwhile);
}

static void test_nobody_knows_what_is_in_force(void **state)
{
	static const int errors[] = {ENOENT, EPERM, ENOMEM};
	static const struct dump held = {.state.exists = true};
	static const struct steering next = {.strict = true};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct ruleset *meanwhile = ruleset_new();

		answers_clear(NULL);
		answers_to_next();
		answers_refuse(errors[i]);
		assert_int_equal(write_between(&held, &next, meanwhile), -errors[i]);
		assert_int_equal(meanwhile->chain_count, 0);
		ruleset_free(meanwhile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_strict_only_where_both_are, answers_clear),
		cmocka_unit_test_teardown(test_the_targets_of_both, answers_clear),
		cmocka_unit_test_teardown(test_nobody_knows_what_is_in_force, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
