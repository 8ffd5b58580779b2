/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The choice of a mark and a routing table. */

#include "unit.h"

#include "inspect/unused.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

enum { FIRST = 3000, WHOLE = UINT32_MAX };

static struct policy_rule rules[8];
static uint32_t marks[8];
static uint32_t foreign[8];
static uint32_t ours[8];

/* All that is in use is IPv6's, so that both families are seen to count. */
static struct in_use in_use;

static int begin(void **state)
{
	(void)state;
	in_use = (struct in_use){0};
	in_use.rules[FAMILY_IPV6].items = rules;
	in_use.foreign[FAMILY_IPV6].items = foreign;
	in_use.ours[FAMILY_IPV4].items = ours;
	in_use.marks.items = marks;
	return 0;
}

static struct policy_rule *add_rule(uint32_t value, uint32_t mask, uint32_t table)
{
	struct policy_rule *rule = &rules[in_use.rules[FAMILY_IPV6].count++];

	*rule = (struct policy_rule){
		.mark = {value, mask}, .table = table, .action = FR_ACT_TO_TBL, .protocol = RTPROT_STATIC};
	return rule;
}

static void test_nothing_in_use(void **state)
{
	(void)state;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
	assert_int_equal(unused_table(&in_use, 300), 300);
}

static void test_marks_of_sockets(void **state)
{
	(void)state;
	marks[in_use.marks.count++] = FIRST + 1;
	marks[in_use.marks.count++] = FIRST;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 2);
}

static void test_marks_of_rules(void **state)
{
	(void)state;
	add_rule(0, 0, 51820);
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
	add_rule(FIRST, WHOLE, 51820);
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 1);
	add_rule(FIRST + 1, WHOLE, 51820)->is_inverted = true;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 2);
}

/* A rule of the daemon's leads to no table. */
static void test_marks_of_a_gateway(void **state)
{
	struct policy_rule *rule = add_rule(FIRST, WHOLE, 0);

	(void)state;
	*rule = (struct policy_rule){.mark = {FIRST, WHOLE},
				     .priority = 2998,
				     .action = FR_ACT_GOTO,
				     .target = MAIN_PRIORITY,
				     .protocol = RTPROT_KERNEL,
				     .is_for_sent = true};
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
	rule->protocol = RTPROT_STATIC;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 1);
}

/* 3000 is 0xbb8: a rule for 0x3 in the lowest four bits takes 3003, and one for 0xb00/0xf00 all that is near. */
static void test_masks(void **state)
{
	uint32_t mark = 0;

	(void)state;
	add_rule(0xb, 0xf, 51820);
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
	assert_int_equal(unused_mark(&in_use, FIRST + 3), FIRST + 4);
	add_rule(0xb00, 0xf00, 51820);
	mark = unused_mark(&in_use, FIRST);
	assert_int_not_equal(mark & 0xf00, 0xb00);
	/* what has nothing in the upper half */
	add_rule(0, 0xff0000, 51820);
	mark = unused_mark(&in_use, FIRST);
	assert_int_not_equal(mark & 0xff0000, 0);
	assert_int_not_equal(mark & 0xf00, 0xb00);
}

static void test_no_mark_left(void **state)
{
	(void)state;
	add_rule(0, 1, 51820);
	add_rule(1, 1, 51820);
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
}

static void test_a_mark_is_never_0(void **state)
{
	(void)state;
	marks[in_use.marks.count++] = UINT32_MAX;
	assert_int_equal(unused_mark(&in_use, UINT32_MAX), 1);
}

static void test_tables(void **state)
{
	(void)state;
	foreign[in_use.foreign[FAMILY_IPV6].count++] = 300;
	add_rule(0, 0, 301);
	add_rule(0, 0, 302)->action = FR_ACT_UNREACHABLE;
	assert_int_equal(unused_table(&in_use, 300), 302);
	/* the kernel's own: default, main, local */
	assert_int_equal(unused_table(&in_use, 253), 256);
}

/* An earlier run's, which the new config replaces. */
static void test_our_own_rules_are_free(void **state)
{
	struct policy_rule *rule = add_rule(FIRST, WHOLE, 300);

	(void)state;
	rule->protocol = RTPROT_KERNEL;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 1);
	assert_int_equal(unused_table(&in_use, 300), 301);
	ours[in_use.ours[FAMILY_IPV4].count++] = 300;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST);
	assert_int_equal(unused_table(&in_use, 300), 300);
	rule->protocol = RTPROT_STATIC;
	assert_int_equal(unused_mark(&in_use, FIRST), FIRST + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_in_use, begin),
		cmocka_unit_test_setup(test_marks_of_sockets, begin),
		cmocka_unit_test_setup(test_marks_of_rules, begin),
		cmocka_unit_test_setup(test_marks_of_a_gateway, begin),
		cmocka_unit_test_setup(test_masks, begin),
		cmocka_unit_test_setup(test_no_mark_left, begin),
		cmocka_unit_test_setup(test_a_mark_is_never_0, begin),
		cmocka_unit_test_setup(test_tables, begin),
		cmocka_unit_test_setup(test_our_own_rules_are_free, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
