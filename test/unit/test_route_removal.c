/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of the listed policy rules and routes are recognized as an earlier run's, and removed. */

#include "routes.h"

enum { OLD = 301 };

static const struct routing nothing_wanted;

static int remove_others(const struct routing *routing, struct error *error)
{
	struct rtnetlink rtnetlink = {0};
	int result = route_remove_others(&rtnetlink, routing, error);

	rtnetlink_close(&rtnetlink);
	return result;
}

static void remove_well(const struct routing *routing)
{
	struct error error;

	assert_int_equal(remove_others(routing, &error), 0);
	assert_int_equal(answers.asked, answers.expected);
}

static void empty_list(void)
{
	answers_to_next();
	answers_done();
}

static void no_family(void)
{
	answers_to_next();
	answers_refuse(EAFNOSUPPORT);
}

static void done(void)
{
	answers_to_next();
	answers_refuse(0);
}

static uint32_t number_in(const struct nlmsghdr *message, unsigned head_size, uint16_t type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, head_size) {
		if (mnl_attr_get_type(attribute) == type)
			return mnl_attr_get_u32(attribute);
	}
	fail_msg("no attribute %u", type);
	return 0;
}

static void assert_removes_rule(size_t request, int family, uint32_t priority, uint32_t table)
{
	const struct nlmsghdr *message = answers_request(request);
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);

	assert_int_equal(message->nlmsg_type, RTM_DELRULE);
	assert_int_equal(head->family, family);
	assert_int_equal(number_in(message, sizeof(*head), FRA_PRIORITY), priority);
	assert_int_equal(number_in(message, sizeof(*head), FRA_TABLE), table);
}

static void assert_removes_route(size_t request, int family, uint32_t table)
{
	const struct nlmsghdr *message = answers_request(request);
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);

	assert_int_equal(message->nlmsg_type, RTM_DELROUTE);
	assert_int_equal(head->rtm_family, family);
	assert_int_equal(number_in(message, sizeof(*head), RTA_TABLE), table);
}

/* What is wanted stays, and of an earlier run's the rules go first. */
static void test_an_earlier_run(void **state)
{
	(void)state;
	answers_to_next();
	our_rule(AF_INET, 2000, MARK, OLD);
	our_rule(AF_INET, PRIORITY, MARK, TABLE);
	our_rule(AF_INET, PRIORITY, MARK + 1, TABLE); /* for a proxy that is gone */
	answers_done();
	answers_to_next();
	our_route(AF_INET, OLD);
	our_route(AF_INET, TABLE);
	answers_done();
	no_family();
	for (size_t i = 0; i < 3; i++)
		done();
	remove_well(&wanted);
	assert_removes_rule(3, AF_INET, 2000, OLD);
	assert_removes_rule(4, AF_INET, PRIORITY, TABLE);
	assert_int_equal(number_in(answers_request(4), sizeof(struct fib_rule_hdr), FRA_FWMARK), MARK + 1);
	assert_removes_route(5, AF_INET, OLD);
}

static void assert_removes_exemption(size_t request, int family, uint32_t priority)
{
	const struct nlmsghdr *message = answers_request(request);
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(message);

	assert_int_equal(message->nlmsg_type, RTM_DELRULE);
	assert_int_equal(head->family, family);
	assert_int_equal(head->action, FR_ACT_GOTO);
	assert_int_equal(number_in(message, sizeof(*head), FRA_PRIORITY), priority);
	assert_int_equal(number_in(message, sizeof(*head), FRA_FWMARK), GATEWAY_MARK);
	assert_int_equal(number_in(message, sizeof(*head), FRA_GOTO), 32766);
}

/* An exemption goes after what it precedes; no table tells whose it is. */
static void test_rules_of_a_gateway(void **state)
{
	(void)state;
	answers_to_next();
	our_exemption(AF_INET, 2998, GATEWAY_MARK);
	our_rule(AF_INET, 2999, GATEWAY_MARK, TABLE);
	our_rule(AF_INET, PRIORITY, MARK, TABLE);
	answers_done();
	answers_to_next();
	our_route(AF_INET, TABLE);
	answers_done();
	answers_to_next();
	our_exemption(AF_INET6, 500, GATEWAY_MARK);
	answers_done();
	empty_list();
	for (size_t i = 0; i < 3; i++)
		done();
	remove_well(&wanted);
	assert_removes_rule(4, AF_INET, 2999, TABLE);
	assert_removes_exemption(5, AF_INET, 2998);
	assert_removes_exemption(6, AF_INET6, 500);
}

/* Those stay that are wanted. */
static void test_a_gateway_that_remains(void **state)
{
	(void)state;
	answers_to_next();
	our_exemption(AF_INET, 2998, GATEWAY_MARK);
	our_rule(AF_INET, 2999, GATEWAY_MARK, TABLE);
	answers_done();
	answers_to_next();
	our_route(AF_INET, TABLE);
	answers_done();
	no_family();
	remove_well(&with_gateway);
}

