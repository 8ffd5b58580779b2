/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The priority of our policy rules among foreign ones. */

#include "unit.h"

#include "route/order.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define EXACT UINT32_MAX

static const struct fwmark marks[] = {{3000, EXACT}, {0x100, 0xf00}};
static const struct routing wanted = {.table = 300, .priority = 3000, .marks = marks, .mark_count = 1};
static const struct routing masked = {.table = 300, .priority = 3000, .marks = &marks[1], .mark_count = 1};

static const struct fwmark gateway = {3001, EXACT};
static const struct routing with_gateway = {
	.table = 300, .priority = 3000, .marks = marks, .mark_count = 1, .gateway = &gateway};

static struct policy_rule lookup(uint32_t priority, uint32_t table)
{
	return (struct policy_rule){.priority = priority, .action = FR_ACT_TO_TBL, .table = table};
}

static struct policy_rule with_mark(uint32_t value, uint32_t mask, bool is_inverted)
{
	struct policy_rule rule = lookup(100, 51820);

	rule.mark = (struct fwmark){value, mask};
	rule.is_inverted = is_inverted;
	return rule;
}

static void test_marks(void **state)
{
	static const struct {
		uint32_t value, mask;
		bool may_take, inverted_may_take;
	} cases[] = {
		{0, 0, true, false}, /* no selector at all matches everything, and "not" of it nothing */
		{3000, EXACT, true, false}, {0xca6c, EXACT, false, true}, {8, 8, true, false}, /* 3000 has this bit */
		{0, 8, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rule = with_mark(cases[i].value, cases[i].mask, false);

		assert_int_equal(order_may_take(&rule, &wanted), cases[i].may_take);
		rule.is_inverted = true;
		assert_int_equal(order_may_take(&rule, &wanted), cases[i].inverted_may_take);
	}
}

/* Bits that our mask does not cover can be anything. */
static void test_marks_that_are_known_in_part(void **state)
{
	static const struct {
		uint32_t value, mask;
		bool may_take, inverted_may_take;
	} cases[] = {
		{0x100, 0xf00, true, false},	 {0x200, 0xf00, false, true},	   {0x100, EXACT, true, true},
		{0x80000, 0xff0000, true, true}, {0x80200, 0xff0f00, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rule = with_mark(cases[i].value, cases[i].mask, false);

		assert_int_equal(order_may_take(&rule, &masked), cases[i].may_take);
		rule.is_inverted = true;
		assert_int_equal(order_may_take(&rule, &masked), cases[i].inverted_may_take);
	}
}

static void test_any_of_several_marks(void **state)
{
	struct routing both = wanted;
	struct policy_rule rule = with_mark(0x100, 0xf00, false);

	(void)state;
	assert_false(order_may_take(&rule, &wanted));
	both.mark_count = 2;
	assert_true(order_may_take(&rule, &both));
	both.mark_count = 0;
	assert_false(order_may_take(&rule, &both));
}

static void test_other_selectors(void **state)
{
	struct policy_rule rule = with_mark(0, 0, false);

	(void)state;
	rule.has_other_selector = true;
	assert_true(order_may_take(&rule, &wanted));
	rule.is_inverted = true;
	assert_true(order_may_take(&rule, &wanted));
	rule.has_hopeless_selector = true; /* "not iif eth0" is for all that this host sends */
	assert_true(order_may_take(&rule, &wanted));
	rule.is_inverted = false;
	assert_false(order_may_take(&rule, &wanted));
	rule = with_mark(0xca6c, EXACT, true);
	rule.has_other_selector = true;
	assert_true(order_may_take(&rule, &wanted));
}

/*
 * Packets of the gateway come from an interface, which one is not known, and checks of their sources from lo; neither
 * has an outgoing interface. The other mark, 3000, differs from theirs in the last bit.
 */
static void test_what_takes_packets_of_the_gateway(void **state)
{
	static const struct routing of_gateway = {.table = 300, .priority = 3000, .gateway = &gateway};
	static const struct {
		struct policy_rule rule;
		bool may_take, inverted_may_take;
	} cases[] = {
		{{.mark = {1, 1}}, true, false},
		{{.mark = {0xca6d, EXACT}}, false, true},
		{{.mark = {1, 1}, .is_for_sent = true}, true, true},
		/* iif eth0, l3mdev */
		{{.mark = {1, 1}, .has_other_selector = true, .has_hopeless_selector = true}, true, true},
		/* oif eth0 */
		{{.mark = {1, 1},
		  .has_other_selector = true,
		  .has_hopeless_selector = true,
		  .has_output_selector = true},
		 false,
		 true},
		/* oif lo, also with iif lo */
		{{.mark = {1, 1}, .has_other_selector = true, .has_output_selector = true}, false, true},
		{{.mark = {1, 1}, .is_for_sent = true, .has_other_selector = true, .has_output_selector = true},
		 false,
		 true},
		{{.mark = {1, 1}, .has_other_selector = true}, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rule = cases[i].rule;

		rule.priority = 100;
		rule.action = FR_ACT_TO_TBL;
		rule.table = 51820;
		if (order_may_take(&rule, &with_gateway) != cases[i].may_take)
			fail_msg("case %zu", i);
		assert_false(order_may_take(&rule, &wanted));
		rule.is_inverted = true;
		if (order_may_take(&rule, &of_gateway) != cases[i].inverted_may_take)
			fail_msg("case %zu, inverted", i);
	}
}

/* To a reverse path check, what is in our table looks like a spoofed source. */
static void test_rules_of_others_for_our_table(void **state)
{
	struct policy_rule rule = lookup(100, 300);

	(void)state;
	rule.mark = gateway;
	assert_true(order_may_take(&rule, &with_gateway));
	assert_false(order_may_take(&rule, &wanted));
	rule.has_other_selector = rule.has_hopeless_selector = true; /* iif eth0 */
	assert_false(order_may_take(&rule, &with_gateway));
	rule = lookup(100, 300);
	rule.mark = marks[0];
	assert_false(order_may_take(&rule, &with_gateway));
	rule = rule_wanted(&with_gateway, AF_INET, 2, 100);
	assert_false(order_may_take(&rule, &with_gateway));
}

/* Ours must not evade themselves. */
static void test_exemptions_do_no_harm(void **state)
{
	struct policy_rule rule = rule_wanted(&with_gateway, AF_INET, 1, 100);

	(void)state;
	assert_false(order_may_take(&rule, &with_gateway));
	/* another config's, for a mark that is now a proxy's */
	rule.mark = marks[0];
	assert_false(order_may_take(&rule, &with_gateway));
	rule.target++;
	assert_true(order_may_take(&rule, &with_gateway));
}

static void test_actions(void **state)
{
	static const struct {
		uint8_t action;
		bool may_take;
	} cases[] = {
		{FR_ACT_TO_TBL, true},	    {FR_ACT_GOTO, true},     {FR_ACT_NOP, false}, {FR_ACT_BLACKHOLE, true},
		{FR_ACT_UNREACHABLE, true}, {FR_ACT_PROHIBIT, true}, {77, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rule = {.priority = 100, .action = cases[i].action, .table = 51820};

		assert_int_equal(order_may_take(&rule, &wanted), cases[i].may_take);
	}
}

static void test_tables_that_do_no_harm(void **state)
{
	struct policy_rule rule = lookup(100, 300);

	(void)state;
	assert_false(order_may_take(&rule, &wanted));
	rule.table = RT_TABLE_LOCAL;
	assert_false(order_may_take(&rule, &wanted));
	rule.table = RT_TABLE_MAIN;
	assert_true(order_may_take(&rule, &wanted));
	rule.table = 301;
	rule.is_own = true;
	assert_false(order_may_take(&rule, &wanted));
}

static struct order decide(struct policy_rule *items, size_t count)
{
	const struct policy_rules rules = {.items = items, .count = count};

	return order_decide(&rules, &wanted);
}

static void test_places(void **state)
{
	static const struct {
		uint32_t priorities[3];
		uint32_t place;
		uint32_t reason, blocking; /* priorities of those rules; 0: none */
	} cases[] = {
		{{32766, 32767, 32768}, 3000, 0, 0},
		{{3001, 32766, 32767}, 3000, 0, 0},
		{{3000, 32766, 32767}, 2999, 3000, 0}, /* it may be in front of ours */
		{{2998, 2999, 32766}, 2997, 2998, 0},
		{{2999, 2998, 100}, 99, 100, 0}, /* in whatever order they come */
		{{100, 100, 3000}, 99, 100, 0},
		{{3, 2999, 32766}, 2, 3, 0},
		{{2, 2999, 32766}, 2998, 2999, 2},
		{{1, 2, 32766}, 3000, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rules[] = {
			lookup(cases[i].priorities[0], 51820),
			lookup(cases[i].priorities[1], 51820),
			lookup(cases[i].priorities[2], 51820),
		};
		struct order order = decide(rules, COUNT(rules));

		assert_int_equal(order.priority, cases[i].place);
		assert_int_equal(order.reason != NULL ? order.reason->priority : 0, cases[i].reason);
		assert_int_equal(order.blocking != NULL ? order.blocking->priority : 0, cases[i].blocking);
	}
}

/* Two rules precede those of the proxies, and none may be below 2. */
static void test_places_with_a_gateway(void **state)
{
	static const struct {
		uint32_t theirs, place;
		bool is_blocking;
	} cases[] = {{3001, 3000, false}, {3000, 2999, false}, {2998, 2997, false}, {6, 5, false},
		     {5, 4, false},	  {4, 3000, true},     {3, 3000, true},	    {0, 3000, true}};

	(void)state;
	assert_int_equal(order_lowest(&wanted), 2);
	assert_int_equal(order_lowest(&with_gateway), 4);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule rule = lookup(cases[i].theirs, 51820);
		const struct policy_rules rules = {.items = &rule, .count = 1};
		const struct order order = order_decide(&rules, &with_gateway);

		assert_int_equal(order.priority, cases[i].place);
		assert_int_equal(order.blocking != NULL, cases[i].is_blocking);
	}
}

/* What every host has: the rule for own addresses at 0, that of VRFs at 1000, main and default. And our own. */
static void test_usual_rules(void **state)
{
	struct policy_rule rules[] = {lookup(0, RT_TABLE_LOCAL), lookup(1000, 0), lookup(3000, 300),
				      lookup(32766, RT_TABLE_MAIN), lookup(32767, RT_TABLE_DEFAULT)};
	struct order order;

	(void)state;
	rules[1].has_other_selector = rules[1].has_hopeless_selector = true;
	order = decide(rules, COUNT(rules));
	assert_int_equal(order.priority, 3000);
	assert_null(order.reason);
	assert_null(order.blocking);
	rules[0].table = 51820;
	order = decide(rules, COUNT(rules));
	assert_int_equal(order.priority, 3000);
	assert_ptr_equal(order.blocking, &rules[0]);
}

/* Ours must not evade themselves, nor foreign rules that lead to the same table. */
static void test_the_decision_is_stable(void **state)
{
	struct policy_rule rules[] = {lookup(2998, 300), lookup(2999, 51820), lookup(3000, 300)};

	(void)state;
	assert_int_equal(decide(rules, COUNT(rules)).priority, 2998);
}

static void test_descriptions(void **state)
{
	struct policy_rule rule = with_mark(0xca6c, EXACT, true);
	char text[ROUTE_TEXT_SIZE];

	(void)state;
	rule.family = AF_INET;
	rule_describe(&rule, text, sizeof(text));
	assert_string_equal(text, "the IPv4 policy rule 100 (not fwmark 0xca6c lookup 51820)");
	rule = (struct policy_rule){.family = AF_INET6, .action = FR_ACT_BLACKHOLE, .has_other_selector = true};
	rule_describe(&rule, text, sizeof(text));
	assert_string_equal(text, "the IPv6 policy rule 0 (with selectors, blackhole)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marks_that_are_known_in_part),
		cmocka_unit_test(test_any_of_several_marks),
		cmocka_unit_test(test_other_selectors),
		cmocka_unit_test(test_what_takes_packets_of_the_gateway),
		cmocka_unit_test(test_rules_of_others_for_our_table),
		cmocka_unit_test(test_exemptions_do_no_harm),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_tables_that_do_no_harm),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_places_with_a_gateway),
		cmocka_unit_test(test_usual_rules),
		cmocka_unit_test(test_the_decision_is_stable),
		cmocka_unit_test(test_descriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
