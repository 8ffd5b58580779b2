/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Classification of other programs' rules, as listed by the kernel. */

#include "firewall.h"

static void notrack(const char *chain, uint64_t handle)
{
	struct answers_rule rule = begin_rule(chain);

	answers_expression(&rule, "notrack");
	end_rule(&rule, handle);
}

static void test_notrack(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_PRE_ROUTING, -300, ACCEPT);
	notrack("theirs", 7);
	notrack("theirs", UINT64_C(5000000000));
	answers_done();
	assert_only(PROBLEM_NOTRACK, "nft 'delete rule inet theirs theirs handle 7; "
				     "delete rule inet theirs theirs handle 5000000000'");
}

static void test_more_notrack_than_is_kept(void **state)
{
	char cure[1024] = "nft '";

	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, -300, ACCEPT);
	for (uint64_t i = 0; i < OBSTACLE_HANDLES_MAX + 3; i++) {
		const size_t used = strlen(cure);

		notrack("theirs", i);
		if (i < OBSTACLE_HANDLES_MAX)
			snprintf(cure + used, sizeof(cure) - used, "%sdelete rule inet theirs theirs handle %u%s",
				 i > 0 ? "; " : "", (unsigned)i, i == OBSTACLE_HANDLES_MAX - 1 ? "'" : "");
	}
	answers_done();
	assert_only(PROBLEM_NOTRACK, cure);
}

/* An extension of iptables, by what it is given. */
static void target(const char *name, uint16_t flags, size_t size)
{
	struct answers_rule rule = begin_rule("theirs");
	struct nlmsghdr *message = answers_expression(&rule, "target");

	mnl_attr_put_strz(message, NFTA_TARGET_NAME, name);
	mnl_attr_put(message, NFTA_TARGET_INFO, size, &flags);
	end_rule(&rule, 9);
}

static void test_targets_of_iptables(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, -300, ACCEPT);
	target("CT", 2, sizeof(uint16_t)); /* something else than notrack */
	target("CT", 1, 1);		   /* cut */
	target("LOG", 1, sizeof(uint16_t));
	target("MARK", 0, 0); /* before our chain */
	answers_done();
	assert_none();
	answers_clear(NULL);
	only_chain("theirs", NF_INET_LOCAL_OUT, -300, ACCEPT);
	target("CT", 1, sizeof(uint16_t));
	answers_done();
	assert_only(PROBLEM_NOTRACK, "nft 'delete rule inet theirs theirs handle 9'");
	answers_clear(NULL);
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
	target("MARK", 0, 0);
	answers_done();
	assert_only(PROBLEM_MARK, PASS_BOTH);
}

#define ACCEPT_LO "nft insert rule inet theirs theirs iif lo accept"

static void accept_from(uint32_t index)
{
	struct answers_rule rule = begin_rule("theirs");

	load(&rule, NFT_META_IIF);
	compare(&rule, NFT_CMP_EQ, index);
	give_verdict(&rule, NF_ACCEPT, NULL);
	end_rule(&rule, 1);
}

static void test_policies_of_input(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_IN, 0, DROP);
	accept_from(2);
	answers_done();
	assert_only(PROBLEM_INPUT_POLICY, ACCEPT_LO);
	answers_clear(NULL);
	only_chain("theirs", NF_INET_LOCAL_IN, 0, DROP);
	accept_from(1);
	answers_done();
	assert_none();
	answers_clear(NULL);
	only_chain("theirs", NF_INET_FORWARD, 0, DROP);
	answers_done();
	assert_none();
}

/* As wg-quick has it. */
static void drop_by_address(void)
{
	struct answers_rule rule = begin_rule("theirs");

	answers_u32(answers_expression(&rule, "fib"), NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	compare(&rule, NFT_CMP_NEQ, 2);
	give_verdict(&rule, NF_DROP, NULL);
	end_rule(&rule, 3);
}

/* What is dropped for another reason, or by the way back as firewalld does it, is no concern. */
static void drop_otherwise(bool by_way_back)
{
	struct answers_rule rule = begin_rule("theirs");

	if (by_way_back)
		answers_u32(answers_expression(&rule, "fib"), NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF);
	compare(&rule, NFT_CMP_EQ, 0);
	give_verdict(&rule, NF_DROP, NULL);
	end_rule(&rule, 3);
}

static void test_answers_that_are_dropped(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_PRE_ROUTING, -300, ACCEPT);
	drop_by_address();
	answers_done();
	assert_only(PROBLEM_ANSWERS, ACCEPT_LO);
	answers_clear(NULL);
	only_chain("theirs", NF_INET_PRE_ROUTING, -300, ACCEPT);
	accept_from(1);
	drop_by_address();
	drop_otherwise(true);
	answers_done();
	assert_none();
	answers_clear(NULL);
	only_chain("theirs", NF_INET_PRE_ROUTING, -300, ACCEPT);
	drop_otherwise(false);
	drop_otherwise(true);
	answers_done();
	assert_none();
}

