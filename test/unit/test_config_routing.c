/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which policy rules a config needs. */

#include "faults.h"

#include "engine/instance.h"

#include <stdlib.h>

#define PROXIES VERSION "tproxies: {a: {mark: 5, port: 1}, b: {mark: 6, port: 2}}\n"

static void assert_routing(const char *text, size_t mark_count, uint32_t gateway_mark)
{
	struct config *config = parse_good(text);
	struct fwmark *marks = config_marks(config);
	const struct routing routing = config_routing(config, marks);

	assert_int_equal(routing.table, ROUTE_TABLE_DEFAULT);
	assert_int_equal(routing.priority, RULE_PRIORITY_DEFAULT);
	assert_int_equal(routing.mark_count, mark_count);
	if (mark_count > 0)
		assert_int_equal(routing.marks[mark_count - 1].value, 6);
	assert_int_equal(routing.gateway != NULL ? routing.gateway->value : 0, gateway_mark);
	free(marks);
	config_free(config);
}

static void test_proxies(void **state)
{
	(void)state;
	assert_routing(VERSION, 0, 0);
	assert_routing(PROXIES, 2, 0);
}

/* Rules are needed if anything goes to a proxy. */
static void test_a_gateway(void **state)
{
	(void)state;
	assert_routing(PROXIES "gateway: {rules: [{source: 10.0.0.1, direct: true}, {interface: '*', tproxy: b}]}\n", 2,
		       3001);
	assert_routing(PROXIES "gateway: {mark: 7, rules: [{interface: lan0, tproxy: a}]}\n", 2, 7);
	assert_routing(PROXIES "gateway: {rules: [{source: 10.0.0.1, direct: true}, {interface: lan0, drop: true}]}\n",
		       2, 0);
	assert_routing(PROXIES "gateway: {rules: [{interface: lan0, refuse: true}]}\n", 2, 0);
	assert_routing(PROXIES "gateway: {strict: true}\n", 2, 0);
}

/* To containers the rules for cgroups apply. */
static void test_containers(void **state)
{
	(void)state;
	assert_routing(PROXIES "containers: true\nrules: [{match: x, drop: true}, {match: y, tproxy: a}]\n", 2, 3001);
	assert_routing(PROXIES "containers: true\nrules: [{match: x, drop: true}]\n", 2, 0);
	assert_routing(PROXIES "containers: false\nrules: [{match: y, tproxy: a}]\n", 2, 0);
	assert_routing(PROXIES "gateway: {strict: true}\nrules: [{match: y, tproxy: a}]\n", 2, 0);
	assert_routing(PROXIES "containers: true\ngateway: {mark: 7, rules: [{interface: lan0, tproxy: a}]}\n", 2, 7);
}

/* On a stop nothing is needed. */
static void test_an_instance(void **state)
{
	struct instance *instance = instance_new(parse_good(
		PROXIES "gateway: {rules: [{interface: lan0, tproxy: a}]}\nrule-priority: 9\nroute-table: 7\n"));
	struct routing routing;

	(void)state;
	assert_non_null(instance);
	routing = instance_routing(instance, true);
	assert_true(routing.table == 7 && routing.priority == 9 && routing.mark_count == 2);
	assert_ptr_equal(routing.gateway, &instance->config->gateway.mark);
	routing = instance_routing(instance, false);
	assert_true(routing.table == 7 && routing.priority == 9 && routing.mark_count == 0);
	assert_null(routing.gateway);
	instance_free(instance);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_a_gateway),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_an_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
