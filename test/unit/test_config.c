/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The meaning of valid configs. Errors are in test_config_errors.c. */

#include "config/load.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION "version: 1\n"

static void assert_network(const struct network *network, const char *address, unsigned prefix)
{
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(network->family, strchr(address, ':') != NULL ? AF_INET6 : AF_INET);
	assert_non_null(inet_ntop(network->family, &network->ip6, text, sizeof(text)));
	assert_string_equal(text, address);
	assert_int_equal(network->prefix, prefix);
}

static void test_every_key(void **state)
{
	static const char text[] = "version: 1\n"
				   "cgroup-root: /sys/fs/cgroup/unified\n"
				   "route-table: 400\n"
				   "rule-priority: 2000\n"
				   "strict: true\n"
				   "on-stop: keep\n"
				   "bypass:\n"
				   "  - 192.168.0.0/16\n"
				   "  - ::1\n"
				   "tproxies:\n"
				   "  mihomo:\n"
				   "    mark: 0x100/0xf00\n"
				   "    port: 7893\n"
				   "    no-udp: true\n"
				   "    no-ipv6: true\n"
				   "    other: refuse\n"
				   "    dns-hijack:\n"
				   "      ip: 127.0.0.53\n"
				   "      ip6: fd00::53\n"
				   "      port: 1053\n"
				   "      tcp: true\n"
				   "rules:\n"
				   "  - match: ^/user\\.slice\n"
				   "    tproxy: mihomo\n"
				   "  - {match: /lan, drop: true}\n"
				   "  - direct: true\n"
				   "    match: .*\n";
	struct config *config = parse_good(text);
	const struct proxy *proxy = config->proxies;

	(void)state;
	assert_string_equal(config->cgroup_root, "/sys/fs/cgroup/unified");
	assert_int_equal(config->route_table, 400);
	assert_int_equal(config->rule_priority, 2000);
	assert_true(config->strict);
	assert_true(config->bypass_local);
	assert_int_equal(config->on_stop, ON_STOP_KEEP);
	assert_int_equal(config->bypass_count, 2);
	assert_network(&config->bypass[0], "192.168.0.0", 16);
	assert_network(&config->bypass[1], "::1", 128);
	assert_int_equal(config->proxy_count, 1);
	assert_string_equal(proxy->name, "mihomo");
	assert_int_equal(proxy->position.line, 11);
	assert_int_equal(proxy->mark.value, 0x100);
	assert_int_equal(proxy->mark.mask, 0xf00);
	assert_int_equal(proxy->port, 7893);
	assert_int_equal(proxy->udp, TRAFFIC_DIRECT);
	assert_int_equal(proxy->ipv6, TRAFFIC_DIRECT);
	assert_int_equal(proxy->other, TRAFFIC_REFUSE);
	assert_true(proxy->dns_hijack.enabled);
	assert_int_equal(proxy->dns_hijack.ip.s_addr, inet_addr("127.0.0.53"));
	assert_true(proxy->dns_hijack.has_ip6);
	assert_int_equal(proxy->dns_hijack.ip6.s6_addr[0], 0xfd);
	assert_int_equal(proxy->dns_hijack.ip6.s6_addr[15], 0x53);
	assert_int_equal(proxy->dns_hijack.port, 1053);
	assert_true(proxy->dns_hijack.tcp);
	assert_int_equal(config->rule_count, 3);
	assert_string_equal(config->rules[0].pattern, "^/user\\.slice");
	assert_int_equal(config->rules[0].target, TARGET_FIRST_PROXY);
	assert_int_equal(config->rules[0].position.line, 23);
	assert_string_equal(config->rules[1].pattern, "/lan");
	assert_int_equal(config->rules[1].target, TARGET_DROP);
	assert_int_equal(config->rules[2].target, TARGET_DIRECT);
	assert_int_equal(config->rules[2].position.line, 26);
	config_free(config);
}

