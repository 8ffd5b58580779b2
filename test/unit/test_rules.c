/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading policy rules that the kernel lists, and handling failed requests. */

#include "routes.h"

static int list(int family, struct policy_rules *rules)
{
	struct rtnetlink rtnetlink = {0};
	int result = 0;

	*rules = (struct policy_rules){0};
	result = rules_list(&rtnetlink, family, rules);
	rtnetlink_close(&rtnetlink);
	return result;
}

/* The only rule of an answer that was written. */
static struct policy_rule only_rule(void)
{
	struct policy_rules rules;
	struct policy_rule only;

	answers_done();
	assert_int_equal(list(AF_INET, &rules), 0);
	assert_int_equal(rules.count, 1);
	only = rules.items[0];
	free(rules.items);
	return only;
}

static void test_a_rule_of_ours(void **state)
{
	struct policy_rule found;

	(void)state;
	answers_to_next();
	our_rule(AF_INET, 2999, MARK, TABLE);
	found = only_rule();
	assert_int_equal(found.family, AF_INET);
	assert_int_equal(found.priority, 2999);
	assert_true(found.mark.value == MARK && found.mark.mask == UINT32_MAX);
	assert_int_equal(found.table, TABLE);
	assert_true(rule_has_our_shape(&found));
}

static struct policy_rule listed_exemption(uint16_t type, size_t size, const char *bytes)
{
	struct nlmsghdr *message = NULL;

	answers_clear(NULL);
	answers_to_next();
	message = our_exemption(AF_INET6, 2998, GATEWAY_MARK);
	mnl_attr_put(message, type, size, bytes);
	return only_rule();
}

static void test_an_exemption_of_ours(void **state)
{
	struct policy_rule found;

	(void)state;
	answers_to_next();
	our_exemption(AF_INET6, 2998, GATEWAY_MARK);
	found = only_rule();
	assert_true(found.is_for_sent && !found.has_other_selector && !found.has_hopeless_selector);
	assert_int_equal(found.target, 32766);
	assert_true(rule_is_exemption(&found));
	assert_false(rule_has_our_shape(&found));
	/* of several attributes the last one counts */
	found = listed_exemption(FRA_GOTO, 4, "\xb8\x0b\0\0");
	assert_int_equal(found.target, 3000); /* where main's is missing */
	assert_true(rule_is_exemption(&found));
	found = listed_exemption(FRA_GOTO, 4, "\xb9\x0b\0\0");
	assert_int_equal(found.target, 3001);
	assert_false(rule_is_exemption(&found));
	found = listed_exemption(FRA_PROTOCOL, 1, "\3");
	assert_false(rule_is_exemption(&found));
	found = listed_exemption(FRA_SRC, 4, "\x0a\0\0\1");
	assert_false(rule_is_exemption(&found));
	found = listed_exemption(FRA_FWMARK, 4, "\0\0\0\0");
	assert_false(rule_is_exemption(&found));
}

/* Ours for a table apply to every packet with the mark. */
static void test_an_incoming_interface_is_not_ours(void **state)
{
	struct policy_rule found;

	(void)state;
	answers_to_next();
	our_rule(AF_INET, 2999, GATEWAY_MARK, TABLE);
	mnl_attr_put_strz(answers.datagrams[answers.count - 1].last, FRA_IIFNAME, "lo");
	found = only_rule();
	assert_false(rule_has_our_shape(&found));
	answers_clear(NULL);
	answers_to_next();
	mnl_attr_put_strz(our_exemption(AF_INET, 2998, GATEWAY_MARK), FRA_IIFNAME, "eth0");
	found = only_rule();
	assert_false(rule_is_exemption(&found));
}

/* Those of the gateway come before the others, and are added after them: the first leads there. */
static void test_what_is_wanted(void **state)
{
	struct policy_rule rules[3];

	(void)state;
	assert_int_equal(routing_rule_count(&wanted), 1);
	assert_int_equal(routing_rule_count(&with_gateway), COUNT(rules));
	for (size_t i = 0; i < COUNT(rules); i++) {
		rules[i] = rule_wanted(&with_gateway, AF_INET, i, 100);
		assert_true(rule_is_wanted(&rules[i], &with_gateway));
		assert_int_equal(rule_is_wanted(&rules[i], &wanted), i == 0);
	}
	assert_true(rule_has_our_shape(&rules[0]) && rules[0].priority == 100 && rules[0].mark.value == MARK);
	assert_true(rule_is_exemption(&rules[1]) && rules[1].priority == 98 && rules[1].mark.value == GATEWAY_MARK);
	assert_true(rule_has_our_shape(&rules[2]) && rules[2].priority == 99 && rules[2].mark.value == GATEWAY_MARK);
	assert_true(rules[0].table == TABLE && rules[2].table == TABLE);
}

