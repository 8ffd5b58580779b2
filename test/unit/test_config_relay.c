/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Relays in a config: what is read, refused, and follows from it. */

#include "config/relay.h"
#include "faults.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define PROXIES VERSION "tproxies:\n"
#define PROXY PROXIES "  p:\n    mark: 1\n    port: 1\n"
#define RELAY(relay) PROXY "    relay: " relay "\n"

static const struct proxy_relay *relay_of(const struct config *config)
{
	assert_int_equal(config->proxy_count, 1);
	assert_true(config->proxies[0].relay.enabled);
	return &config->proxies[0].relay;
}

static void test_the_upstream_is_read(void **state)
{
	struct config *config = parse_good(RELAY("{upstream: 'socks5://joe:s%3Aecret@[2001:db8::1]:1080'}"));
	const struct upstream *upstream = &relay_of(config)->upstream;

	(void)state;
	assert_int_equal(upstream->kind, UPSTREAM_SOCKS5);
	assert_string_equal(upstream->user, "joe");
	assert_string_equal(upstream->password, "s:ecret");
	assert_int_equal(upstream->port, 1080);
	assert_int_equal(relay_of(config)->dns.kind, RELAY_DNS_OFF);
	assert_int_equal(config->proxies[0].udp, TRAFFIC_PROXY);
	config_free(config);
	config = parse_good(PROXY);
	assert_false(config->proxies[0].relay.enabled);
	config_free(config);
}

static void test_who_answers_questions(void **state)
{
	static const struct {
		const char *text;
		struct relay_dns dns;
	} good[] = {
		{"off", {RELAY_DNS_OFF}},
		{"fake-ip", {RELAY_DNS_FAKE_IP}},
		{"tcp://9.9.9.9", {RELAY_DNS_SERVER, {AF_INET, .port = 53}}},
		{"tcp://9.9.9.9:5353", {RELAY_DNS_SERVER, {AF_INET, .port = 5353}}},
		{"tcp://[2620:fe::fe]", {RELAY_DNS_SERVER, {AF_INET6, .port = 53}}},
		{"tcp://[2620:fe::fe]:65535", {RELAY_DNS_SERVER, {AF_INET6, .port = 65535}}},
	};
	static const char *const bad[] = {
		"",
		"on",
		"fake-ip ",
		"Fake-IP",
		"tcp://",
		"tcp://dns",
		"tcp://9.9.9.9:",
		"tcp://9.9.9.9:0",
		"tcp://9.9.9.9:053",
		"tcp://9.9.9.9:65536",
		"9.9.9.9",
		"udp://9.9.9.9",
		"tcp://9.9.9.9:53/",
		"tcp://[2620:fe::fe",
		"tcp://2620:fe::fe",
		"tcp://[9.9.9.9]",
		"tcp://9.9.9.9:99999999999999999999",
		"tcp://[2620:fe::fe]53",
		"tcp://[2620:00fe:0000:0000:0000:0000:0000:0000:0000:00fe]:53",
	};
	struct relay_dns dns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(&dns, 0xff, sizeof(dns));
		assert_true(relay_dns_parse(good[i].text, &dns));
		assert_int_equal(dns.kind, good[i].dns.kind);
		assert_int_equal(dns.server.family, good[i].dns.server.family);
		assert_int_equal(dns.server.port, good[i].dns.server.port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (relay_dns_parse(bad[i], &dns))
			fail_msg("taken: %s", bad[i]);
	}
}

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{RELAY("{}"), {6}, {"upstream", "socks5://127.0.0.1:1080"}},
		{RELAY("socks5://127.0.0.1:1080"), {6}, {"relay"}},
		{RELAY("{upstream: 'socks4://127.0.0.1:1080'}"), {6}, {"relay.upstream", "socks4"}},
		{RELAY("{upstream: [direct://]}"), {6}, {"relay.upstream"}},
		{RELAY("{upstream: }"), {6}, {"upstream"}},
		{RELAY("{upstream: 'direct://', dns: dns.example}"), {6}, {"relay.dns", "fake-ip"}},
		{RELAY("{upstream: 'direct://', dns: [off]}"), {6}, {"relay.dns"}},
		{RELAY("{upstream: 'direct://', dns: fake-ip}"), {6}, {"fake-ip", "direct://"}},
		{RELAY("{upstream: 'http://127.0.0.1:1'}") "    udp: proxy\n", {6}, {"UDP", "direct"}},
		{RELAY("{upstream: 'http://127.0.0.1:1'}") "    no-udp: false\n", {6}, {"UDP"}},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "    dns-hijack: {port: 1053}\n",
		 {7},
		 {"dns-hijack", "dns"}},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: 'tcp://9.9.9.9'}") "    dns-hijack: {port: 1053}\n",
		 {7},
		 {"dns-hijack"}},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: [10.0.0.0/8, 198.0.0.0/8]\n",
		 {6},
		 {"198.18.0.0/15", "bypass"}},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: [198.19.255.0/24]\n", {6}, {"bypass"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		check_fault(&faults[i]);
}