/* The fate of traffic that a proxy must not get, in both notations. */
static void test_traffic(void **state)
{
	static const struct {
		const char *keys;
		enum traffic udp;
		enum traffic ipv6;
		enum traffic other;
	} examples[] = {
		{"udp: proxy, ipv6: proxy, other: direct", TRAFFIC_PROXY, TRAFFIC_PROXY, TRAFFIC_DIRECT},
		{"udp: direct, ipv6: refuse", TRAFFIC_DIRECT, TRAFFIC_REFUSE, TRAFFIC_DIRECT},
		{"udp: refuse, ipv6: direct, other: refuse", TRAFFIC_REFUSE, TRAFFIC_DIRECT, TRAFFIC_REFUSE},
		{"no-udp: false, ipv6: refuse", TRAFFIC_PROXY, TRAFFIC_REFUSE, TRAFFIC_DIRECT},
		{"no-udp: true, no-ipv6: true", TRAFFIC_DIRECT, TRAFFIC_DIRECT, TRAFFIC_DIRECT},
		{"udp: ~, no-udp: true, ipv6:, other: ~", TRAFFIC_DIRECT, TRAFFIC_PROXY, TRAFFIC_DIRECT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		char text[256];
		struct config *config = NULL;

		snprintf(text, sizeof(text), "version: 1\ntproxies: {p: {mark: 1, port: 1, %s}}\n", examples[i].keys);
		config = parse_good(text);
		assert_int_equal(config->proxies[0].udp, examples[i].udp);
		assert_int_equal(config->proxies[0].ipv6, examples[i].ipv6);
		assert_int_equal(config->proxies[0].other, examples[i].other);
		config_free(config);
	}
}

static void test_bypass_local_and_refuse(void **state)
{
	struct config *config = parse_good("version: 1\nbypass-local: false\nrules:\n  - {match: a, refuse: true}\n");

	(void)state;
	assert_false(config->bypass_local);
	assert_int_equal(config->rules[0].target, TARGET_REFUSE);
	assert_string_equal(config_target_name(config, TARGET_REFUSE), "refuse");
	config_free(config);
}

static void assert_defaults(const struct config *config)
{
	assert_null(config->cgroup_root);
	assert_true(config->bypass_local);
	assert_int_equal(config->route_table, 300);
	assert_int_equal(config->rule_priority, 3000);
	assert_false(config->strict);
	assert_int_equal(config->on_stop, ON_STOP_CLEAR);
	assert_int_equal(config->bypass_count, 0);
	assert_int_equal(config->proxy_count, 0);
	assert_int_equal(config->rule_count, 0);
}

static void test_defaults(void **state)
{
	static const char written_out[] = VERSION "cgroup-root: AUTO\non-stop: clear\nstrict: false\n"
						  "bypass: []\ntproxies: {}\nrules: []\n";
	static const char *const texts[] = {
		"version: 1",	"# a comment\n---\nversion: 1 # another\n...\n",
		"{version: 1}", "\xef\xbb\xbfversion: 1\r\ncgroup-root: AUTO\r\n",
		written_out,	config_default,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct config *config = parse_good(texts[i]);

		assert_defaults(config);
		config_free(config);
	}
}

static void test_null_values(void **state)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	(void)state;
	for (size_t i = 0; i < COUNT(nulls); i++) {
		const char *n = nulls[i];
		char text[256];
		struct config *config = NULL;

		snprintf(text, sizeof(text),
			 VERSION "cgroup-root: %s\nroute-table: %s\nrule-priority: %s\nstrict: %s\non-stop: %s\n"
				 "bypass: %s\ntproxies: %s\nrules: %s\n",
			 n, n, n, n, n, n, n, n);
		config = parse_good(text);
		assert_defaults(config);
		config_free(config);
	}
}

static void test_proxy_defaults(void **state)
{
	struct config *config = parse_good(VERSION "tproxies:\n"
						   "  a: {mark: 1, port: 1}\n"
						   "  b: {mark: 2, port: 2, no-udp: ~, no-ipv6: ~, dns-hijack: ~}\n"
						   "  c: {mark: 3, port: 3, dns-hijack: {}}\n"
						   "  d:\n    mark: 4\n    port: 65535\n    dns-hijack:\n"
						   "      ip:\n      ip6:\n      port:\n      tcp:\n");

	(void)state;
	assert_int_equal(config->proxy_count, 4);
	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];

		assert_int_equal(proxy->mark.value, i + 1);
		assert_int_equal(proxy->mark.mask, UINT32_MAX);
		assert_int_equal(proxy->udp, TRAFFIC_PROXY);
		assert_int_equal(proxy->ipv6, TRAFFIC_PROXY);
		assert_int_equal(proxy->other, TRAFFIC_DIRECT);
		assert_int_equal(proxy->dns_hijack.enabled, i >= 2);
	}
	for (size_t i = 2; i < config->proxy_count; i++) {
		const struct dns_hijack *hijack = &config->proxies[i].dns_hijack;

		assert_int_equal(hijack->ip.s_addr, htonl(INADDR_LOOPBACK));
		assert_int_equal(hijack->port, 53);
		assert_false(hijack->has_ip6);
		assert_false(hijack->tcp);
	}
	assert_int_equal(config->proxies[3].port, 65535);
	config_free(config);
}

