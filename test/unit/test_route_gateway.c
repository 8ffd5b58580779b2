/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The gateway's two policy rules, and what packets meet after each single change: a forwarded one goes to the proxy,
 * and the reverse path check of one is not led there.
 */

#include "fake_rules.h"

#include "route/order.h"
#include "route/route.h"

enum { TABLE = 300, PRIORITY = 3000, OTHER_TABLE = 51820, PROXY = 3000, GATEWAY = 3001, NEXT = 3002 };

static const struct fwmark proxy = {PROXY, UINT32_MAX}, gateway = {GATEWAY, UINT32_MAX}, next = {NEXT, UINT32_MAX};
static const struct routing wanted = {TABLE, PRIORITY, &proxy, 1, &gateway};
static const struct routing with_next = {TABLE, PRIORITY, &proxy, 1, &next};
static const struct routing without = {TABLE, PRIORITY, &proxy, 1, NULL};
static const struct routing swapped = {TABLE, PRIORITY, &gateway, 1, &proxy};
static const struct routing nothing = {TABLE, PRIORITY, &proxy, 0, NULL};

static bool is_in_force; /* so that packets are to go to the proxies all the time */

static bool goes_to_proxy(const struct fwmark *mark, bool is_sent)
{
	const struct policy_rule *rule = fake_route(mark, is_sent);

	return rule != NULL && rule->table == TABLE;
}

static void watch(void)
{
	assert_false(goes_to_proxy(&gateway, true));
	assert_false(goes_to_proxy(&next, true));
	if (!is_in_force)
		return;
	assert_true(goes_to_proxy(&gateway, false));
	assert_true(goes_to_proxy(&proxy, true));
}

static void ignore(void)
{
}

static struct policy_rule foreign(uint32_t priority, uint32_t table)
{
	return (struct policy_rule){
		.family = AF_INET, .priority = priority, .table = table, .action = FR_ACT_TO_TBL, .protocol = 3};
}

static int begin(void **state)
{
	const struct policy_rule local = foreign(0, RT_TABLE_LOCAL);
	const struct policy_rule main_table = foreign(32766, RT_TABLE_MAIN);

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.on_change = watch;
	is_in_force = false;
	return fake_add(&local) + fake_add(&main_table);
}

static int try_to_put(const struct routing *routing, struct route_state *state)
{
	struct rtnetlink rtnetlink = {0};
	struct error error;

	return route_put(&rtnetlink, routing, 1U << FAMILY_IPV4, true, state, &error);
}

static struct route_family put(const struct routing *routing)
{
	struct route_state state = {0};

	assert_int_equal(try_to_put(routing, &state), 0);
	return state.families[FAMILY_IPV4];
}

static struct route_family look(const struct routing *routing)
{
	struct rtnetlink rtnetlink = {0};
	struct route_state state = {0};
	struct error error;

	assert_int_equal(route_look(&rtnetlink, routing, &state, &error), 0);
	return state.families[FAMILY_IPV4];
}

static void remove_others(const struct routing *routing)
{
	struct rtnetlink rtnetlink = {0};
	struct error error;

	assert_int_equal(route_remove_others(&rtnetlink, routing, &error), 0);
}

/* Those of a config at their priority, those of the host, and no others. */
static void assert_rules(const struct routing *routing, uint32_t priority, size_t foreign_count)
{
	const size_t count = routing->mark_count > 0 ? routing_rule_count(routing) : 0;

	assert_int_equal(fake.count, 2 + count + foreign_count);
	for (size_t i = 0; i < count; i++) {
		const struct policy_rule rule = rule_wanted(routing, AF_INET, i, priority);
		const struct policy_rule *found = fake_find(&rule);

		assert_non_null(found);
		assert_int_equal(found->target, rule.target);
	}
}

static void put_in_force(void)
{
	const struct route_family state = put(&wanted);

	assert_int_equal(state.added, 3);
	assert_false(state.moved);
	assert_rules(&wanted, PRIORITY, 0);
	is_in_force = true;
}

static void test_a_start(void **state)
{
	struct route_family found;

	(void)state;
	found = look(&wanted);
	assert_true(found.rules == 0 && found.gateway_rules == 0 && found.priority == 0);
	put_in_force();
	found = look(&wanted);
	assert_true(found.rules == 3 && found.gateway_rules == 2);
	assert_true(found.priority == PRIORITY && found.due == PRIORITY);
	fake.changes = 0;
	found = put(&wanted);
	assert_int_equal(found.added, 0);
	assert_int_equal(fake.changes, 0);
}