/* What is written is read back as the same. */
static void test_changes(void **state)
{
	struct rtnetlink rtnetlink = {0};

	(void)state;
	for (size_t i = 0; i < routing_rule_count(&with_gateway); i++) {
		const struct policy_rule rule = rule_wanted(&with_gateway, AF_INET6, i, PRIORITY);
		struct policy_rule found;
		char text[2][ROUTE_TEXT_SIZE];

		answers_clear(NULL);
		answers_to_next();
		answers_refuse(0);
		assert_int_equal(rules_change(&rtnetlink, &rule, true), 0);
		answers_to_next();
		memcpy(answers_message(RTM_NEWRULE, "", 0), answers_request(0), answers_request(0)->nlmsg_len);
		answers.datagrams[answers.count - 1].last->nlmsg_flags = NLM_F_MULTI;
		answers.datagrams[answers.count - 1].last->nlmsg_seq = 0;
		found = only_rule();
		assert_true(rule_equals(&found, &rule));
		assert_int_equal(found.priority, rule.priority);
		assert_int_equal(found.target, rule.target);
		rule_describe(&rule, text[0], sizeof(text[0]));
		rule_describe(&found, text[1], sizeof(text[1]));
		assert_string_equal(text[0], text[1]);
		rtnetlink_close(&rtnetlink);
	}
}

/* What is not known may match or not; some things can't for what has a way to the proxy. */
static void test_selectors(void **state)
{
	static const struct {
		uint16_t type;
		const char *bytes;
		size_t size;
		bool is_selector, is_hopeless, is_output, is_for_sent;
	} cases[] = {
		{FRA_SRC, "\x0a\0\0\1", 4, .is_selector = true},
		{FRA_IIFNAME, "lo", 3, .is_for_sent = true},
		{FRA_IIFNAME, "eth0", 5, .is_selector = true, .is_hopeless = true},
		{FRA_OIFNAME, "eth0", 5, .is_selector = true, .is_hopeless = true, .is_output = true},
		{FRA_OIFNAME, "lo", 3, .is_selector = true, .is_output = true},
		/* cut: another name may begin so */
		{FRA_OIFNAME, "lo", 2, .is_selector = true, .is_hopeless = true, .is_output = true},
		{FRA_IIFNAME, "lo", 2, .is_selector = true, .is_hopeless = true},
		{FRA_L3MDEV, "\1", 1, .is_selector = true, .is_hopeless = true},
		{FRA_L3MDEV, "\0", 1},
		{FRA_L3MDEV, "", 0},
		{FRA_SUPPRESS_PREFIXLEN, "\0\0\0\0", 4},
		{FRA_GOTO, "\0\0\0\0", 4},
		{500, "\0", 1, .is_selector = true}, /* of a later kernel */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_rule found;

		answers_clear(NULL);
		answers_to_next();
		mnl_attr_put(policy_rule(AF_INET, FR_ACT_TO_TBL, 100), cases[i].type, cases[i].size, cases[i].bytes);
		found = only_rule();
		if (found.has_other_selector != cases[i].is_selector ||
		    found.has_hopeless_selector != cases[i].is_hopeless ||
		    found.has_output_selector != cases[i].is_output || found.is_for_sent != cases[i].is_for_sent)
			fail_msg("attribute %u, case %zu", cases[i].type, i);
	}
}

static void test_heads_of_rules(void **state)
{
	struct fib_rule_hdr head = {.family = AF_INET, .tos = 4, .action = FR_ACT_NOP, .flags = FIB_RULE_INVERT};
	struct policy_rule found;

	(void)state;
	answers_to_next();
	answers_message(RTM_NEWRULE, &head, sizeof(head));
	answers_message(RTM_NEWRULE, &head, sizeof(head) - 4); /* too short to be one */
	found = only_rule();
	assert_true(found.is_inverted && found.has_other_selector && !found.is_unresolved);
	assert_int_equal(found.action, FR_ACT_NOP);
	assert_false(rule_has_our_shape(&found));
	head.flags = FIB_RULE_UNRESOLVED;
	answers_clear(NULL);
	answers_to_next();
	answers_message(RTM_NEWRULE, &head, sizeof(head));
	found = only_rule();
	assert_true(found.is_unresolved && !found.is_inverted);
}

/* A number that is cut is none. */
static void test_short_attributes(void **state)
{
	struct nlmsghdr *message = NULL;
	struct policy_rule found;

	(void)state;
	answers_to_next();
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 100);
	mnl_attr_put_u16(message, FRA_FWMARK, MARK);
	mnl_attr_put_u16(message, FRA_TABLE, TABLE);
	mnl_attr_put_u16(message, FRA_GOTO, PRIORITY);
	mnl_attr_put(message, FRA_PROTOCOL, 0, NULL);
	found = only_rule();
	assert_true(found.mark.value == 0 && found.table == 0 && found.target == 0 && found.protocol == 0);
}