/* The forms that yaml.v3 reads, which existing configs are written for. */
static void test_forms_of_numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t number;
	} forms[] = {
		{"1", 1},
		{"300", 300},
		{"0x12c", 300},
		{"0X12C", 300},
		{"0o454", 300},
		{"0O454", 300},
		{"0454", 300},
		{"0b100101100", 300},
		{"0B1_0010_1100", 300},
		{"3_0_0", 300},
		{"1_000_000", 1000000},
		{"0xffff_ffff", UINT32_MAX},
		{"4294967295", UINT32_MAX},
		{"256", 256}, /* the kernel's own tables, 253 to 255, are refused */
		{"252", 252},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[128];
		struct config *config = NULL;

		snprintf(text, sizeof(text), VERSION "route-table: %s\n", forms[i].text);
		config = parse_good(text);
		assert_int_equal(config->route_table, forms[i].number);
		config_free(config);
	}
}

static void test_forms_of_bools(void **state)
{
	static const char *const words[] = {"true", "false", "True", "False", "TRUE", "FALSE", "yes",
					    "no",   "on",    "off",  "y",     "n",    "Y",     "N"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char text[64];
		struct config *config = NULL;

		snprintf(text, sizeof(text), VERSION "strict: %s\n", words[i]);
		config = parse_good(text);
		assert_int_equal(config->strict, i % 2 == 0);
		config_free(config);
	}
}