/* Nothing follows what could not be added. */
static void test_each_change_fails(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++) {
		struct route_state found = {0};

		begin(NULL);
		fake.failing_change = i;
		assert_int_equal(try_to_put(&wanted, &found), -ENOBUFS);
		assert_int_equal(fake.count, 2 + i - 1);
		assert_int_equal(look(&wanted).rules, i - 1);
		put(&wanted);
		assert_rules(&wanted, PRIORITY, 0);
	}
}

/* Each way, by one and by many: the new ones are there before the old ones go. */
static void test_moves(void **state)
{
	static const uint32_t theirs[] = {2998, 3000, 2999, 100, 99, 98, 101, 5, 6, 7, 2997};

	(void)state;
	put_in_force();
	for (size_t i = 0; i < COUNT(theirs); i++) {
		struct policy_rule rule = foreign(theirs[i], OTHER_TABLE);

		is_in_force = false;
		fake_add(&rule);
		assert_int_equal(put(&wanted).moved, true);
		is_in_force = true;
		watch();
		assert_rules(&wanted, theirs[i] - 1, 1);
		/* the next one comes before this one goes */
		if (i + 1 < COUNT(theirs) && theirs[i + 1] > theirs[i]) {
			const struct policy_rule higher = foreign(theirs[i + 1], OTHER_TABLE);

			fake_add(&higher);
			fake_delete(&rule);
			put(&wanted);
			assert_rules(&wanted, theirs[i + 1] - 1, 1);
			rule = higher;
		}
		fake_delete(&rule);
		put(&wanted);
		assert_rules(&wanted, PRIORITY, 0);
	}
}

/* A move that ended halfway is completed. */
static void test_each_change_of_a_move_fails(void **state)
{
	const struct policy_rule rule = foreign(2999, OTHER_TABLE);

	(void)state;
	for (int back = 0; back < 2; back++) {
		for (int i = 1; i <= 6; i++) {
			struct route_state found = {0};

			begin(NULL);
			if (back) {
				fake_add(&rule);
				put(&wanted);
				fake_delete(&rule);
				is_in_force = true;
			} else {
				put(&wanted);
				fake_add(&rule);
			}
			fake.changes = 0;
			fake.failing_change = i;
			assert_int_equal(try_to_put(&wanted, &found), -ENOBUFS);
			put(&wanted);
			assert_rules(&wanted, back ? PRIORITY : 2998, !back);
		}
	}
}

/* Which of others' rules matter: those that a packet from an interface may take. */
static void test_rules_for_an_interface(void **state)
{
	struct policy_rule rule = foreign(100, OTHER_TABLE);

	(void)state;
	put_in_force();
	is_in_force = false;
	rule.has_other_selector = true; /* iif eth0 */
	fake_add(&rule);
	assert_int_equal(look(&without).due, PRIORITY);
	put(&wanted);
	assert_rules(&wanted, 99, 1);
	is_in_force = true;
	fake_delete(&rule);
	put(&wanted);
	assert_rules(&wanted, PRIORITY, 0);
	/* a source check takes it */
	rule.has_other_selector = false;
	rule.is_for_sent = true;
	rule.mark = gateway;
	fake_add(&rule);
	put(&wanted);
	assert_rules(&wanted, 99, 1);
}

/* Whichever is deleted comes back, and the others stay where they are. */
static void test_each_is_deleted(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct policy_rule rule = rule_wanted(&wanted, AF_INET, i, PRIORITY);
		struct route_family found;

		begin(NULL);
		put_in_force();
		is_in_force = false;
		fake.on_change = ignore;
		assert_int_equal(fake_delete(&rule), 0);
		found = look(&wanted);
		assert_int_equal(found.rules, 2);
		assert_int_equal(found.gateway_rules, i == 0 ? 2 : 1);
		assert_int_equal(found.priority, PRIORITY);
		found = put(&wanted);
		assert_int_equal(found.added, 1);
		assert_false(found.moved);
		assert_rules(&wanted, PRIORITY, 0);
		watch();
	}
}

