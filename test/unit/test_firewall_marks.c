/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Other programs' rules that set marks: of which packets, and where that is reported as an obstacle. */

#include "firewall.h"

/* After our own chain, at priority -145, or at the same priority, where the last one registered runs first. */
static void test_marks_by_priority(void **state)
{
	static const struct {
		uint32_t hook;
		int32_t priority;
		bool is_problem;
	} cases[] = {
		{NF_INET_LOCAL_OUT, -146, false},	  {NF_INET_LOCAL_OUT, -145, true}, {NF_INET_LOCAL_OUT, 0, true},
		{NF_INET_PRE_ROUTING, 0, false},	  {NF_INET_FORWARD, 0, false},	   {NF_INET_NUMHOOKS, 0, false},
		{NF_INET_NUMHOOKS + 7, INT32_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		answers_clear(NULL);
		only_chain("theirs", cases[i].hook, cases[i].priority, ACCEPT);
		rule_that_marks();
		answers_done();
		if (cases[i].is_problem)
			assert_only(PROBLEM_MARK, PASS_BOTH);
		else
			assert_none();
	}
}

/* "return" would leave the packets to the policy. */
static void test_marks_before_a_policy_of_drop(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, DROP);
	rule_that_marks();
	answers_done();
	assert_only(PROBLEM_MARK, "nft 'insert rule inet theirs theirs meta mark 3000 accept; "
				  "insert rule inet theirs theirs meta mark and 0xff00 == 0x100 accept'");
}

/* A rule for some marks: of packets that have ours, or can't have. */
static void test_marks_of_some_packets(void **state)
{
	static const struct {
		uint32_t mask, operation, value;
		const char *cure; /* NULL: there is no problem */
	} cases[] = {
		{UINT32_MAX, NFT_CMP_EQ, 3000, PASS_A},
		{UINT32_MAX, NFT_CMP_EQ, 0x1234, NULL}, /* b has 0x01 there */
		{UINT32_MAX, NFT_CMP_EQ, 0x0134, PASS_B},
		{UINT32_MAX, NFT_CMP_NEQ, 3000, PASS_B},
		{UINT32_MAX, NFT_CMP_NEQ, 0, PASS_BOTH},
		{0xff00, NFT_CMP_EQ, 0x100, PASS_B},
		{0xff00, NFT_CMP_NEQ, 0x100, PASS_A},
		{0xff00, NFT_CMP_EQ, 0xb00, PASS_A}, /* 3000 is 0xbb8 */
		{0xff, NFT_CMP_EQ, 0, PASS_B},	     /* may be */
		{0, NFT_CMP_NEQ, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answers_rule rule;

		answers_clear(NULL);
		only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
		rule = begin_rule("theirs");
		load(&rule, NFT_META_MARK);
		if (cases[i].mask != UINT32_MAX)
			mask(&rule, cases[i].mask);
		compare(&rule, cases[i].operation, cases[i].value);
		set_mark(&rule);
		end_rule(&rule, 5);
		answers_done();
		if (cases[i].cure != NULL)
			assert_only(PROBLEM_MARK, cases[i].cure);
		else
			assert_none();
	}
}

/* What the cure adds is one. */
static void pass(uint32_t bits, uint32_t value, int code)
{
	struct answers_rule rule = begin_rule("theirs");

	load(&rule, NFT_META_MARK);
	if (bits != UINT32_MAX)
		mask(&rule, bits);
	compare(&rule, NFT_CMP_EQ, value);
	give_verdict(&rule, code, NULL);
	end_rule(&rule, 4);
}

static void test_a_cured_chain(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
	pass(UINT32_MAX, 3000, NFT_RETURN);
	pass(0xff00, 0x100, NF_ACCEPT);
	rule_that_marks();
	answers_done();
	assert_none();
}

static void test_a_chain_that_is_cured_in_part(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
	pass(UINT32_MAX, 3000, NFT_RETURN);
	pass(0xff, 0, NFT_RETURN); /* some of b's */
	rule_that_marks();
	pass(0xff00, 0x100, NFT_RETURN); /* too late */
	answers_done();
	assert_only(PROBLEM_MARK, PASS_B);
}

/* Something unknown is a condition: what the rule does may be done, and need not. */
static void test_conditions_that_are_not_known(void **state)
{
	struct answers_rule rule;

	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
	rule = begin_rule("theirs");
	answers_expression(&rule, "of-a-later-kernel");
	give_verdict(&rule, NFT_RETURN, NULL);
	end_rule(&rule, 1);
	rule = begin_rule("theirs");
	answers_expression(&rule, NULL);
	answers_expression(&rule, "of-a-later-kernel");
	set_mark(&rule);
	end_rule(&rule, 2);
	answers_done();
	assert_only(PROBLEM_MARK, PASS_BOTH);
}

/* By way of a chain of no hook, and round in a circle. */
static void test_marks_by_way_of_another_chain(void **state)
{
	struct answers_rule rule;

	(void)state;
	answers_to_next();
	chain_of(NFPROTO_INET, "theirs", "output", NF_INET_LOCAL_OUT, 0, ACCEPT);
	chain_of(NFPROTO_INET, "theirs", "theirs", NF_INET_NUMHOOKS, 0, ACCEPT);
	chain_of(NFPROTO_INET, "theirs", "unused", NF_INET_NUMHOOKS, 0, ACCEPT);
	chain_of(NFPROTO_INET, "theirs", "theirs", NF_INET_NUMHOOKS, 0, ACCEPT); /* again, as the list changed */
	answers_done();
	answers_to_next();
	rule = begin_rule("output");
	load(&rule, NFT_META_MARK);
	compare(&rule, NFT_CMP_EQ, 3000);
	give_verdict(&rule, NFT_JUMP, "theirs");
	end_rule(&rule, 1);
	rule = begin_rule("output");
	give_verdict(&rule, NFT_JUMP, "nowhere");
	end_rule(&rule, 2);
	answers_done();
	answers_to_next();
	rule_that_marks();
	rule = begin_rule("theirs");
	give_verdict(&rule, NFT_GOTO, "theirs");
	end_rule(&rule, 3);
	answers_done();
	answers_to_next();
	rule = begin_rule("unused");
	set_mark(&rule);
	end_rule(&rule, 4);
	answers_done();
	assert_only(PROBLEM_MARK, PASS_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_marks_by_priority, answers_clear),
		cmocka_unit_test_teardown(test_marks_before_a_policy_of_drop, answers_clear),
		cmocka_unit_test_teardown(test_marks_of_some_packets, answers_clear),
		cmocka_unit_test_teardown(test_a_cured_chain, answers_clear),
		cmocka_unit_test_teardown(test_a_chain_that_is_cured_in_part, answers_clear),
		cmocka_unit_test_teardown(test_conditions_that_are_not_known, answers_clear),
		cmocka_unit_test_teardown(test_marks_by_way_of_another_chain, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
