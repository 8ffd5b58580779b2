/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading routes that the kernel lists, and the resulting state together with the policy rules. */

#include "routes.h"

static int list_table(int family, struct route_entries *entries)
{
	struct rtnetlink rtnetlink = {0};
	int result = 0;

	*entries = (struct route_entries){0};
	result = entries_list(&rtnetlink, family, TABLE, entries);
	rtnetlink_close(&rtnetlink);
	return result;
}

static void test_our_route(void **state)
{
	struct route_entries entries;

	(void)state;
	answers_to_next();
	our_route(AF_INET6, TABLE);
	answers_done();
	assert_int_equal(list_table(AF_INET6, &entries), 0);
	assert_true(entries.has_ours);
	assert_int_equal(entries.foreign_count, 0);
}

/* One thing is other than in ours. */
static void test_routes_that_are_almost_ours(void **state)
{
	static const uint8_t gateway[4] = {192, 0, 2, 1};
	const struct rtmsg of_prefix = {.rtm_family = AF_INET,
					.rtm_type = RTN_LOCAL,
					.rtm_protocol = RTPROT_KERNEL,
					.rtm_dst_len = 1,
					.rtm_table = 0};
	const struct rtmsg of_source = {.rtm_family = AF_INET,
					.rtm_type = RTN_LOCAL,
					.rtm_protocol = RTPROT_KERNEL,
					.rtm_src_len = 1,
					.rtm_table = 0};
	struct route_entries entries;
	struct nlmsghdr *message = NULL;
	char text[ROUTE_TEXT_SIZE];

	(void)state;
	answers_to_next();
	mnl_attr_put_u32(route(AF_INET, RTN_UNICAST, RTPROT_KERNEL, TABLE), RTA_OIF, LOOPBACK);
	mnl_attr_put_u32(route(AF_INET, RTN_LOCAL, RTPROT_BOOT, TABLE), RTA_OIF, LOOPBACK);
	mnl_attr_put_u32(route(AF_INET, RTN_LOCAL, RTPROT_KERNEL, TABLE), RTA_OIF, ETHERNET);
	message = route(AF_INET, RTN_LOCAL, RTPROT_KERNEL, TABLE);
	mnl_attr_put_u32(message, RTA_OIF, LOOPBACK);
	mnl_attr_put(message, RTA_GATEWAY, sizeof(gateway), gateway);
	message = answers_message(RTM_NEWROUTE, &of_prefix, sizeof(of_prefix));
	mnl_attr_put_u32(message, RTA_TABLE, TABLE);
	mnl_attr_put_u32(message, RTA_OIF, LOOPBACK);
	message = answers_message(RTM_NEWROUTE, &of_source, sizeof(of_source));
	mnl_attr_put_u32(message, RTA_TABLE, TABLE);
	mnl_attr_put_u32(message, RTA_OIF, LOOPBACK);
	our_route(AF_INET, TABLE);
	mnl_attr_put_u32(answers.datagrams[answers.count - 1].last, RTA_NH_ID, 8);
	answers_done();
	assert_int_equal(list_table(AF_INET, &entries), 0);
	assert_false(entries.has_ours);
	assert_int_equal(entries.foreign_count, 7);
	entry_describe(&entries.foreign[3], text, sizeof(text));
	assert_non_null(strstr(text, "local default via 192.0.2.1"));
	entry_describe(&entries.foreign[4], text, sizeof(text));
	assert_non_null(strstr(text, "local 0.0.0.0/1"));
}

/* Old kernels list more than was asked for: other tables, other families, and what is cached of routes. */
static void test_what_was_not_asked_for(void **state)
{
	const struct rtmsg cached = {.rtm_family = AF_INET, .rtm_flags = RTM_F_CLONED, .rtm_type = RTN_UNICAST};
	struct route_entries entries;

	(void)state;
	answers_to_next();
	our_route(AF_INET, TABLE + 1);
	our_route(AF_INET6, TABLE);
	mnl_attr_put_u32(answers_message(RTM_NEWROUTE, &cached, sizeof(cached)), RTA_TABLE, TABLE);
	answers_message(RTM_NEWROUTE, &cached, sizeof(cached) - 4);
	answers_done();
	assert_int_equal(list_table(AF_INET, &entries), 0);
	assert_false(entries.has_ours);
	assert_int_equal(entries.foreign_count, 0);
}