/* Names that a shell or nft would misinterpret yield no command, and are shown escaped. */
static void test_names_that_are_not_plain(void **state)
{
	struct problems problems;

	(void)state;
	answers_to_next();
	chain_of(NFPROTO_IPV4, "a'; reboot; '", "x\033[31m", NF_INET_LOCAL_IN, 0, DROP);
	answers_done();
	answers_to_next();
	answers_done();
	problems = problems_of(CONFIG);
	assert_int_equal(problems.count, 1);
	assert_null(problems.items[0].cure);
	assert_null(strchr(problems.items[0].text, '\033'));
	assert_non_null(strstr(problems.items[0].about, "of the table ip "));
	problems_clear(&problems);
}

/* Of our own tables, of bridges, and with names that are longer than the kernel's. */
static void test_chains_that_are_no_concern(void **state)
{
	char name[OTHERS_NAME_SIZE + 1] = "";

	(void)state;
	memset(name, 'a', OTHERS_NAME_SIZE);
	answers_to_next();
	chain_of(NFPROTO_INET, "cgtproxy", "input", NF_INET_LOCAL_IN, 0, DROP);
	chain_of(NFPROTO_INET, "cgtproxy-next", "input", NF_INET_LOCAL_IN, 0, DROP);
	chain_of(NFPROTO_INET, name, "input", NF_INET_LOCAL_IN, 0, DROP);
	chain_of(NFPROTO_BRIDGE, "theirs", "theirs", NF_INET_LOCAL_IN, 0, DROP);
	answers_done();
	answers_to_next(); /* the bridge's */
	answers_done();
	assert_none();
}

static void test_what_a_config_has_no_use_for(void **state)
{
	struct problems problems;

	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, DROP);
	rule_that_marks();
	notrack("theirs", 7);
	answers_done();
	problems = problems_of("version: 1\n");
	assert_int_equal(problems.count, 0);
	problems_clear(&problems);
}

/* Concurrent changes may be missed until a later scan; that is not a failure. */
static void test_rules_change_meanwhile(void **state)
{
	(void)state;
	only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
	answers_fail(EINTR);
	rule_that_marks();
	answers_changed();
	answers_datagram();
	answers_done();
	assert_only(PROBLEM_MARK, PASS_BOTH);
}

static void test_reading_fails(void **state)
{
	static const int errors[] = {ENOBUFS, EPERM};
	struct config *config = parse_good(CONFIG);

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct problems problems;

		answers_clear(NULL);
		only_chain("theirs", NF_INET_LOCAL_OUT, 0, ACCEPT);
		rule_that_marks();
		answers_fail(errors[i]);
		answers_done();
		assert_int_equal(inspect(config, &problems), -errors[i]);
		assert_int_equal(problems.count, 0);
		problems_clear(&problems);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_notrack, answers_clear),
		cmocka_unit_test_teardown(test_more_notrack_than_is_kept, answers_clear),
		cmocka_unit_test_teardown(test_targets_of_iptables, answers_clear),
		cmocka_unit_test_teardown(test_policies_of_input, answers_clear),
		cmocka_unit_test_teardown(test_answers_that_are_dropped, answers_clear),
		cmocka_unit_test_teardown(test_names_that_are_not_plain, answers_clear),
		cmocka_unit_test_teardown(test_chains_that_are_no_concern, answers_clear),
		cmocka_unit_test_teardown(test_what_a_config_has_no_use_for, answers_clear),
		cmocka_unit_test_teardown(test_rules_change_meanwhile, answers_clear),
		cmocka_unit_test_teardown(test_reading_fails, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
