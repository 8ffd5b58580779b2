/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The gateway and containers in a config: what is read, refused, and warned of. */

#include "faults.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define PROXY "tproxies: {p: {mark: 1, port: 1}, q: {mark: 2, port: 2}}\n"
#define RULES VERSION PROXY "gateway:\n  rules:\n"

static const struct gateway_rule *rule_of(const struct config *config, size_t index, enum gateway_selector selector,
					  size_t count)
{
	const struct gateway_rule *rule = &config->gateway.rules[index];

	assert_true(index < config->gateway.rule_count);
	assert_int_equal(rule->selector, selector);
	assert_int_equal(rule->value_count, count);
	return rule;
}

static void assert_source(const struct gateway_rule *rule, size_t index, const char *address, unsigned prefix)
{
	const struct network *source = &rule->values[index].source;
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(source->family, strchr(address, ':') != NULL ? AF_INET6 : AF_INET);
	assert_non_null(inet_ntop(source->family, &source->ip6, text, sizeof(text)));
	assert_string_equal(text, address);
	assert_int_equal(source->prefix, prefix);
}

/* The sections may be in any order, although rules name proxies. */
static void test_every_key(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 0xaa, 0xbb, 0xcc};
	struct config *config = parse_good(VERSION "gateway:\n"
						   "  rules:\n"
						   "    - source: 192.168.50.7\n"
						   "      direct: true\n"
						   "    - {mac: 52:54:00:aa:bb:cc, drop: true}\n"
						   "    - {source: ['fd00:50::/64', 10.1.2.3/8], refuse: true}\n"
						   "    - tproxy: q\n"
						   "      interface: [br0, lan*]\n"
						   "  strict: true\n"
						   "  mark: 0xbba\n"
						   "containers: true\n" PROXY);
	const struct gateway *gateway = &config->gateway;
	const struct gateway_rule *rule = NULL;

	(void)state;
	assert_true(config->containers);
	assert_true(gateway->enabled);
	assert_int_equal(gateway->position.line, 3);
	assert_true(gateway->strict);
	assert_int_equal(gateway->mark.value, 0xbba);
	assert_int_equal(gateway->mark.mask, UINT32_MAX);
	assert_int_equal(gateway->rule_count, 4);
	rule = rule_of(config, 0, GATEWAY_SOURCE, 1);
	assert_source(rule, 0, "192.168.50.7", 32);
	assert_int_equal(rule->target, TARGET_DIRECT);
	assert_int_equal(rule->position.line, 4);
	assert_string_equal(rule->text, "source: 192.168.50.7");
	rule = rule_of(config, 1, GATEWAY_MAC, 1);
	assert_memory_equal(rule->values[0].mac, mac, sizeof(mac));
	assert_int_equal(rule->target, TARGET_DROP);
	assert_int_equal(rule->position.line, 6);
	assert_string_equal(rule->text, "mac: 52:54:00:aa:bb:cc");
	rule = rule_of(config, 2, GATEWAY_SOURCE, 2);
	assert_source(rule, 0, "fd00:50::", 64);
	assert_source(rule, 1, "10.0.0.0", 8);
	assert_int_equal(rule->target, TARGET_REFUSE);
	assert_string_equal(rule->text, "source: [fd00:50::/64, 10.1.2.3/8]");
	rule = rule_of(config, 3, GATEWAY_INTERFACE, 2);
	assert_string_equal(rule->values[0].interface, "br0");
	assert_string_equal(rule->values[1].interface, "lan*");
	assert_int_equal(rule->target, TARGET_FIRST_PROXY + 1);
	assert_int_equal(rule->position.line, 8);
	assert_string_equal(rule->text, "interface: [br0, lan*]");
	config_free(config);
}