/* Next to the networks of fake addresses, or without these; and where many configs have private addresses of IPv6. */
static void test_what_bypass_may_have(void **state)
{
	static const struct {
		const char *text;
		bool has_ip6;
	} good[] = {
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: [198.17.0.0/16, 198.20.0.0/16, "
								       "'fd00::/8', 'fc00:4000::/18', 'fb00::/8']\n",
		 true},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: ['fc00::/7']\n", false},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: ['::/0']\n", false},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "bypass: ['fc00:3fff::1']\n", false},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: fake-ip}") "    ipv6: refuse\n", false},
		{RELAY("{upstream: 'socks5://[::1]:1', dns: 'tcp://9.9.9.9'}") "bypass: [198.18.0.0/15]\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct config *config = parse_good(good[i].text);

		assert_int_equal(relay_has_fake_ip6(config, &config->proxies[0]), good[i].has_ip6);
		config_free(config);
	}
}

static void test_an_http_proxy_has_no_udp(void **state)
{
	static const struct {
		const char *text;
		enum traffic udp;
	} configs[] = {
		{RELAY("{upstream: 'http://127.0.0.1:1'}"), TRAFFIC_REFUSE},
		{RELAY("{upstream: 'http+unix:/run/proxy'}") "    udp: refuse\n", TRAFFIC_REFUSE},
		{RELAY("{upstream: 'http://127.0.0.1:1'}") "    udp: direct\n", TRAFFIC_DIRECT},
		{RELAY("{upstream: 'http://127.0.0.1:1'}") "    no-udp: true\n", TRAFFIC_DIRECT},
		{RELAY("{upstream: 'direct://'}"), TRAFFIC_PROXY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct config *config = parse_good(configs[i].text);

		assert_int_equal(config->proxies[0].udp, configs[i].udp);
		config_free(config);
	}
}

static void test_the_rule_for_relays_is_the_first(void **state)
{
	struct config *config = parse_good(RELAY("{upstream: 'direct://'}") "rules:\n  - {match: ., tproxy: p}\n");

	(void)state;
	assert_int_equal(relay_add_rule(config), 0);
	assert_int_equal(config->rule_count, 2);
	assert_int_equal(config->rules[0].target, TARGET_DIRECT);
	assert_string_equal(config->rules[0].selector, "unit: cgtproxy-relay@.service");
	assert_int_equal(config->rules[0].position.line, 6);
	assert_int_equal(config->rules[1].target, TARGET_FIRST_PROXY);
	config_free(config);
	config = parse_good(PROXY "rules:\n  - {match: ., tproxy: p}\n");
	assert_int_equal(relay_add_rule(config), 0);
	assert_int_equal(config->rule_count, 1);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_upstream_is_read),
		cmocka_unit_test(test_who_answers_questions),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_what_bypass_may_have),
		cmocka_unit_test(test_an_http_proxy_has_no_udp),
		cmocka_unit_test(test_the_rule_for_relays_is_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
