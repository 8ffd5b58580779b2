/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of the changes that the kernel reports may divert marked packets. */

#include "routes.h"

#include "route/monitor.h"

#include <sys/prctl.h>
#include <unistd.h>

enum {
	OWN_PORT = 4711,
	IPV4 = 1 << FAMILY_IPV4,
	IPV6 = 1 << FAMILY_IPV6,
};

static struct route_disturbance hear_for(const struct routing *routing)
{
	struct route_monitor monitor = {.netlink = {.socket = anywhere}};
	struct route_disturbance disturbance;

	answers_fail(EAGAIN);
	memset(&disturbance, 0xff, sizeof(disturbance));
	route_monitor_read(&monitor, routing, OWN_PORT, &disturbance);
	return disturbance;
}

static struct route_disturbance hear(void)
{
	return hear_for(&wanted);
}

/* Begins with nothing that was heard. */
static void silence(void)
{
	answers_clear(NULL);
	answers_datagram();
}

static void test_silence(void **state)
{
	struct route_disturbance heard;

	(void)state;
	silence();
	heard = hear();
	assert_int_equal(heard.families, 0);
}

/* Those that stand in front of ours, or where ours do. */
static void test_rules(void **state)
{
	static const struct {
		uint32_t priority;
		int family;
		unsigned families;
	} cases[] = {
		{0, AF_INET, IPV4},
		{PRIORITY, AF_INET6, IPV6},
		{PRIORITY + 1, AF_INET, 0},
		{PRIORITY, AF_UNIX, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route_disturbance heard;

		silence();
		policy_rule(cases[i].family, FR_ACT_TO_TBL, cases[i].priority);
		heard = hear();
		assert_int_equal(heard.families, cases[i].families);
	}
}

/* A rule of the gateway's leads to the one for the table main. */
static void test_rules_that_matter_to_a_gateway(void **state)
{
	static const uint32_t priorities[] = {PRIORITY + 1, 32765, 32766, 32767};

	(void)state;
	for (size_t i = 0; i < COUNT(priorities); i++) {
		struct route_disturbance heard;

		silence();
		policy_rule(AF_INET, FR_ACT_TO_TBL, priorities[i]);
		heard = hear_for(&with_gateway);
		assert_int_equal(heard.families, priorities[i] == 32766 ? IPV4 : 0);
		silence();
		policy_rule(AF_INET, FR_ACT_TO_TBL, priorities[i]);
		heard = hear();
		assert_int_equal(heard.families, 0);
	}
}

static void test_routes(void **state)
{
	struct route_disturbance heard;

	(void)state;
	silence();
	our_route(AF_INET, TABLE + 1);
	heard = hear();
	assert_int_equal(heard.families, 0);
	silence();
	our_route(AF_INET, TABLE + 1);
	our_route(AF_INET6, TABLE);
	heard = hear();
	assert_int_equal(heard.families, IPV6);
}

static void test_the_loopback_interface(void **state)
{
	struct ifinfomsg link = {.ifi_index = ETHERNET};
	struct route_disturbance heard;

	(void)state;
	silence();
	answers_message(RTM_NEWLINK, &link, sizeof(link));
	heard = hear();
	assert_int_equal(heard.families, 0);
	silence();
	link.ifi_index = LOOPBACK;
	answers_message(RTM_NEWLINK, &link, sizeof(link));
	heard = hear();
	assert_int_equal(heard.families, IPV4 | IPV6);
}

static void test_our_own_changes(void **state)
{
	struct route_disturbance heard;

	(void)state;
	silence();
	policy_rule(AF_INET, FR_ACT_TO_TBL, 1)->nlmsg_pid = OWN_PORT;
	heard = hear();
	assert_int_equal(heard.families, 0);
}

/* Who added something is the first who did, and another one may have removed something. */
static void test_who_did_it(void **state)
{
	struct nlmsghdr *message = NULL;
	struct route_disturbance heard;

	(void)state;
	silence();
	policy_rule(AF_INET, FR_ACT_TO_TBL, 1); /* the kernel's doing */
	policy_rule(AF_INET, FR_ACT_TO_TBL, 2)->nlmsg_pid = 5001;
	policy_rule(AF_INET, FR_ACT_TO_TBL, 3)->nlmsg_pid = 5002;
	heard = hear();
	assert_int_equal(heard.added.port, 5001);
	assert_int_equal(heard.removed.port, 0);
	assert_string_equal(heard.removed.name, "the kernel or another program");
	silence();
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 1);
	message->nlmsg_type = RTM_DELRULE;
	message->nlmsg_pid = 5003;
	heard = hear();
	assert_int_equal(heard.removed.port, 5003);
	assert_int_equal(heard.added.port, 0);
}