static void test_what_enables_it(void **state)
{
	static const struct {
		const char *text;
		bool containers;
		bool enabled;
		int line;
	} examples[] = {
		{VERSION, false, false, 0},
		{VERSION "gateway:\n", false, false, 0},
		{VERSION "gateway: ~\ncontainers: ~\n", false, false, 0},
		{VERSION "containers: false\n", false, false, 0},
		{VERSION "gateway: {}\n", false, true, 2},
		{VERSION "gateway: {mark: ~, strict: ~, rules: ~}\n", false, true, 2},
		{VERSION "gateway: {rules: []}\n", false, true, 2},
		{VERSION "containers: true\n", true, true, 2},
		{VERSION "containers: yes\ngateway:\n", true, true, 2},
		{VERSION "containers: on\ngateway: {strict: off}\n", true, true, 3},
		{VERSION "gateway: {strict: off}\ncontainers: false\n", false, true, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct config *config = parse_good(examples[i].text);
		const struct gateway *gateway = &config->gateway;

		assert_int_equal(config->containers, examples[i].containers);
		assert_int_equal(gateway->enabled, examples[i].enabled);
		if (examples[i].enabled)
			assert_int_equal(gateway->position.line, examples[i].line);
		assert_int_equal(gateway->mark.value, GATEWAY_MARK_DEFAULT);
		assert_int_equal(gateway->mark.mask, UINT32_MAX);
		assert_false(gateway->strict);
		assert_int_equal(gateway->rule_count, 0);
		config_free(config);
	}
}

static void test_forms_of_interfaces(void **state)
{
	static const struct {
		const char *text;
		const char *name;
	} forms[] = {
		{"a", "a"},
		{"eth0.100", "eth0.100"},
		{"br-0123456789ab", "br-0123456789ab"}, /* of Docker; 15 bytes are all that a name can have */
		{"'*'", "*"},				/* without quotes, an alias */
		{"l*", "l*"},
		{"lo*", "lo*"},
		{"loo", "loo"},
		{"LO", "LO"},
		{"0123456789abcd*", "0123456789abcd*"},
		{"1000", "1000"},
		{"true", "true"},
		{"a+b", "a+b"},
		{"a+*", "a+*"},
		{"\"\\x01\"", "\x01"},
		{"'...'", "..."},
		{"\xe7\xbd\x91\xe5\x8d\xa1", "\xe7\xbd\x91\xe5\x8d\xa1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		static const char zero[IFNAMSIZ];
		char text[256];
		struct config *config = NULL;
		const char *interface = NULL;

		snprintf(text, sizeof(text), RULES "    - {interface: %s, drop: true}\n", forms[i].text);
		config = parse_good(text);
		interface = rule_of(config, 0, GATEWAY_INTERFACE, 1)->values[0].interface;
		assert_string_equal(interface, forms[i].name);
		assert_memory_equal(interface + strlen(interface), zero, IFNAMSIZ - strlen(interface));
		config_free(config);
	}
}

static void test_forms_of_sources(void **state)
{
	static const struct {
		const char *text;
		const char *address;
		unsigned prefix;
	} forms[] = {
		{"10.1.2.3", "10.1.2.3", 32},	 {"192.168.50.7/24", "192.168.50.0", 24},
		{"0.0.0.0/0", "0.0.0.0", 0},	 {"::/0", "::", 0},
		{"fd00::1", "fd00::1", 128},	 {"'FE80::1/10'", "fe80::", 10},
		{"126.0.0.0/7", "126.0.0.0", 7}, /* more than 127.0.0.0/8 */
		{"224.0.0.0/3", "224.0.0.0", 3}, {"192.0.0.0/2", "192.0.0.0", 2},
		{"::1/127", "::", 127},		 {"fe00::/7", "fe00::", 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[256];
		struct config *config = NULL;

		snprintf(text, sizeof(text), RULES "    - {source: [%s], drop: true}\n", forms[i].text);
		config = parse_good(text);
		assert_source(rule_of(config, 0, GATEWAY_SOURCE, 1), 0, forms[i].address, forms[i].prefix);
		config_free(config);
	}
}

/* YAML 1.1 takes the second for a number in base 60. */
static void test_forms_of_macs(void **state)
{
	static const struct {
		const char *text;
		uint8_t mac[ETH_ALEN];
	} forms[] = {
		{"02:00:5e:10:AF:ff", {0x02, 0x00, 0x5e, 0x10, 0xaf, 0xff}},
		{"52:54:00:12:34:56", {0x52, 0x54, 0x00, 0x12, 0x34, 0x56}},
		{"FE-dc-BA-98-76-54", {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54}},
		{"'00:00:00:00:00:01'", {0, 0, 0, 0, 0, 1}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		char text[256];
		struct config *config = NULL;

		snprintf(text, sizeof(text), RULES "    - mac: %s\n      drop: true\n", forms[i].text);
		config = parse_good(text);
		assert_memory_equal(rule_of(config, 0, GATEWAY_MAC, 1)->values[0].mac, forms[i].mac, ETH_ALEN);
		config_free(config);
	}
}

static void test_aliases_and_merged_rules(void **state)
{
	struct config *config = parse_good(RULES "    - &one {interface: &lan [br0, br1], drop: true}\n"
						 "    - {source: &host 10.0.0.1, tproxy: p}\n"
						 "    - {source: [10.0.0.2, 10.0.0.3], <<: {direct: true}}\n");

	(void)state;
	assert_int_equal(config->gateway.rule_count, 3);
	assert_int_equal(rule_of(config, 2, GATEWAY_SOURCE, 2)->target, TARGET_DIRECT);
	config_free(config);
	config = parse_good(VERSION "bypass: [&host 10.0.0.1]\n" PROXY
				    "gateway: {rules: [{source: [*host, 10.0.0.2], direct: no, refuse: yes}]}\n");
	assert_source(rule_of(config, 0, GATEWAY_SOURCE, 2), 0, "10.0.0.1", 32);
	assert_int_equal(config->gateway.rules[0].target, TARGET_REFUSE);
	config_free(config);
}

/* What was written is shown, but not what would harm a terminal. */
static void test_texts_are_escaped(void **state)
{
	struct config *config = parse_good(RULES "    - {interface: [\"\\e]0*\", 'a\\b'], drop: true}\n");

	(void)state;
	assert_string_equal(config->gateway.rules[0].text, "interface: [\\x1b]0*, a\\b]");
	config_free(config);
}

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{VERSION "containers: 2\n", {2, 13}, {"containers: expected true or false", "\"2\""}},
		{VERSION "containers: [docker]\n", {2, 14}, {"containers: expected true or false", "a list"}},
		{VERSION "gateway: true\n", {2, 10}, {"gateway: expected a map", "\"true\""}},
		{VERSION "gateway:\n  - strict: true\n", {3, 5}, {"gateway: expected a map", "a list"}},
		{VERSION "gateway:\n  strict: maybe\n", {3, 11}, {"gateway.strict: expected true or false", "maybe"}},
		{VERSION "gateway:\n  mark: 0\n", {3, 9}, {"gateway.mark: expected a number from 1", "\"0\""}},
		{VERSION "gateway:\n  mark: 4294967296\n", {3, 9}, {"gateway.mark", "to 4294967295"}},
		{VERSION "gateway:\n  mark: '3001'\n", {3, 9}, {"gateway.mark", "without quotes"}},
		{VERSION "gateway:\n  mark: 0x100/0xff00\n", {3, 9}, {"gateway.mark", "without a mask"}},
		{VERSION "gateway:\n  mark: 1/0xffffffff\n", {3, 9}, {"gateway.mark", "without a mask"}},
		{VERSION "gateway:\n  mark: [1]\n", {3, 10}, {"gateway.mark", "a list"}},
		{VERSION "gateway:\n  rules: all\n", {3, 10}, {"gateway.rules: expected a list", "all"}},
		{VERSION "gateway:\n  rules: {mac: a}\n", {3, 11}, {"gateway.rules: expected a list", "a map"}},
		{RULES "    - br0\n", {5, 7}, {"rule of the gateway: expected a map", "br0"}},
		{RULES "    - [a]\n", {5, 8}, {"rule of the gateway: expected a map", "a list"}},
		{RULES "    - interface: br0\n", {5, 7}, {"exactly one target", "has 0"}},
		{RULES "    - {interface: br0, drop: no}\n", {5, 8}, {"exactly one target", "has 0"}},
		{RULES "    - {interface: br0, drop: true, tproxy: p}\n", {5, 8}, {"exactly one target", "has 2"}},
		{RULES "    - {interface: br0, direct: true, refuse: true}\n", {5, 8}, {"exactly one target", "has 2"}},
		{RULES "    - drop: true\n", {5, 7}, {"exactly one selector: \"interface\"", "has 0"}},
		{RULES "    - {mac: 52:54:00:aa:bb:cc, source: 10.0.0.1, drop: true}\n",
		 {5, 8},
		 {"exactly one selector", "has 2"}},
		{RULES "    - {interface: a, source: b, mac: c, drop: true}\n", {5, 8}, {"one selector", "has 3"}},
		{RULES "    - {interface: br0, tproxy: r}\n",
		 {5, 32},
		 {"tproxy: expected the name of a proxy", "\"r\""}},
		{RULES "    - {interface: br0, tproxy: direct}\n", {5, 32}, {"the name of a proxy", "direct"}},
		{RULES "    - {interface: br0, drop: 1}\n", {5, 30}, {"drop: expected true or false", "\"1\""}},
		{RULES "    - {interface: ~, drop: true}\n", {5, 19}, {"name of an interface", "nothing"}},
		{RULES "    - {interface: [], drop: true}\n", {5, 0}, {"name of an interface", "an empty list"}},
		{RULES "    - {interface: [br0, ~], drop: true}\n", {5, 25}, {"name of an interface", "nothing"}},
		{RULES "    - {interface: [[br0]], drop: true}\n", {5, 21}, {"name of an interface", "a list"}},
		{RULES "    - {interface: {a: b}, drop: true}\n", {5, 20}, {"name of an interface", "a map"}},
		{RULES "    - {interface: '', drop: true}\n", {5, 19}, {"interface: expected", "got \"\""}},
		{RULES "    - {interface: br-0123456789abc, drop: true}\n", {5, 19}, {"at most 15 bytes", "abc\""}},
		{RULES "    - {interface: 0123456789abcde*, drop: true}\n", {5, 19}, {"at most 15 bytes", "cde*\""}},
		{RULES "    - {interface: a/b, drop: true}\n", {5, 19}, {"\"/\" and \":\"", "a/b"}},
		{RULES "    - {interface: eth0:1, drop: true}\n", {5, 19}, {"\"/\" and \":\"", "eth0:1"}},
		{RULES "    - {interface: a b, drop: true}\n", {5, 19}, {"without spaces", "a b"}},
		{RULES "    - {interface: \"a\\tb\", drop: true}\n", {5, 19}, {"without spaces", "a\\x09b"}},
		{RULES "    - {interface: \"a\\0b\", drop: true}\n", {5, 19}, {"interface: expected", "a\\x00b"}},
		{RULES "    - {interface: ., drop: true}\n", {5, 19}, {"interface: expected", "\".\""}},
		{RULES "    - {interface: .., drop: true}\n", {5, 19}, {"interface: expected", "\"..\""}},
		{RULES "    - {interface: [br0, lo], drop: true}\n", {5, 25}, {"\"lo\"", "under \"rules\""}},
		{RULES "    - {interface: l*n, drop: true}\n", {5, 19}, {"\"l*n\"", "a prefix and \"*\""}},
		{RULES "    - {interface: lan**, drop: true}\n", {5, 19}, {"\"lan**\"", "a prefix and \"*\""}},
		{RULES "    - {interface: '*lan', drop: true}\n", {5, 19}, {"\"*lan\"", "a prefix and \"*\""}},
		{RULES "    - {interface: lan?, drop: true}\n", {5, 19}, {"\"lan?\"", "a prefix and \"*\""}},
		{RULES "    - {interface: 'lan[01]*', drop: true}\n", {5, 19}, {"[01]", "a prefix and \"*\""}},
		{RULES "    - {interface: lan+, drop: true}\n", {5, 19}, {"\"lan+\"", "a prefix and \"*\""}},
		{RULES "    - {source: router, drop: true}\n", {5, 16}, {"source: expected", "router"}},
		{RULES "    - {source: [10.0.0.0/33], drop: true}\n", {5, 17}, {"address or CIDR", "10.0.0.0/33"}},
		{RULES "    - {source: [], drop: true}\n", {5, 0}, {"address or CIDR", "an empty list"}},
		{RULES "    - {source: ~, drop: true}\n", {5, 16}, {"address or CIDR", "nothing"}},
		{RULES "    - {source: 10.0.0.1-10.0.0.9, drop: true}\n", {5, 16}, {"address or CIDR", "-10"}},
		{RULES "    - {source: '52:54:00:aa:bb:cc', drop: true}\n", {5, 16}, {"address or CIDR", "52:54"}},
		{RULES "    - {source: [fe80::1%br0], drop: true}\n", {5, 17}, {"address or CIDR", "%br0"}},
		{RULES "    - {source: 127.0.0.1, drop: true}\n", {5, 16}, {"this host itself", "127.0.0.1"}},
		{RULES "    - {source: 127.1.0.0/16, drop: true}\n", {5, 16}, {"this host itself", "127.1"}},
		{RULES "    - {source: '::1', drop: true}\n", {5, 16}, {"this host itself", "\"::1\""}},
		{RULES "    - {source: 224.0.0.251, drop: true}\n", {5, 16}, {"multicast", "224.0.0.251"}},
		{RULES "    - {source: 224.0.0.0/4, drop: true}\n", {5, 16}, {"multicast", "224.0.0.0/4"}},
		{RULES "    - {source: [ff02::1], drop: true}\n", {5, 17}, {"multicast", "ff02::1"}},
		{RULES "    - {source: 0.0.0.0, drop: true}\n", {5, 16}, {"no packet's source", "0.0.0.0/0"}},
		{RULES "    - {source: '::', drop: true}\n", {5, 16}, {"no packet's source", "::/0"}},
		{RULES "    - {mac: '52:54:00:aa:bb', drop: true}\n", {5, 13}, {"a MAC address", "aa:bb\""}},
		{RULES "    - {mac: '52:54:00:aa:bb:cc:dd', drop: true}\n", {5, 13}, {"a MAC address", "cc:dd\""}},
		{RULES "    - {mac: '5:54:00:aa:bb:ccc', drop: true}\n", {5, 13}, {"a MAC address", "\"5:54"}},
		{RULES "    - {mac: '52:54:00:aa:bb:cg', drop: true}\n", {5, 13}, {"a MAC address", "cg"}},
		{RULES "    - {mac: '52:54-00:aa:bb:cc', drop: true}\n", {5, 13}, {"a MAC address", "52:54-"}},
		{RULES "    - {mac: 52.54.00.aa.bb.cc, drop: true}\n", {5, 13}, {"a MAC address", "52.54"}},
		{RULES "    - {mac: 525400aabbcc, drop: true}\n", {5, 13}, {"a MAC address", "525400"}},
		{RULES "    - {mac: '52:54:00: a:bb:cc', drop: true}\n", {5, 13}, {"a MAC address", ": a"}},
		{RULES "    - {mac: '52:54:00:0x:bb:cc', drop: true}\n", {5, 13}, {"a MAC address", "0x"}},
		{RULES "    - {mac: '52:54:00:aa:bb:-1', drop: true}\n", {5, 13}, {"a MAC address", "-1"}},
		{RULES "    - {mac: ~, drop: true}\n", {5, 13}, {"a MAC address", "nothing"}},
		{RULES "    - {mac: [], drop: true}\n", {5, 0}, {"a MAC address", "an empty list"}},
		{RULES "    - {mac: '01:00:5e:00:00:fb', drop: true}\n", {5, 13}, {"is multicast", "01:00:5e"}},
		{RULES "    - {mac: 'ff:ff:ff:ff:ff:ff', drop: true}\n", {5, 13}, {"is multicast", "ff:ff"}},
		{RULES "    - {mac: 00-00-00-00-00-00, drop: true}\n", {5, 13}, {"of no device", "00-00"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		check_fault(&faults[i]);
}

static void test_its_policy_rules_have_no_room(void **state)
{
	static const struct fault faults[] = {
		{VERSION "rule-priority: 2\ngateway:\n  strict: true\n",
		 {4, 3},
		 {"rule-priority\" of at least 3, got 2"}},
		{VERSION "containers: true\nrule-priority: 1\n", {2, 13}, {"rule-priority\" of at least 3, got 1"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		check_fault(&faults[i]);
	config_free(parse_good(VERSION "rule-priority: 3\ngateway: {strict: true}\n"));
	config_free(parse_good(VERSION "rule-priority: 1\ncontainers: false\n"));
}

/* The place is that of the gateway's mark where it is set, and in the text is that of the proxy. */
static void test_marks_of_proxies(void **state)
{
	static const struct fault faults[] = {
		{VERSION "gateway: {mark: 7}\ntproxies:\n  a: {mark: 7, port: 1}\n",
		 {2, 17},
		 {"7 (0x7)", "the proxy a (line 4)"}},
		{VERSION "tproxies:\n  a: {mark: 0x7/0xf, port: 1}\ngateway: {mark: 0x107}\n",
		 {4, 17},
		 {"263 (0x107)", "the proxy a (line 3)"}},
		{VERSION "tproxies:\n  a: {mark: 3001, port: 1}\ngateway: {strict: true}\n",
		 {4, 11},
		 {"3001 (0xbb9) unless \"gateway.mark\" is set", "the proxy a (line 3)"}},
		{VERSION "containers: true\ntproxies:\n  a: {mark: 1, port: 1}\n  b: {mark: 3001, port: 2}\n",
		 {2, 13},
		 {"\"gateway.mark\"", "the proxy b (line 5)"}},
		{VERSION "containers: true\ngateway: {}\ntproxies:\n  a: {mark: 0x1/0x1, port: 1}\n",
		 {3, 0},
		 {"\"gateway.mark\"", "the proxy a (line 5)"}},
	};
	static const char *const good[] = {
		VERSION "tproxies:\n  a: {mark: 3001, port: 1}\n", /* as in configs that know nothing of a gateway */
		VERSION "containers: false\ngateway:\ntproxies:\n  a: {mark: 3001, port: 1}\n",
		VERSION "containers: true\ngateway: {mark: 3002}\ntproxies:\n  a: {mark: 3001, port: 1}\n",
		VERSION "gateway: {mark: 0x107}\ntproxies:\n  a: {mark: 0x8/0xf, port: 1}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		check_fault(&faults[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		config_free(parse_good(good[i]));
	/* one error is enough for a mark that can't be read */
	check_fault(&(struct fault){VERSION "gateway: {mark: x}\ntproxies:\n  a: {mark: 3001, port: 1}\n",
				    {2, 17},
				    {"gateway.mark: expected a number", NULL}});
	check_fault(&(struct fault){VERSION "gateway: []\ntproxies:\n  a: {mark: 3001, port: 1}\n",
				    {2, 0},
				    {"gateway: expected a map", NULL}});
}

/* What can never match, by the line and column of its warning and of what the warning says. */
static void test_what_never_matches(void **state)
{
	static const struct fault warnings[] = {
		{"{interface: br0, drop: true}\n    - {interface: br0, direct: true}", {6, 19}, {"\"br0\"", "line 5"}},
		{"{interface: [a, lan*], drop: true}\n    - {interface: [b, lan1], drop: true}",
		 {6, 23},
		 {"\"lan1\" can never match", "line 5"}},
		{"{interface: lan*, drop: true}\n    - {interface: lan, drop: true}", {6, 19}, {"\"lan\"", "line 5"}},
		{"{interface: lan*, drop: true}\n    - {interface: lan1*, drop: true}", {6, 19}, {"lan1*", "line 5"}},
		{"{interface: lan*, drop: true}\n    - {interface: lan0123456789ab, drop: true}",
		 {6, 19},
		 {"\"lan0123456789ab\"", "line 5"}},
		{"{interface: 0123456789abcd*, drop: true}\n    - {interface: 0123456789abcde, drop: true}",
		 {6, 19},
		 {"abcde", "line 5"}},
		{"{interface: 0123456789abcd*, drop: true}\n    - {interface: 0123456789abcd, drop: true}",
		 {6, 19},
		 {"abcd", "line 5"}},
		/* the first that takes it is named */
		{"{interface: lan1*, drop: true}\n    - {interface: l*, drop: true}\n"
		 "    - {interface: lan12, drop: true}",
		 {7, 19},
		 {"\"lan12\"", "line 5"}},
		{"{interface: lan1*, drop: true}\n    - {interface: l*, drop: true}\n"
		 "    - {interface: lan2, drop: true}",
		 {7, 19},
		 {"\"lan2\"", "line 6"}},
		{"{interface: '*', drop: true}\n    - {mac: 52:54:00:aa:bb:cc, drop: true}",
		 {6, 8},
		 {"this rule can never match", "line 5 is for every interface"}},
		{"{interface: '*', drop: true}\n    - {interface: [br0, br1], drop: true}",
		 {6, 8},
		 {"this rule can never match", "line 5"}},
		{"{interface: ['*', br0], drop: true}", {5, 25}, {"\"br0\" is redundant", NULL}},
		{"{interface: [br0, br0], drop: true}", {5, 25}, {"\"br0\" is redundant", NULL}},
		{"{source: 10.0.0.0/8, drop: true}\n    - {source: 10.1.2.3, drop: true}", {6, 16}, {"10.1", "line 5"}},
		{"{source: 10.0.0.1, drop: true}\n    - {source: 10.0.0.1/32, drop: true}", {6, 16}, {"/32", "line 5"}},
		{"{source: 10.3.2.1/8, drop: true}\n    - {source: 10.128.0.0/9, drop: true}",
		 {6, 16},
		 {"10.128.0.0/9", "line 5"}},
		{"{source: 0.0.0.0/0, drop: true}\n    - {source: ['fd00::1', 1.2.3.4], drop: true}",
		 {6, 28},
		 {"1.2.3.4", "line 5"}},
		{"{source: ['::/0'], drop: true}\n    - {source: [1.2.3.4, 'fd00::1'], drop: true}",
		 {6, 26},
		 {"fd00::1", "line 5"}},
		{"{source: ['fd00::/8', 'fdab::/16'], drop: true}", {5, 29}, {"\"fdab::/16\" is redundant", NULL}},
		{"{mac: 52:54:00:aa:bb:cc, drop: true}\n    - {mac: 52-54-00-AA-BB-CC, direct: true}",
		 {6, 13},
		 {"52-54-00-AA-BB-CC", "line 5"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(warnings); i++) {
		char text[512];
		struct parsed parsed;
		const struct diagnostic *said = NULL;

		snprintf(text, sizeof(text), RULES "    - %s\n", warnings[i].text);
		parsed = parse(text);
		if (parsed.result != 0 || parsed.diagnostics.count != 1)
			fail_msg("%zu warnings: %s", parsed.diagnostics.count, text);
		said = parsed.diagnostics.items;
		assert_int_equal(said->severity, SEVERITY_WARNING);
		if (said->position.line != warnings[i].position.line ||
		    said->position.column != warnings[i].position.column)
			fail_msg("at %d:%d: %s\n%s", said->position.line, said->position.column, said->text, text);
		assert_says(said, warnings[i].words[0]);
		assert_says(said, warnings[i].words[1]);
		parsed_clear(&parsed);
	}
}

/* It is what people will write. */
static void test_an_asterisk_without_quotes(void **state)
{
	(void)state;
	check_fault(&(struct fault){
		RULES "    - {interface: *, drop: true}\n", {5, 0}, {"invalid YAML", "put it in quotes"}});
	check_fault(
		&(struct fault){RULES "    - interface: *\n      drop: true\n", {5, 0}, {"invalid YAML", "in quotes"}});
}

/* A rule for less may stand in front of one for more, and the kinds of selectors say nothing of one another. */
static void test_what_may_match(void **state)
{
	static const char *const rules[] = {
		"{interface: lan1, drop: true}\n    - {interface: lan*, drop: true}",
		"{interface: lan1, drop: true}\n    - {interface: '*', drop: true}",
		"{interface: lan1*, drop: true}\n    - {interface: [lan, lan2*, la*, Lan1], drop: true}",
		"{interface: 0123456789abcd, drop: true}\n    - {interface: 0123456789abcde, drop: true}",
		"{source: 10.0.0.0/9, drop: true}\n    - {source: [10.128.0.0/9, 10.0.0.0/8], drop: true}",
		"{source: ['::/1', 0.0.0.0/1], drop: true}\n    - {source: ['8000::', 128.0.0.1], drop: true}",
		"{source: [0.0.0.0/0, '::/0'], drop: true}\n    - {interface: '*', drop: true}",
		"{mac: [52:54:00:aa:bb:cc, 52:54:00:aa:bb:cd], drop: true}\n    - {mac: 50:54:00:aa:bb:cc, drop: true}",
		/* these bytes are "br0" */
		"{interface: br0, drop: true}\n    - {mac: '62:72:30:00:00:00', drop: true}",
		"{mac: '62:72:30:00:00:00', drop: true}\n    - {interface: br0, drop: true}",
		"{interface: br0, drop: true}\n    - {source: 10.0.0.1, drop: true}",
		"{source: 10.0.0.1, drop: true}\n    - {mac: 52:54:00:aa:bb:cc, drop: true}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		char text[512];

		snprintf(text, sizeof(text), RULES "    - %s\n", rules[i]);
		config_free(parse_good(text));
	}
}

static void test_unknown_keys(void **state)
{
	static const struct fault warnings[] = {
		{VERSION "gateways: {}\n", {2, 1}, {"the config: unknown key", "\"gateway\""}},
		{VERSION "container: true\n", {2, 1}, {"the config: unknown key", "\"containers\""}},
		{VERSION "gateway: {marks: 7}\n", {2, 11}, {"gateway: unknown key \"marks\"", "\"mark\""}},
		{RULES "    - {interfaces: x, mac: 52:54:00:aa:bb:cc, drop: true}\n",
		 {5, 8},
		 {"rule of the gateway: unknown key", "\"interface\""}},
		{RULES "    - {unit: x, interface: br0, drop: true}\n", {5, 8}, {"unknown key \"unit\"", NULL}},
		{VERSION "rules:\n  - {interface: br0, match: a, drop: true}\n", {3, 6}, {"\"interface\"", NULL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(warnings); i++) {
		struct parsed parsed = parse(warnings[i].text);
		const struct diagnostic *said = parsed.diagnostics.items;

		assert_int_equal(parsed.result, 0);
		assert_int_equal(parsed.diagnostics.count, 1);
		assert_int_equal(said->severity, SEVERITY_WARNING);
		assert_int_equal(said->position.line, warnings[i].position.line);
		assert_int_equal(said->position.column, warnings[i].position.column);
		assert_says(said, warnings[i].words[0]);
		assert_says(said, warnings[i].words[1]);
		parsed_clear(&parsed);
	}
}

/* Writes @count rules, each with @values values of its own. */
static char *write_rules(unsigned count, unsigned values)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned next = 0;

	assert_non_null(out);
	fputs(VERSION "gateway:\n  rules:\n", out);
	for (unsigned i = 0; i < count; i++) {
		fputs("    - {drop: true, source: [", out);
		for (unsigned j = 0; j < values; j++, next++)
			fprintf(out, "%s10.%u.%u.%u", j > 0 ? ", " : "", next >> 16, next >> 8 & 0xff, next & 0xff);
		fputs("]}\n", out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_limits(void **state)
{
	enum { EACH = GATEWAY_VALUES_MAX / GATEWAY_RULES_MAX };
	char *text = write_rules(GATEWAY_RULES_MAX, EACH);
	struct config *config = parse_good(text);

	(void)state;
	assert_int_equal(config->gateway.rule_count, GATEWAY_RULES_MAX);
	assert_int_equal(config->gateway.rules[GATEWAY_RULES_MAX - 1].value_count, EACH);
	config_free(config);
	free(text);
	text = write_rules(GATEWAY_RULES_MAX + 1, 1);
	check_fault(&(struct fault){text, {GATEWAY_RULES_MAX + 4, 8}, {"gateway.rules: 1025 rules", "1024"}});
	free(text);
	text = write_rules(2, GATEWAY_VALUES_MAX / 2 + 1);
	check_fault(&(struct fault){text, {5, 0}, {"source", "more than 16384 values"}});
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_what_enables_it),
		cmocka_unit_test(test_forms_of_interfaces),
		cmocka_unit_test(test_forms_of_sources),
		cmocka_unit_test(test_forms_of_macs),
		cmocka_unit_test(test_aliases_and_merged_rules),
		cmocka_unit_test(test_texts_are_escaped),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_its_policy_rules_have_no_room),
		cmocka_unit_test(test_marks_of_proxies),
		cmocka_unit_test(test_what_never_matches),
		cmocka_unit_test(test_an_asterisk_without_quotes),
		cmocka_unit_test(test_what_may_match),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