static void test_everything_goes(void **state)
{
	(void)state;
	family_has_ours(AF_INET, PRIORITY, TABLE);
	family_has_ours(AF_INET6, PRIORITY, TABLE);
	for (size_t i = 0; i < 4; i++)
		done();
	remove_well(&nothing_wanted);
	assert_removes_rule(4, AF_INET, PRIORITY, TABLE);
	assert_removes_rule(5, AF_INET6, PRIORITY, TABLE);
	assert_removes_route(6, AF_INET, TABLE);
	assert_removes_route(7, AF_INET6, TABLE);
}

/* Others' rules don't have all of what ours have. */
static void test_rules_of_others(void **state)
{
	struct nlmsghdr *message = NULL;

	(void)state;
	answers_to_next();
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 100); /* without a mark */
	mnl_attr_put_u32(message, FRA_TABLE, OLD);
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_KERNEL);
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 101); /* of another protocol */
	mnl_attr_put_u32(message, FRA_FWMARK, MARK);
	mnl_attr_put_u32(message, FRA_TABLE, OLD);
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_STATIC);
	our_rule(AF_INET, 102, MARK, OLD); /* with one more selector */
	mnl_attr_put_strz(answers.datagrams[answers.count - 1].last, FRA_IIFNAME, "lo");
	message = our_exemption(AF_INET, 103, MARK); /* that leads elsewhere */
	mnl_attr_put_u32(message, FRA_GOTO, 104);
	message = our_exemption(AF_INET, 104, MARK); /* of another protocol */
	mnl_attr_put_u8(message, FRA_PROTOCOL, RTPROT_STATIC);
	answers_done();
	answers_to_next();
	our_route(AF_INET, OLD);
	answers_done();
	no_family();
	done(); /* the route */
	remove_well(&nothing_wanted);
	assert_removes_route(3, AF_INET, OLD);
}

/* A rule of our shape may lead to a table without our route: one that is empty, or another program's. */
static void test_rules_to_tables_without_our_route(void **state)
{
	(void)state;
	for (int has_others = 0; has_others < 2; has_others++) {
		answers_clear(NULL);
		answers_to_next();
		our_rule(AF_INET, 2000, MARK, OLD);
		answers_done();
		empty_list();
		empty_list();
		empty_list();
		empty_list(); /* the table, for IPv4 */
		if (has_others) {
			answers_to_next();
			route(AF_INET6, RTN_UNICAST, RTPROT_STATIC, OLD);
			answers_done();
		} else {
			empty_list();
			done();
		}
		remove_well(&nothing_wanted);
		if (!has_others)
			assert_removes_rule(6, AF_INET, 2000, OLD);
	}
}

/* Of the kernel that has no IPv6 nothing of it is asked; and a rule to the wanted table is ours without a look. */
static void test_what_need_not_be_asked(void **state)
{
	(void)state;
	answers_to_next();
	our_rule(AF_INET, 2000, MARK, OLD);
	our_rule(AF_INET, 2001, MARK + 1, TABLE);
	answers_done();
	empty_list();
	no_family();
	empty_list(); /* the table OLD, for IPv4 */
	done();
	done();
	remove_well(&wanted);
	assert_removes_rule(4, AF_INET, 2000, OLD);
	assert_removes_rule(5, AF_INET, 2001, TABLE);
}

static void test_what_is_gone_already(void **state)
{
	(void)state;
	family_has_ours(AF_INET, 2000, OLD);
	no_family();
	answers_to_next();
	answers_refuse(ENOENT);
	answers_to_next();
	answers_refuse(ESRCH);
	remove_well(&nothing_wanted);
}

/* The first failure is the last attempt. */
static void test_removing_fails(void **state)
{
	struct error error;

	(void)state;
	answers_to_next();
	our_rule(AF_INET, 2000, MARK, OLD);
	our_rule(AF_INET, 2001, MARK, OLD);
	answers_done();
	answers_to_next();
	our_route(AF_INET, OLD);
	answers_done();
	no_family();
	answers_to_next();
	answers_refuse(EPERM);
	assert_int_equal(remove_others(&nothing_wanted, &error), -EPERM);
	assert_non_null(strstr(error.text, "CAP_NET_ADMIN"));
	assert_int_equal(answers.asked, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_an_earlier_run, answers_clear),
		cmocka_unit_test_teardown(test_rules_of_a_gateway, answers_clear),
		cmocka_unit_test_teardown(test_a_gateway_that_remains, answers_clear),
		cmocka_unit_test_teardown(test_everything_goes, answers_clear),
		cmocka_unit_test_teardown(test_rules_of_others, answers_clear),
		cmocka_unit_test_teardown(test_rules_to_tables_without_our_route, answers_clear),
		cmocka_unit_test_teardown(test_what_need_not_be_asked, answers_clear),
		cmocka_unit_test_teardown(test_what_is_gone_already, answers_clear),
		cmocka_unit_test_teardown(test_removing_fails, answers_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