/* The kernel ignores a goto that leads nowhere. */
static void test_the_rule_for_main_is_missing(void **state)
{
	const struct policy_rule main_table = foreign(32766, RT_TABLE_MAIN);
	const struct policy_rule elsewhere = foreign(20000, RT_TABLE_MAIN);
	const struct policy_rule exemption = rule_wanted(&wanted, AF_INET, 1, PRIORITY);
	struct route_family found;

	(void)state;
	put_in_force();
	fake_add(&elsewhere);
	fake_delete(&main_table);
	assert_true(goes_to_proxy(&gateway, true));
	assert_int_equal(look(&wanted).gateway_rules, 1);
	fake.on_change = ignore; /* it is replaced */
	found = put(&wanted);
	assert_true(found.added == 0 && !found.moved);
	assert_int_equal(fake_find(&exemption)->target, PRIORITY);
	assert_int_equal(look(&wanted).gateway_rules, 2);
	watch();
	/* it remains good */
	fake_add(&main_table);
	fake.changes = 0;
	put(&wanted);
	assert_int_equal(fake.changes, 0);
	fake_delete(&main_table);
	put(&without);
	remove_others(&without);
	assert_int_equal(fake.count, 3);
	assert_int_equal(put(&wanted).added, 2);
	assert_int_equal(fake_find(&exemption)->target, PRIORITY);
	watch();
}

/* That is not ours. The kernel would take ours at its place for the same. */
static void test_an_exemption_that_leads_elsewhere(void **state)
{
	struct policy_rule rule = rule_wanted(&wanted, AF_INET, 1, PRIORITY);

	(void)state;
	rule.target = 20000;
	fake_add(&rule);
	put(&wanted);
	assert_rules(&wanted, rule.priority - 1, 1);
}

/* A reload that changes the gateway's mark: both work until the old table is gone. */
static void test_another_mark(void **state)
{
	(void)state;
	put_in_force();
	put(&with_next);
	assert_true(goes_to_proxy(&next, false));
	is_in_force = false;
	remove_others(&with_next);
	assert_rules(&with_next, PRIORITY, 0);
}

/* The proxies' rules stay. */
static void test_no_gateway_any_more(void **state)
{
	(void)state;
	put_in_force();
	put(&without);
	is_in_force = false;
	remove_others(&without);
	assert_rules(&without, PRIORITY, 0);
	put(&without);
	remove_others(&nothing);
	assert_int_equal(fake.count, 2);
}

/* Of a killed run with rules elsewhere, and one whose removal ended halfway. */
static void test_an_earlier_run(void **state)
{
	const struct policy_rule theirs = foreign(100, OTHER_TABLE);

	(void)state;
	fake_add(&theirs);
	put(&with_next);
	fake_delete(&theirs);
	put(&wanted);
	remove_others(&wanted);
	assert_rules(&wanted, PRIORITY, 0);
	for (int i = 1; i <= 3; i++) {
		struct rtnetlink rtnetlink = {0};
		struct error error;

		begin(NULL);
		put(&wanted);
		fake.changes = 0;
		fake.failing_change = i;
		assert_int_equal(route_remove_others(&rtnetlink, &nothing, &error), -ENOBUFS);
		remove_others(&nothing);
		assert_int_equal(fake.count, 2);
	}
}

/* The old exemption would keep the proxy's packets from the proxy. */
static void test_marks_are_swapped(void **state)
{
	(void)state;
	put_in_force();
	is_in_force = false;
	fake.on_change = ignore;
	put(&swapped);
	assert_true(goes_to_proxy(&gateway, true) && goes_to_proxy(&proxy, false));
	assert_false(goes_to_proxy(&proxy, true));
	remove_others(&swapped);
	assert_rules(&swapped, PRIORITY, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_start, begin),
		cmocka_unit_test_setup(test_each_change_fails, begin),
		cmocka_unit_test_setup(test_moves, begin),
		cmocka_unit_test_setup(test_each_change_of_a_move_fails, begin),
		cmocka_unit_test_setup(test_rules_for_an_interface, begin),
		cmocka_unit_test_setup(test_each_is_deleted, begin),
		cmocka_unit_test_setup(test_the_rule_for_main_is_missing, begin),
		cmocka_unit_test_setup(test_an_exemption_that_leads_elsewhere, begin),
		cmocka_unit_test_setup(test_another_mark, begin),
		cmocka_unit_test_setup(test_no_gateway_any_more, begin),
		cmocka_unit_test_setup(test_an_earlier_run, begin),
		cmocka_unit_test_setup(test_marks_are_swapped, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