/* Its name is known as long as its process is there. */
static void test_which_program_did_it(void **state)
{
	char name[PROCESS_PROGRAM_SIZE];
	struct route_disturbance heard;

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	silence();
	policy_rule(AF_INET, FR_ACT_TO_TBL, 1)->nlmsg_pid = (uint32_t)getpid();
	heard = hear();
	assert_string_equal(heard.added.program, name);
	assert_non_null(strstr(heard.added.name, name));
	assert_string_equal(heard.removed.program, "");
	silence();
	policy_rule(AF_INET, FR_ACT_TO_TBL, 1)->nlmsg_pid = UINT32_MAX; /* no process has it */
	heard = hear();
	assert_string_equal(heard.added.program, "");
	assert_string_equal(heard.added.name, "the owner of netlink port 4294967295");
}

/* Nobody knows what was lost. */
static void test_what_is_lost(void **state)
{
	static const int errors[] = {ENOBUFS, ENOMEM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct route_disturbance heard;

		silence();
		answers_fail(errors[i]);
		answers_fail(EINTR);
		policy_rule(AF_INET, FR_ACT_TO_TBL, 1)->nlmsg_pid = 5001;
		heard = hear();
		assert_int_equal(heard.families, IPV4 | IPV6);
		/* and what comes then is heard as well, unless reading fails for good */
		assert_int_equal(heard.added.port, errors[i] == ENOBUFS ? 5001 : 0);
	}
}

static void test_messages_that_are_too_short(void **state)
{
	static const uint16_t types[] = {RTM_NEWRULE, RTM_DELRULE, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWLINK, 999};
	static const uint8_t head[4] = {AF_INET};
	struct route_disturbance heard;

	(void)state;
	silence();
	for (size_t i = 0; i < COUNT(types); i++)
		answers_message(types[i], head, sizeof(head));
	answers_cut(2); /* of the last */
	heard = hear();
	assert_int_equal(heard.families, 0);
}

/* What was read before is not read again, although it is still behind a short message. */
static void test_what_is_behind_a_message(void **state)
{
	const struct ifinfomsg link = {.ifi_index = LOOPBACK};
	struct route_disturbance heard;

	(void)state;
	silence();
	answers_message(RTM_DELLINK, &link, sizeof(link));
	answers_datagram();
	answers_message(RTM_NEWLINK, &link, offsetof(struct ifinfomsg, ifi_index));
	heard = hear();
	assert_int_equal(heard.families, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_silence, answers_clear),
		cmocka_unit_test_teardown(test_rules, answers_clear),
		cmocka_unit_test_teardown(test_rules_that_matter_to_a_gateway, answers_clear),
		cmocka_unit_test_teardown(test_routes, answers_clear),
		cmocka_unit_test_teardown(test_the_loopback_interface, answers_clear),
		cmocka_unit_test_teardown(test_our_own_changes, answers_clear),
		cmocka_unit_test_teardown(test_who_did_it, answers_clear),
		cmocka_unit_test_teardown(test_which_program_did_it, answers_clear),
		cmocka_unit_test_teardown(test_what_is_lost, answers_clear),
		cmocka_unit_test_teardown(test_messages_that_are_too_short, answers_clear),
		cmocka_unit_test_teardown(test_what_is_behind_a_message, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