/* An address of the wrong size is none: it would be read behind its end, or be half of one. */
static void test_addresses_of_another_size(void **state)
{
	static const uint8_t address[16] = {1, 2, 3, 4, 5};
	static const uint8_t zeroes[ADDRESS_SIZE_MAX];
	struct route_entries entries;

	(void)state;
	answers_to_next();
	for (size_t size = 3; size <= 16; size += 13) {
		struct nlmsghdr *message = route(AF_INET, RTN_UNICAST, RTPROT_BOOT, TABLE);

		mnl_attr_put(message, RTA_DST, size, address);
		mnl_attr_put(message, RTA_GATEWAY, size, address);
	}
	answers_done();
	assert_int_equal(list_table(AF_INET, &entries), 0);
	assert_int_equal(entries.foreign_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_false(entries.foreign[i].has_gateway);
		assert_memory_equal(entries.foreign[i].destination, zeroes, sizeof(zeroes));
	}
}

static void test_more_routes_than_are_kept(void **state)
{
	struct route_entries entries;

	(void)state;
	answers_to_next();
	for (uint32_t i = 0; i < ENTRIES_MAX + 10; i++)
		mnl_attr_put_u32(route(AF_INET, RTN_UNICAST, RTPROT_BOOT, TABLE), RTA_PRIORITY, i);
	our_route(AF_INET, TABLE);
	answers_done();
	assert_int_equal(list_table(AF_INET, &entries), 0);
	assert_true(entries.has_ours);
	assert_int_equal(entries.foreign_count, ENTRIES_MAX + 10);
	assert_int_equal(entries.foreign[ENTRIES_MAX - 1].metric, ENTRIES_MAX - 1);
}

static void test_a_table_that_changes_or_is_not_there(void **state)
{
	struct route_entries entries;

	(void)state;
	answers_to_next();
	our_route(AF_INET, TABLE);
	route(AF_INET, RTN_UNICAST, RTPROT_BOOT, TABLE);
	answers_changed();
	answers_done();
	answers_to_next();
	answers_refuse(ENOENT);
	assert_int_equal(list_table(AF_INET, &entries), 0);
	assert_false(entries.has_ours);
	assert_int_equal(entries.foreign_count, 0);
}

/* The rest of what route_look() asks: addresses of IPv6, if our route is not there, and the loopback interface. */
static void interfaces(bool asks_addresses, unsigned address_on, unsigned flags)
{
	const struct ifaddrmsg address = {.ifa_family = AF_INET6, .ifa_index = address_on};
	const struct ifinfomsg link = {.ifi_index = LOOPBACK, .ifi_flags = flags};

	if (asks_addresses) {
		answers_to_next();
		if (address_on != 0)
			answers_message(RTM_NEWADDR, &address, sizeof(address));
		answers_done();
	}
	answers_to_next();
	answers_message(RTM_NEWLINK, &link, sizeof(link));
	answers_refuse(0);
}

static void no_family(void)
{
	answers_to_next();
	answers_refuse(EAFNOSUPPORT);
}

static struct route_state look(void)
{
	struct rtnetlink rtnetlink = {0};
	struct route_state state;
	struct error error;

	memset(&state, 0, sizeof(state));
	assert_int_equal(route_look(&rtnetlink, &wanted, &state, &error), 0);
	assert_int_equal(answers.asked, answers.expected);
	rtnetlink_close(&rtnetlink);
	return state;
}

static void test_all_is_there(void **state)
{
	struct route_state found;

	(void)state;
	family_has_ours(AF_INET, PRIORITY, TABLE);
	family_has_ours(AF_INET6, PRIORITY, TABLE);
	interfaces(false, 0, IFF_UP);
	found = look();
	assert_true(found.loopback_is_up);
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &found.families[i];

		assert_true(family->exists && family->in_use && family->on_loopback && family->route);
		assert_int_equal(family->rules, 1);
		assert_int_equal(family->priority, PRIORITY);
		assert_int_equal(family->due, PRIORITY);
		assert_int_equal(family->foreign_count, 0);
		assert_string_equal(family->reason, "");
		assert_string_equal(family->blocking, "");
	}
}

static void test_there_is_nothing(void **state)
{
	struct route_state found;

	(void)state;
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		answers_to_next();
		answers_done();
		answers_to_next();
		answers_refuse(ENOENT);
	}
	interfaces(true, ETHERNET, 0);
	found = look();
	assert_false(found.loopback_is_up);
	assert_true(found.families[FAMILY_IPV6].in_use && !found.families[FAMILY_IPV6].on_loopback);
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		assert_int_equal(found.families[i].rules, 0);
		assert_int_equal(found.families[i].priority, 0);
		assert_false(found.families[i].route);
	}
}

/* Nothing can be sent over IPv6 then. */
static void test_no_interface_has_ipv6(void **state)
{
	struct route_state found;

	(void)state;
	family_has_ours(AF_INET, PRIORITY, TABLE);
	answers_to_next();
	answers_done();
	answers_to_next();
	answers_done();
	interfaces(true, 0, IFF_UP);
	found = look();
	assert_true(found.families[FAMILY_IPV6].exists);
	assert_false(found.families[FAMILY_IPV6].in_use || found.families[FAMILY_IPV6].on_loopback);
}