static void test_forms_of_marks(void **state)
{
	static const struct {
		const char *text;
		uint32_t mark;
		uint32_t mask;
	} forms[] = {
		{"3000", 3000, UINT32_MAX},
		{"0xffffffff", UINT32_MAX, UINT32_MAX},
		{"1/1", 1, 1},
		{"0x100/0xff00", 0x100, 0xff00},
		{"'0x100/65280'", 0x100, 0xff00},
		{"0b1000/0o17", 8, 15},
		{"0xff/0xffffffff", 0xff, UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[128];
		struct config *config = NULL;

		snprintf(text, sizeof(text), VERSION "tproxies: {p: {port: 1, mark: %s}}\n", forms[i].text);
		config = parse_good(text);
		assert_int_equal(config->proxies[0].mark.value, forms[i].mark);
		assert_int_equal(config->proxies[0].mark.mask, forms[i].mask);
		config_free(config);
	}
}

static void test_forms_of_bypass(void **state)
{
	static const struct {
		const char *text;
		const char *address;
		unsigned prefix;
	} forms[] = {
		{"10.0.0.1", "10.0.0.1", 32},
		{"10.0.0.1/32", "10.0.0.1", 32},
		{"10.1.2.3/8", "10.0.0.0", 8}, /* host bits are cleared */
		{"10.255.255.255/15", "10.254.0.0", 15},
		{"255.255.255.255", "255.255.255.255", 32},
		{"0.0.0.0/0", "0.0.0.0", 0},
		{"1.2.3.4/0", "0.0.0.0", 0},
		{"::1", "::1", 128},
		{"::/0", "::", 0},
		{"fe80::1:2/10", "fe80::", 10},
		{"2001:db8:ffff:ffff::/33", "2001:db8:8000::", 33},
		{"FD00::ABCD", "fd00::abcd", 128},
		{"::ffff:10.0.0.1", "::ffff:10.0.0.1", 128},
		{"'192.168.0.0/16'", "192.168.0.0", 16},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[128];
		struct config *config = NULL;

		snprintf(text, sizeof(text), VERSION "bypass:\n  - %s\n", forms[i].text);
		config = parse_good(text);
		assert_int_equal(config->bypass_count, 1);
		assert_network(config->bypass, forms[i].address, forms[i].prefix);
		config_free(config);
	}
}

static void test_names_of_proxies(void **state)
{
	static const char *const names[] = {
		"a",	  "Z9_.-",	   "-",	     "1",
		"MARK",	  "x-mark",	   "drop",   "-MARK-x",
		"x-MARK", "output-mangle", "bypass", "0123456789012345678901234567890123456789012345678901234567890123",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[256];
		struct config *config = NULL;

		snprintf(text, sizeof(text), VERSION "tproxies: {'%s': {mark: 1, port: 1}}\n", names[i]);
		config = parse_good(text);
		assert_string_equal(config->proxies[0].name, names[i]);
		assert_string_equal(config_target_name(config, TARGET_FIRST_PROXY), names[i]);
		config_free(config);
	}
}

static void test_names_of_targets(void **state)
{
	struct config *config = parse_good(VERSION "tproxies: {a: {mark: 1, port: 1}, b: {mark: 2, port: 2}}\n");

	(void)state;
	assert_string_equal(config_target_name(config, TARGET_DIRECT), "direct");
	assert_string_equal(config_target_name(config, TARGET_DROP), "drop");
	assert_string_equal(config_target_name(config, TARGET_FIRST_PROXY), "a");
	assert_string_equal(config_target_name(config, TARGET_FIRST_PROXY + 1), "b");
	config_free(config);
	config_free(NULL);
}

/* Marks that overlap in their masks but differ there are told apart. */
static void test_marks_that_differ(void **state)
{
	static const char *const pairs[][2] = {
		{"1", "2"},
		{"0x100/0xf00", "0x200/0xf00"},
		{"0x1/0x3", "0x2/0x2"},
		{"0x100/0xff00", "0x200"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char text[256];

		snprintf(text, sizeof(text), VERSION "tproxies: {a: {mark: %s, port: 1}, b: {mark: %s, port: 2}}\n",
			 pairs[i][0], pairs[i][1]);
		config_free(parse_good(text));
	}
}

static void test_rules_before_proxies(void **state)
{
	struct config *config = parse_good("rules:\n"
					   "  - {match: /a, tproxy: two}\n"
					   "  - {match: /b, tproxy: one, drop: false, direct: ~}\n"
					   "  - {match: /c, drop: yes, tproxy: ~}\n"
					   "tproxies:\n"
					   "  one: {mark: 1, port: 1}\n"
					   "  two: {mark: 2, port: 2}\n"
					   "version: 1\n");

	(void)state;
	assert_int_equal(config->rule_count, 3);
	assert_string_equal(config_target_name(config, config->rules[0].target), "two");
	assert_string_equal(config_target_name(config, config->rules[1].target), "one");
	assert_int_equal(config->rules[2].target, TARGET_DROP);
	config_free(config);
}

static void test_forms_of_patterns(void **state)
{
	struct config *config = parse_good(VERSION "rules:\n"
						   "  - {match: 123, drop: true}\n"
						   "  - {match: \"/\\u4e2d\\\\.slice\", drop: true}\n"
						   "  - {match: '/it''s', drop: true}\n"
						   "  - match: >-\n      ^/a\n    drop: true\n");

	(void)state;
	assert_string_equal(config->rules[0].pattern, "123");
	assert_string_equal(config->rules[1].pattern, "/中\\.slice");
	assert_string_equal(config->rules[2].pattern, "/it's");
	assert_string_equal(config->rules[3].pattern, "^/a");
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traffic),		  cmocka_unit_test(test_bypass_local_and_refuse),
		cmocka_unit_test(test_every_key),	  cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_null_values),	  cmocka_unit_test(test_proxy_defaults),
		cmocka_unit_test(test_forms_of_numbers),  cmocka_unit_test(test_forms_of_bools),
		cmocka_unit_test(test_forms_of_marks),	  cmocka_unit_test(test_forms_of_bypass),
		cmocka_unit_test(test_names_of_proxies),  cmocka_unit_test(test_names_of_targets),
		cmocka_unit_test(test_marks_that_differ), cmocka_unit_test(test_rules_before_proxies),
		cmocka_unit_test(test_forms_of_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