/* The whole list is asked for again, and nothing is in it twice. */
static void test_rules_change_meanwhile(void **state)
{
	struct policy_rules rules;

	(void)state;
	answers_to_next();
	our_rule(AF_INET, 1, 1, 1);
	answers_datagram();
	our_rule(AF_INET, 2, 2, 2);
	answers_changed();
	answers_datagram();
	our_rule(AF_INET, 3, 3, 3);
	answers_done();
	answers_to_next();
	our_rule(AF_INET, 4, 4, 4);
	answers_done();
	assert_int_equal(list(AF_INET, &rules), 0);
	assert_int_equal(rules.count, 1);
	assert_int_equal(rules.items[0].priority, 4);
	assert_int_equal(answers.asked, 2);
	free(rules.items);
}

static void test_rules_change_all_the_time(void **state)
{
	struct policy_rules rules;

	(void)state;
	for (size_t i = 0; i < DUMPS; i++) {
		answers_to_next();
		our_rule(AF_INET, 1, 1, 1);
		answers_changed();
		answers_done();
	}
	assert_int_equal(list(AF_INET, &rules), -EAGAIN);
	assert_int_equal(answers.asked, DUMPS);
	free(rules.items);
}

/* A signal is no failure, whatever it interrupts. */
static void test_a_signal_comes(void **state)
{
	const struct policy_rule rule = rule_wanted(&wanted, AF_INET, 0, PRIORITY);
	struct rtnetlink rtnetlink = {0};
	struct policy_rules rules;

	(void)state;
	answers.send_failure = EINTR;
	answers_to_next();
	answers_fail(EINTR);
	our_rule(AF_INET, 1, 1, 1);
	answers_fail(EINTR);
	answers_done();
	assert_int_equal(list(AF_INET, &rules), 0);
	assert_int_equal(rules.count, 1);
	assert_int_equal(answers.asked, 1);
	free(rules.items);
	answers.send_failure = EINTR;
	answers_to_next();
	answers_refuse(0);
	assert_int_equal(rules_change(&rtnetlink, &rule, true), 0);
	rtnetlink_close(&rtnetlink);
}

/* The rest of an answer must not be mistaken for that to the next request, so it is discarded. */
static void test_reading_fails(void **state)
{
	static const int errors[] = {ENOBUFS, ENOMEM, EAGAIN, EPROTO};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct rtnetlink rtnetlink = {0};
		struct policy_rules rules = {0};

		answers_clear(NULL);
		answers_to_next();
		our_rule(AF_INET, 1, 1, 1);
		if (errors[i] != EPROTO)
			answers_fail(errors[i]);
		else
			policy_rule(AF_INET, FR_ACT_NOP, 2)->nlmsg_seq = 12345; /* to another request */
		answers_done();
		assert_int_equal(rules_list(&rtnetlink, AF_INET, &rules), -errors[i]);
		assert_int_equal(answers_left(), 0);
		rtnetlink_close(&rtnetlink);
		free(rules.items);
	}
}

/* That answer is over, and the socket is as good as before. */
static void test_the_kernel_refuses(void **state)
{
	struct rtnetlink rtnetlink = {0};
	struct policy_rules rules = {0};

	(void)state;
	answers_to_next();
	answers_refuse(EAFNOSUPPORT);
	assert_int_equal(rules_list(&rtnetlink, AF_INET6, &rules), -EAFNOSUPPORT);
	assert_int_equal(answers_left(), 0);
	rtnetlink_close(&rtnetlink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_rule_of_ours, answers_clear),
		cmocka_unit_test_teardown(test_an_exemption_of_ours, answers_clear),
		cmocka_unit_test_teardown(test_an_incoming_interface_is_not_ours, answers_clear),
		cmocka_unit_test_teardown(test_what_is_wanted, answers_clear),
		cmocka_unit_test_teardown(test_changes, answers_clear),
		cmocka_unit_test_teardown(test_selectors, answers_clear),
		cmocka_unit_test_teardown(test_heads_of_rules, answers_clear),
		cmocka_unit_test_teardown(test_short_attributes, answers_clear),
		cmocka_unit_test_teardown(test_rules_change_meanwhile, answers_clear),
		cmocka_unit_test_teardown(test_rules_change_all_the_time, answers_clear),
		cmocka_unit_test_teardown(test_a_signal_comes, answers_clear),
		cmocka_unit_test_teardown(test_reading_fails, answers_clear),
		cmocka_unit_test_teardown(test_the_kernel_refuses, answers_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