static void test_the_kernel_has_no_ipv6(void **state)
{
	struct route_state found;

	(void)state;
	family_has_ours(AF_INET, PRIORITY, TABLE);
	no_family();
	interfaces(false, 0, IFF_UP);
	found = look();
	assert_true(found.families[FAMILY_IPV4].exists);
	assert_false(found.families[FAMILY_IPV6].exists || found.families[FAMILY_IPV6].in_use);
}

/* Rules of others: in front of ours, where nothing can be, for another mark, and in our table. */
static void test_rules_and_routes_of_others(void **state)
{
	struct nlmsghdr *message = NULL;
	struct route_state found;

	(void)state;
	answers_to_next();
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 1);
	mnl_attr_put_u32(message, FRA_TABLE, 51820);
	our_rule(AF_INET, 50, MARK + 1, 51821);
	message = policy_rule(AF_INET, FR_ACT_TO_TBL, 100);
	mnl_attr_put_u32(message, FRA_TABLE, 51820);
	our_rule(AF_INET, PRIORITY, MARK, TABLE);
	answers_done();
	/* whether the other rule of our shape leads to a table with our route */
	answers_to_next();
	answers_done();
	answers_to_next();
	our_route(AF_INET, TABLE);
	mnl_attr_put_u32(route(AF_INET, RTN_BLACKHOLE, RTPROT_STATIC, TABLE), RTA_PRIORITY, 7);
	answers_done();
	no_family();
	interfaces(false, 0, IFF_UP);
	found = look();
	assert_int_equal(found.families[FAMILY_IPV4].rules, 1);
	assert_int_equal(found.families[FAMILY_IPV4].priority, PRIORITY);
	assert_int_equal(found.families[FAMILY_IPV4].due, 99);
	assert_non_null(strstr(found.families[FAMILY_IPV4].reason, "policy rule 100"));
	assert_non_null(strstr(found.families[FAMILY_IPV4].blocking, "policy rule 1 "));
	assert_int_equal(found.families[FAMILY_IPV4].foreign_count, 1);
	assert_string_equal(found.families[FAMILY_IPV4].foreign, "blackhole default metric 7");
	assert_int_equal(found.families[FAMILY_IPV4].foreign_protocol, RTPROT_STATIC);
}

/* A rule of an earlier run leads to a table with our route, and is as good as ours. */
static void test_rules_of_an_earlier_run(void **state)
{
	(void)state;
	for (int has_route = 0; has_route < 2; has_route++) {
		struct route_state found;

		answers_clear(NULL);
		answers_to_next();
		our_rule(AF_INET, 2000, MARK, TABLE + 1);
		our_rule(AF_INET, PRIORITY, MARK, TABLE);
		answers_done();
		answers_to_next();
		if (has_route)
			our_route(AF_INET, TABLE + 1);
		answers_done();
		answers_to_next();
		our_route(AF_INET, TABLE);
		answers_done();
		no_family();
		interfaces(false, 0, IFF_UP);
		found = look();
		assert_int_equal(found.families[FAMILY_IPV4].due, has_route ? PRIORITY : 1999);
		assert_int_equal(found.families[FAMILY_IPV4].rules, 1);
		assert_int_equal(found.families[FAMILY_IPV4].priority, PRIORITY);
	}
}

static void test_looking_fails(void **state)
{
	struct rtnetlink rtnetlink = {0};
	struct route_state found;
	struct error error;

	(void)state;
	family_has_ours(AF_INET, PRIORITY, TABLE);
	answers_to_next();
	answers_fail(ENOBUFS);
	assert_int_equal(route_look(&rtnetlink, &wanted, &found, &error), -ENOBUFS);
	assert_non_null(strstr(error.text, "(IPv6)"));
	rtnetlink_close(&rtnetlink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_our_route, answers_clear),
		cmocka_unit_test_teardown(test_routes_that_are_almost_ours, answers_clear),
		cmocka_unit_test_teardown(test_what_was_not_asked_for, answers_clear),
		cmocka_unit_test_teardown(test_addresses_of_another_size, answers_clear),
		cmocka_unit_test_teardown(test_more_routes_than_are_kept, answers_clear),
		cmocka_unit_test_teardown(test_a_table_that_changes_or_is_not_there, answers_clear),
		cmocka_unit_test_teardown(test_all_is_there, answers_clear),
		cmocka_unit_test_teardown(test_there_is_nothing, answers_clear),
		cmocka_unit_test_teardown(test_no_interface_has_ipv6, answers_clear),
		cmocka_unit_test_teardown(test_the_kernel_has_no_ipv6, answers_clear),
		cmocka_unit_test_teardown(test_rules_and_routes_of_others, answers_clear),
		cmocka_unit_test_teardown(test_rules_of_an_earlier_run, answers_clear),
		cmocka_unit_test_teardown(test_looking_fails, answers_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
