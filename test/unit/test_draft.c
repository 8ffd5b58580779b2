/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The config that is made of the template. */

#include "unit.h"

#include "config/draft.h"

#include <arpa/inet.h>
#include <stdlib.h>

static const struct draft plain = {
	.proxy = "mihomo",
	.name = "a.b-c_1",
	.selector = "unit: mihomo@home.service",
	.mark = 4294967295,
	.route_table = 4294967295,
	.port = 65535,
	.takes_udp = true,
	.takes_ipv6 = true,
};

/* Writes a config, which must be without errors and warnings. */
static struct parsed write_and_parse(const struct draft *draft)
{
	char *text = draft_write(draft);
	struct parsed parsed;

	assert_non_null(text);
	assert_null(strstr(text, "@NAME"));
	parsed = parse(text);
	free(text);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	assert_int_equal(parsed.config->proxy_count, 1);
	return parsed;
}

static void test_all_that_is_filled_in(void **state)
{
	struct parsed parsed = write_and_parse(&plain);
	const struct config *config = parsed.config;

	(void)state;
	assert_string_equal(config->proxies[0].name, "a.b-c_1");
	assert_int_equal(config->proxies[0].mark.value, 4294967295);
	assert_int_equal(config->proxies[0].port, 65535);
	assert_int_equal(config->proxies[0].udp, TRAFFIC_PROXY);
	assert_int_equal(config->proxies[0].ipv6, TRAFFIC_PROXY);
	assert_false(config->proxies[0].dns_hijack.enabled);
	assert_int_equal(config->route_table, 4294967295);
	assert_true(config->bypass_count > 5);
	assert_string_equal(config->rules[0].selector, "unit: mihomo@home.service");
	assert_int_equal(config->rules[0].target, TARGET_DIRECT);
	assert_string_equal(config->rules[config->rule_count - 1].selector, "slice: cgtproxy-a.b-c_1.slice");
	assert_int_equal(config->rules[config->rule_count - 1].target, TARGET_FIRST_PROXY);
	parsed_clear(&parsed);
}

static void test_what_the_proxy_lacks(void **state)
{
	struct draft draft = plain;
	struct parsed parsed;

	(void)state;
	draft.takes_udp = false;
	parsed = write_and_parse(&draft);
	assert_int_equal(parsed.config->proxies[0].udp, TRAFFIC_REFUSE);
	assert_int_equal(parsed.config->proxies[0].ipv6, TRAFFIC_PROXY);
	parsed_clear(&parsed);
	draft.takes_udp = true;
	draft.takes_ipv6 = false;
	parsed = write_and_parse(&draft);
	assert_int_equal(parsed.config->proxies[0].udp, TRAFFIC_PROXY);
	assert_int_equal(parsed.config->proxies[0].ipv6, TRAFFIC_REFUSE);
	parsed_clear(&parsed);
}

static void test_name_server(void **state)
{
	struct draft draft = plain;
	struct parsed parsed;

	(void)state;
	draft.name_server = (struct sockaddr_in){.sin_port = htons(5353), .sin_addr.s_addr = htonl(0x7f000005)};
	parsed = write_and_parse(&draft);
	assert_true(parsed.config->proxies[0].dns_hijack.enabled);
	assert_int_equal(parsed.config->proxies[0].dns_hijack.port, 5353);
	assert_int_equal(parsed.config->proxies[0].dns_hijack.ip.s_addr, htonl(0x7f000005));
	parsed_clear(&parsed);
}

/* A value may have what looks like a key; it is not filled in again. */
static void test_keys_in_values(void **state)
{
	struct draft draft = plain;
	char *text = NULL;

	(void)state;
	draft.selector = "match: '@MARK@'";
	text = draft_write(&draft);
	assert_non_null(text);
	assert_non_null(strstr(text, "  - match: '@MARK@'\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_filled_in),
		cmocka_unit_test(test_what_the_proxy_lacks),
		cmocka_unit_test(test_name_server),
		cmocka_unit_test(test_keys_in_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
