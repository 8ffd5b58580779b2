/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages about invalid configs: each error once, with line and column, what was found and what was expected. */

#include "faults.h"

#include <stdio.h>

/* Where a text ends, which is where what is put behind it begins. */
static struct position end_of(const char *text)
{
	struct position position = {1, 1};

	for (; *text != '\0'; text++) {
		position.column++;
		if (*text == '\n')
			position = (struct position){position.line + 1, 1};
	}
	return position;
}

enum { VALUES_MAX = 24 };

/* Values, each invalid at one place of a config: between @before and @after. */
struct refused {
	const char *before;
	const char *after;
	const char *expected;
	const char *values[VALUES_MAX];
};

static void check_refused(const struct refused *refused, const char *value)
{
	const struct position wanted = end_of(refused->before);
	const struct diagnostic *said = NULL;
	struct parsed parsed;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", refused->before, value, refused->after);
	said = only_fault(text, &parsed);
	if (said->position.line != wanted.line || said->position.column != wanted.column)
		fail_msg("at %d:%d for \"%s\": %s", said->position.line, said->position.column, value, said->text);
	assert_says(said, value);
	assert_says(said, refused->expected);
	parsed_clear(&parsed);
}

static void test_refused_values(void **state)
{
	static const struct refused refused[] = {
		{"version: ", "\n", "1", {"2", "0", "one", "1.0"}},
		{VERSION "cgroup-root: ", "\n", "absolute path", {"sys/fs/cgroup", "auto", ".", "300"}},
		{VERSION "route-table: ",
		 "\nstrict: true\n",
		 "from 1 to 4294967295",
		 {"0", "4294967296", "99999999999999999999999", "-1", "1.5", "abc", "0x", "0xfg", "0o8", "0b2", "08",
		  "1 2", "true", "_", "0x-1", "1,000"}},
		{VERSION "route-table: ", "\n", "300", {"253", "254", "255"}},
		{VERSION "bypass-local: ", "\n", "true or false", {"maybe", "2", "local"}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, udp: ",
		 "}}\n",
		 "proxy, direct or refuse",
		 {"true", "drop", "Proxy", "1", "no"}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, ipv6: ",
		 "}}\n",
		 "proxy, direct or refuse",
		 {"false", "reject"}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, other: ",
		 "}}\n",
		 "direct or refuse",
		 {"proxy", "drop", "no"}},
		{VERSION "rule-priority: ",
		 "\n",
		 "from 1 to 32765",
		 {"0", "32766", "32767", "4294967297", "-3000", "first"}},
		{VERSION "strict: ", "\n", "true or false", {"maybe", "1", "0", "tRUE", "yess", "t"}},
		{VERSION "on-stop: ", "\n", "clear or keep", {"restart", "Keep", "true", "keep-all", "clea"}},
		{VERSION "bypass:\n  - 10.0.0.1\n  - ",
		 "\n  - ::1\n",
		 "CIDR",
		 {"example.org", "10.0.0", "10.0.0.0/33", "10.0.0.256", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/ 8",
		  "10.0.0.0/+8", "10.0.0.0/8x", "::/129", "fe80::1%lo", "1.2.3.4.5", "/8", "10", "10.0.0.0/8/8",
		  "10.0.0.0/99999999999999999999"}},
		{VERSION "tproxies:\n  p:\n    port: 1\n    mark: ",
		 "\n",
		 "fwmark",
		 {"0", "0x0", "-1", "4294967296", "0/1", "0x1/0x10", "3/1", "1/", "/1", "1/0", "1/4294967296", "x",
		  "1/x", "1/1/1", "0x100000000/0xff"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: ",
		 "\n",
		 "from 1 to 65535",
		 {"0", "65536", "70000", "-1", "http", "80.5", "4294967376"}},
		{VERSION "tproxies:\n  p: {mark: 1, port: 1, no-udp: ", "}\n", "no-udp: expected true or false", {"2"}},
		{VERSION "tproxies:\n  p: {mark: 1, port: 1, no-ipv6: ",
		 "}\n",
		 "no-ipv6: expected true or false",
		 {"x"}},
		{VERSION "tproxies:\n  p: {mark: 1, port: 1, dns-hijack: ", "}\n", "a map", {"true", "127.0.0.1"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      ip: ",
		 "\n",
		 "dns-hijack.ip: expected an IPv4 address",
		 {"localhost", "::1", "127.0.0.1/8", "127.1", "127.0.0.1:53"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      ip6: ",
		 "\n",
		 "dns-hijack.ip6: expected an IPv6 address",
		 {"127.0.0.1", "fe80::1%lo", "::1/128", "fd00"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      ip: ",
		 "\n",
		 "expected the address of a name server, like 127.0.0.1",
		 {"0.0.0.0", "0.0.0.1", "224.0.0.251", "239.255.255.255", "255.255.255.255"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      ip6: ",
		 "\n",
		 "expected the address of a name server, like ::1",
		 {"ff02::fb", "fe80::1", "febf::1", "::ffff:127.0.0.1"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      port: ",
		 "\n",
		 "dns-hijack.port: expected a number from 1 to 65535",
		 {"0", "65536", "domain"}},
		{VERSION "tproxies:\n  p:\n    mark: 1\n    port: 1\n    dns-hijack:\n      tcp: ",
		 "\n",
		 "dns-hijack.tcp: expected true or false",
		 {"53"}},
		{VERSION "tproxies:\n  p: ", "\n", "p: expected a map", {"7893", "direct"}},
		{VERSION "tproxies: ", "\n", "tproxies: expected a map", {"p"}},
		{VERSION "rules: ", "\n", "rules: expected a list", {"direct", ".*"}},
		{VERSION "rules:\n  - ", "\n", "rule: expected a map", {".*", "direct"}},
		{VERSION "rules:\n  - match: .*\n    tproxy: ", "\n", "name of a proxy", {"p", "direct", "0"}},
		{VERSION "rules:\n  - match: .*\n    drop: ", "\n", "drop: expected true or false", {"1", "p"}},
		{VERSION "rules:\n  - match: .*\n    direct: ", "\n", "direct: expected true or false", {"always"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (size_t j = 0; j < VALUES_MAX && refused[i].values[j] != NULL; j++)
			check_refused(&refused[i], refused[i].values[j]);
	}
}

/* A number's prefix comes once, and "_" stands between digits. Go's yaml.v3 reads these as strings. */
static void test_odd_numbers(void **state)
{
	static const struct refused odd = {VERSION "route-table: ", "\n", "from 1 to", {"0x0x5", "_5", "_0x5"}};

	(void)state;
	for (size_t i = 0; odd.values[i] != NULL; i++)
		check_refused(&odd, odd.values[i]);
}

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{"strict: true\n", {1, 1}, {"version: 1"}},
		{"- version: 1\n", {1, 3}, {"expected a map", "a list"}},
		{"version\n", {1, 1}, {"expected a map", "version"}},
		{"version: [1]\n", {1, 11}, {"version", "a list"}},
		{"version:\n", {1, 1}, {"version", "nothing"}},
		{VERSION "cgroup-root: ''\n", {2, 14}, {"cgroup-root", "a non-empty string"}},
		{VERSION "cgroup-root: [/sys]\n", {2, 15}, {"cgroup-root", "a list"}},
		{VERSION "route-table: '300'\n", {2, 14}, {"route-table", "number"}},
		{VERSION "strict: 'true'\n", {2, 9}, {"strict", "true or false"}},
		{VERSION "strict: {a: b}\n", {2, 10}, {"strict", "a map"}},
		{VERSION "on-stop: [keep]\n", {2, 11}, {"on-stop", "a list"}},
		{VERSION "bypass: 10.0.0.0/8\n", {2, 9}, {"bypass: expected a list", "10.0.0.0/8"}},
		{VERSION "bypass: {a: b}\n", {2, 10}, {"bypass: expected a list", "a map"}},
		{VERSION "bypass: [[::1]]\n", {2, 11}, {"bypass", "a list"}},
		{VERSION "bypass: [10.0.0.1, ~]\n", {2, 20}, {"bypass", "nothing"}},
		{VERSION "tproxies:\n  - p\n", {3, 5}, {"tproxies: expected a map", "a list"}},
		{VERSION "tproxies:\n  p:\n", {3, 3}, {"p: expected a map", "nothing"}},
		{VERSION "tproxies:\n  p: [a]\n", {3, 7}, {"p: expected a map", "a list"}},
		{VERSION "tproxies:\n  p: {port: 1}\n", {3, 3}, {"\"p\"", "no mark"}},
		{VERSION "tproxies:\n  p: {mark: 1}\n", {3, 3}, {"\"p\"", "no port"}},
		{VERSION "tproxies:\n  p: {mark: ~, port: 1}\n", {3, 13}, {"mark", "nothing"}},
		{VERSION "tproxies:\n  p: {port: ~, mark: 1}\n", {3, 13}, {"port", "nothing"}},
		{VERSION "tproxies:\n  p: {mark: '1', port: 1}\n", {3, 0}, {"mark", "fwmark"}},
		{VERSION "tproxies:\n  ? [a]\n  : {mark: 1, port: 1}\n", {3, 0}, {"a list", "must be a string"}},
		{VERSION "rules:\n  match: /a\n", {3, 3}, {"rules: expected a list", "a map"}},
		{VERSION "rules:\n  - [a]\n", {3, 6}, {"rule: expected a map", "a list"}},
		{VERSION "rules:\n  - match: [a]\n    drop: true\n", {3, 13}, {"match", "a list"}},
		{VERSION "rules:\n  - match: ''\n    drop: true\n", {3, 0}, {"match", "a non-empty string"}},
		{VERSION "rules:\n  - match: ~\n    drop: true\n", {3, 12}, {"match", "nothing"}},
		{VERSION "rules:\n  - match: \"a\\0b\"\n    drop: true\n", {3, 0}, {"match", "a\\x00b"}},
		{VERSION "rules:\n  - match: /a\n", {3, 5}, {"exactly one target", "has 0"}},
		{VERSION "rules:\n  - match: /a\n    drop: false\n", {3, 5}, {"exactly one target", "has 0"}},
		{VERSION "rules:\n  - {match: /a, drop: true, direct: true}\n",
		 {3, 6},
		 {"exactly one target", "has 2"}},
		{VERSION "rules:\n  - {match: /a, drop: true, refuse: true}\n", {3, 6}, {"\"refuse: true\"", "has 2"}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, udp: direct, no-udp: true}}\n",
		 {2, 0},
		 {"no-udp", "\"udp\""}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, no-ipv6: false, ipv6: refuse}}\n",
		 {2, 0},
		 {"ipv6", "\"no-ipv6\""}},
		{VERSION "rules:\n  - drop: true\n", {3, 5}, {"exactly one selector", "has 0"}},
		{VERSION "rules:\n  - match: /a(b\n    drop: true\n", {3, 12}, {"missing )", "/a(b"}},
		{VERSION "rules:\n  - match: /ok/a{2,1}b\n    drop: true\n", {3, 12}, {"character 6", "{2,1}"}},
		{VERSION "rules:\n  - match: a{1001}\n    drop: true\n", {3, 12}, {"character 2", "{1001}"}},
		{VERSION "tproxies: {p: {mark: 1, port: 1, dns-hijack: {ip6: '::'}}}\n",
		 {2, 52},
		 {"\"::\"", "like ::1"}},
		{VERSION "strict: *nope\n", {2, 9}, {"no anchor", "nope"}},
		{VERSION "strict: true\nstrict: true\n", {3, 1}, {"duplicate key"}},
		{VERSION "tproxies:\n  p: {mark: 1, port: 1}\n  p: {mark: 2, port: 2}\n", {4, 3}, {"duplicate key"}},
		{VERSION "tproxies:\n\tp: 1\n", {3, 1}, {"invalid YAML", "tab"}},
		{VERSION "rules: [\n  - }\n", {3, 0}, {"invalid YAML"}},
		{VERSION "rules:\n  - match: \"/a\n", {3, 0}, {"invalid YAML"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++)
		check_fault(&faults[i]);
}

/* Of two documents the second would be lost, and with it, perhaps, the rules. */
static void test_two_documents(void **state)
{
	(void)state;
	check_fault(&(struct fault){VERSION "---\nstrict: true\n", {3, 0}, {"second document"}});
}

static void test_names_of_proxies(void **state)
{
	static const char too_long[] = "01234567890123456789012345678901"
				       "234567890123456789012345678901234";
	static const char *const names[] = {
		"a/b", "a b", "\xe4\xb8\xad", "a\"b", "a{", "<<x", too_long,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[256];

		snprintf(text, sizeof(text), VERSION "tproxies:\n  ? '%s'\n  : {mark: 1, port: 1}\n", names[i]);
		check_fault(&(struct fault){text, {3, 0}, {"tproxies: the proxy name"}});
	}
	check_fault(&(struct fault){VERSION "tproxies:\n  '': {mark: 1, port: 1}\n", {3, 0}, {"1 to 64"}});
}

/* Each proxy has a bit of a flow's label. */
static void test_too_many_proxies(void **state)
{
	char text[8192] = VERSION "tproxies:\n";
	struct parsed parsed;

	(void)state;
	for (unsigned i = 0; i < PROXIES_MAX; i++)
		sprintf(text + strlen(text), "  p%u: {mark: %u, port: %u}\n", i, i + 1, i + 1);
	parsed = parse(text);
	assert_int_equal(parsed.result, 0);
	parsed_clear(&parsed);
	sprintf(text + strlen(text), "  more: {mark: 99, port: 99}\n");
	check_fault(&(struct fault){text, {PROXIES_MAX + 3, 3}, {"65 proxies", "64"}});
}

/* Marks that can both match one packet, so that it would belong to both proxies. */
static void test_marks_that_are_one(void **state)
{
	static const char *const pairs[][2] = {
		{"1", "1"},
		{"0xbb8", "3000"},
		{"1", "1/0xffffffff"},
		{"0x100/0xf00", "0x101"},
		{"0x101", "0x100/0xf00"},
		{"0x1/0xf", "0x10/0xf0"},
		{"0x3/0x3", "0x2/0x2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char text[256];

		snprintf(text, sizeof(text), VERSION "tproxies:\n  a: {mark: %s, port: 1}\n  b: {mark: %s, port: 2}\n",
			 pairs[i][0], pairs[i][1]);
		check_fault(&(struct fault){text, {4, 0}, {"a (line 3)", "b"}});
	}
}

/* Those of three, each with each. */
static void test_three_proxies_with_one_mark(void **state)
{
	struct parsed parsed = parse(VERSION "tproxies:\n  a: {mark: 1, port: 1}\n  b: {mark: 1, port: 2}\n"
					     "  c: {mark: 1, port: 3}\n");

	(void)state;
	assert_int_equal(parsed.result, -EINVAL);
	assert_int_equal(parsed.diagnostics.count, 3);
	parsed_clear(&parsed);
}

static void test_hijacks_that_lead_to_a_proxy(void **state)
{
	static const char *const hijacks[] = {
		"mark: 1, port: 7, dns-hijack: {port: 7}",
		"mark: 1, port: 53, dns-hijack: {}",
		"mark: 1, port: 7, dns-hijack: {ip: 127.1.2.3, port: 7}",
		"mark: 1, port: 7, dns-hijack: {ip: 10.0.0.1, ip6: '::1', port: 7}",
		"mark: 1, port: 7, udp: direct, dns-hijack: {port: 7, tcp: true}",
		"mark: 1, port: 9, dns-hijack: {port: 8}", /* that of another */
	};
	static const char *const others[] = {
		"mark: 1, port: 7, dns-hijack: {port: 9}",
		"mark: 1, port: 7, dns-hijack: {ip: 10.0.0.1, port: 7}", /* of another host */
		"mark: 1, port: 7, udp: refuse, dns-hijack: {port: 7}",	 /* UDP and TCP have each their ports */
		"mark: 1, port: 7, dns-hijack: {ip: 127.0.0.53}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hijacks); i++) {
		char text[256];

		snprintf(text, sizeof(text), VERSION "tproxies:\n  a: {%s}\n  b: {mark: 2, port: 8}\n", hijacks[i]);
		check_fault(&(struct fault){text, {3, 0}, {"dns-hijack: port", "the proxy "}});
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		char text[256];
		struct parsed parsed;

		snprintf(text, sizeof(text), VERSION "tproxies:\n  a: {%s}\n  b: {mark: 2, port: 8}\n", others[i]);
		parsed = parse(text);
		assert_int_equal(parsed.result, 0);
		assert_int_equal(parsed.diagnostics.count, 0);
		parsed_clear(&parsed);
	}
}

/* It works, as far as it goes, so it is a warning; it is none where each name uses the server in another way. */
static void check_warning(const char *text, size_t count, const char *word)
{
	struct parsed parsed = parse(text);

	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(parsed.diagnostics.items[i].severity, SEVERITY_WARNING);
		assert_says(&parsed.diagnostics.items[i], word);
	}
	parsed_clear(&parsed);
}

static void test_proxies_with_one_port(void **state)
{
	(void)state;
	check_warning(VERSION "tproxies:\n  a: {mark: 1, port: 7}\n  b: {mark: 2, port: 7}\n  c: {mark: 3, port: 7}\n",
		      2, "the proxies a (line 3) and ");
	check_warning(VERSION "tproxies:\n  a: {mark: 1, port: 7, dns-hijack: {}}\n  b: {mark: 2, port: 7}\n", 1,
		      "same port, 7");
	check_warning(VERSION "tproxies:\n  a: {mark: 1, port: 7}\n  b: {mark: 2, port: 7, udp: refuse}\n"
			      "  c: {mark: 3, port: 7, ipv6: direct}\n  d: {mark: 4, port: 7, other: refuse}\n",
		      0, NULL);
}

static void test_a_hijack_to_a_link_local_address_of_ipv4(void **state)
{
	(void)state;
	check_warning(VERSION "tproxies:\n  a: {mark: 1, port: 7, dns-hijack: {ip: 169.254.169.253}}\n", 1,
		      "link-local");
}

static void test_output_of_a_failure(void **state)
{
	static const char text[] = VERSION "strict: maybe\n";
	struct config last;
	struct config *config = &last;
	struct diagnostics diagnostics = {0};

	(void)state;
	assert_int_equal(config_parse(text, strlen(text), &config, &diagnostics), -EINVAL);
	assert_ptr_equal(config, &last);
	diagnostics_clear(&diagnostics);
	assert_int_equal(config_load("/dev/null/config.yaml", &config, &diagnostics), -ENOTDIR);
	assert_ptr_equal(config, &last);
	diagnostics_clear(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_too_many_proxies),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_two_documents),
		cmocka_unit_test(test_names_of_proxies),
		cmocka_unit_test(test_marks_that_are_one),
		cmocka_unit_test(test_three_proxies_with_one_mark),
		cmocka_unit_test(test_output_of_a_failure),
		cmocka_unit_test(test_hijacks_that_lead_to_a_proxy),
		cmocka_unit_test(test_proxies_with_one_port),
		cmocka_unit_test(test_a_hijack_to_a_link_local_address_of_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
