/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Aliases, merge keys and their abuse, and files that are not YAML. */

#include "unit.h"

#include "config/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION "version: 1\n"

static void test_aliases(void **state)
{
	/* the keys with anchors are those that may hold anything of use, so that nothing is warned about */
	struct config *config = parse_good(
		VERSION "strict: &yes true\n"
			"bypass: [&lan 10.0.0.0/8, *lan]\n"
			"tproxies:\n"
			"  a: {mark: 1, port: &port 80, no-udp: *yes, dns-hijack: &dns {ip: 10.0.0.1, port: *port}}\n"
			"  b: {mark: 2, port: *port, dns-hijack: *dns}\n"
			"rules:\n"
			"  - &rule {match: /x, tproxy: b}\n"
			"  - *rule\n");

	(void)state;
	assert_int_equal(config->bypass_count, 2);
	assert_int_equal(config->proxies[0].udp, TRAFFIC_DIRECT);
	assert_int_equal(config->proxies[1].udp, TRAFFIC_PROXY);
	assert_int_equal(config->proxies[1].port, 80);
	assert_int_equal(config->proxies[1].dns_hijack.port, 80);
	assert_int_equal(config->rule_count, 2);
	assert_string_equal(config->rules[1].pattern, "/x");
	assert_int_equal(config->rules[1].target, TARGET_FIRST_PROXY + 1);
	config_free(config);
}

/* A map's own keys override merged ones, and earlier merges override later ones. */
static void test_merge_keys(void **state)
{
	struct config *config =
		parse_good(VERSION "tproxies:\n"
				   "  a: &a {mark: 1, port: 1, no-udp: true, dns-hijack: {tcp: true}}\n"
				   "  b: &b {mark: 2, port: 2, no-ipv6: true}\n"
				   "  own: {<<: *a, mark: 3, other: refuse}\n"
				   "  behind: {mark: 4, <<: *a, ipv6: refuse}\n"
				   "  list: {<<: [*b, *a], mark: 5}\n"
				   "  nested: {<<: {<<: *a, mark: 6}, port: 6}\n"
				   "  hijack: {mark: 7, port: 7, dns-hijack: {<<: {port: 5353}, tcp: true}}\n"
				   "  nested-in-list: {<<: [{<<: *b}, *a], mark: 8, other: refuse}\n");
	const struct proxy *proxies = config->proxies;

	(void)state;
	assert_int_equal(config->proxy_count, 8);
	for (size_t i = 0; i < config->proxy_count; i++)
		assert_int_equal(proxies[i].mark.value, i + 1);
	assert_int_equal(proxies[2].port, 1);
	assert_int_equal(proxies[2].udp, TRAFFIC_DIRECT);
	assert_true(proxies[2].dns_hijack.tcp);
	assert_int_equal(proxies[3].port, 1);
	assert_int_equal(proxies[4].port, 2);
	assert_int_equal(proxies[4].udp, TRAFFIC_DIRECT);
	assert_int_equal(proxies[4].ipv6, TRAFFIC_DIRECT);
	assert_int_equal(proxies[5].port, 6);
	assert_int_equal(proxies[5].udp, TRAFFIC_DIRECT);
	assert_int_equal(proxies[6].dns_hijack.port, 5353);
	assert_true(proxies[6].dns_hijack.tcp);
	assert_int_equal(proxies[7].port, 2);
	assert_int_equal(proxies[7].ipv6, TRAFFIC_DIRECT);
	assert_true(proxies[7].dns_hijack.tcp);
	config_free(config);
}

static void test_merged_rules(void **state)
{
	struct config *config =
		parse_good(VERSION "rules:\n  - &one {match: /a, drop: true}\n  - {<<: *one, match: /b}\n");

	(void)state;
	assert_int_equal(config->rule_count, 2);
	assert_string_equal(config->rules[1].pattern, "/b");
	assert_int_equal(config->rules[1].target, TARGET_DROP);
	config_free(config);
}

/* Each is refused with an error, soon. */
static void test_circles(void **state)
{
	static const char *const texts[] = {
		VERSION "rules: &a [*a]\n",
		VERSION "tproxies: &t {p: *t}\n",
		VERSION "tproxies:\n  p: &p {<<: *p, mark: 1, port: 1}\n",
		VERSION "tproxies:\n  p: &p {<<: [*p, *p, *p], mark: 1, port: 1}\n",
		VERSION "tproxies:\n  p: {mark: 1, port: 1, dns-hijack: &d {<<: {<<: *d}}}\n",
		"&root {version: 1, <<: *root}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct parsed parsed = parse(texts[i]);

		assert_int_equal(parsed.result, -EINVAL);
		assert_within(count_diagnostics(&parsed, SEVERITY_ERROR), 1, 10);
		parsed_clear(&parsed);
	}
}

/*
 * Whatever a file does with aliases, messages about it and data from it must not grow far beyond its size. The limits
 * here are counts, not seconds; an expensive file would never finish, or exhaust the memory.
 */
static void assert_cheap(const char *text)
{
	struct parsed parsed = parse(text);
	size_t kept = 0;

	assert_true(parsed.diagnostics.count <= DIAGNOSTICS_MAX);
	for (size_t i = 0; parsed.config != NULL && i < parsed.config->rule_count; i++)
		kept += strlen(parsed.config->rules[i].pattern);
	assert_true(kept <= YAML_SIZE_MAX);
	parsed_clear(&parsed);
}

static FILE *begin_text(char **text, size_t *length)
{
	FILE *out = open_memstream(text, length);

	assert_non_null(out);
	fputs(VERSION, out);
	return out;
}

static void check_cheap_and_free(FILE *out, char **text)
{
	assert_int_equal(fclose(out), 0);
	assert_cheap(*text);
	free(*text);
}

/* "a billion laughs": each alias stands for two of the one before */
static void test_doubling_aliases(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = begin_text(&text, &length);

	(void)state;
	fputs("a0: &a0 [1, 1]\n", out);
	for (int i = 1; i < 64; i++)
		fprintf(out, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	fputs("bypass: *a63\nrules: *a63\n", out);
	check_cheap_and_free(out, &text);
}

static void test_doubling_merges(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = begin_text(&text, &length);

	(void)state;
	fputs("m0: &m0 {x: 1}\n", out);
	for (int i = 1; i < 64; i++)
		fprintf(out, "m%d: &m%d {<<: [*m%d, *m%d, {<<: *m%d}]}\n", i, i, i - 1, i - 1, i - 1);
	fputs("tproxies: {p: {<<: *m63, mark: 1, port: 1}}\n", out);
	check_cheap_and_free(out, &text);
}

enum { MANY = 300 };

static void put_map_of_unknown_keys(FILE *out)
{
	fputs("x: &x {k: 1", out);
	for (int i = 0; i < MANY; i++)
		fprintf(out, ", k%d: 1", i);
	fputs("}\n", out);
}

/* many maps that are one and the same, each with many faults */
static void test_faults_by_alias(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = begin_text(&text, &length);

	(void)state;
	put_map_of_unknown_keys(out);
	fputs("rules:\n", out);
	for (int i = 0; i < MANY; i++)
		fputs("- *x\n", out);
	check_cheap_and_free(out, &text);
}

static void test_faults_by_merge(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = begin_text(&text, &length);

	(void)state;
	put_map_of_unknown_keys(out);
	fputs("tproxies: {p: {mark: 1, port: 1, <<: [*x", out);
	for (int i = 0; i < MANY; i++)
		fputs(", *x", out);
	fputs("]}}\n", out);
	check_cheap_and_free(out, &text);
}

/* one long expression, used by many rules */
static void test_long_pattern_by_alias(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = begin_text(&text, &length);

	(void)state;
	fputs("rules:\n- &r {drop: true, match: '", out);
	for (int i = 0; i < 20000; i++)
		fputs("abcde", out);
	fputs("'}\n", out);
	for (int i = 0; i < 100; i++)
		fputs("- *r\n", out);
	check_cheap_and_free(out, &text);
}

static void test_deep_nesting(void **state)
{
	static const char *const openings[] = {"[", "{a: ", "? ", "- "};
	enum { DEPTH = 50000 };

	(void)state;
	for (size_t i = 0; i < COUNT(openings); i++) {
		char *text = NULL;
		size_t length = 0;
		FILE *out = begin_text(&text, &length);
		struct parsed parsed = {0};

		fputs("rules: ", out);
		for (int depth = 0; depth < DEPTH; depth++)
			fputs(openings[i], out);
		assert_int_equal(fclose(out), 0);
		parsed = parse(text);
		assert_int_equal(parsed.result, -EINVAL);
		parsed_clear(&parsed);
		free(text);
	}
}

static void assert_refused(const char *text, size_t length)
{
	struct parsed parsed = parse_bytes(text, length);

	assert_int_equal(parsed.result, -EINVAL);
	assert_null(parsed.config);
	assert_true(parsed.diagnostics.has_error);
	assert_true(count_diagnostics(&parsed, SEVERITY_ERROR) > 0);
	parsed_clear(&parsed);
}

static void test_empty_files(void **state)
{
	static const char *const texts[] = {"",	 "\n",	   "   \n\n", "# only a comment\n", "---\n", "---\n...\n",
					    "~", "null\n", "{}"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct parsed parsed = parse(texts[i]);

		/* what to do about it is told: there must be a version */
		assert_int_equal(parsed.result, -EINVAL);
		assert_int_equal(count_diagnostics(&parsed, SEVERITY_ERROR), 1);
		parsed_clear(&parsed);
	}
}

static void test_garbage(void **state)
{
	char bytes[4096] = {0};

	(void)state;
	assert_refused(bytes, sizeof(bytes));
	memset(bytes, 0xff, sizeof(bytes));
	assert_refused(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	assert_refused(bytes, sizeof(bytes));
	assert_refused("version: 1\nrules:\n  - match: /\xff\n    drop: true\n", 45);
	assert_refused("\xff\xfev\0e\0r\0", 8);
}

/* What follows a NUL byte must not be lost silently. */
static void test_nul_inside(void **state)
{
	(void)state;
	assert_refused("version: 1\nstrict: true\0\nroute-table: 400\n", 42);
	assert_refused("version: 1\n\0rules: []\n", 22);
}

/* What a single-quoted value reads as must be what it says, or it is rejected. */
static void test_escaped_quotes(void **state)
{
	static const struct {
		const char *written;
		const char *pattern; /* NULL: rejected */
	} values[] = {
		{"'^/a''b'", "^/a'b"}, {"'''^/a'", "'^/a"},    {"'^/a'''", "^/a'"}, {"'^/a''b''c'", "^/a'b'c"},
		{"'^/a''''b'", NULL},  {"'^/a''''''b'", NULL}, {"'^/a'''''", NULL}, {"'^/a''''b''c'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		char text[128];
		struct parsed parsed;

		snprintf(text, sizeof(text), VERSION "rules:\n- match: %s\n  drop: true\n", values[i].written);
		parsed = parse(text);
		assert_int_equal(parsed.result, values[i].pattern != NULL ? 0 : -EINVAL);
		if (values[i].pattern != NULL)
			assert_string_equal(parsed.config->rules[0].pattern, values[i].pattern);
		else
			assert_int_equal(parsed.diagnostics.items[0].position.line, 3);
		parsed_clear(&parsed);
	}
}

/* Any prefix of a file is either read or refused, under the sanitizers. */
static void test_every_beginning(void **state)
{
	static const char text[] =
		"version: 1\nbypass: [10.0.0.0/8, &a ::1, *a]\ntproxies:\n"
		"  p: &p {mark: 0x1/0xf, port: 1, dns-hijack: {ip: 127.0.0.1}}\n"
		"  q: {<<: [*p, {no-udp: !!bool \"y\"}], mark: 2}\n"
		"rules:\n  - match: |\n      ^/a\n    tproxy: p\n  - {match: \"\\u4e2d\", drop: on}\n";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct parsed parsed = parse_bytes(text, length);

		assert_int_equal(parsed.result == 0, parsed.config != NULL);
		assert_int_equal(parsed.result == 0, count_diagnostics(&parsed, SEVERITY_ERROR) == 0);
		parsed_clear(&parsed);
	}
}

/* libfyaml crashes on the first of these; the others are fine, and mean something. */
static void test_tab_behind_complex_key(void **state)
{
	static const char *const refused[] = {
		"version: 1\n? c:.:\t:",
		"version: 1\nx:\n- ? b: \t- y\n",
		"version: 1\n? \n b:\t| z\n",
		"? a:\t\t>",
	};
	static const char *const read[] = {
		"version:\t1\n? rules\n: []\n",
		"version: 1\nrules:\n- match: 'a? b:\tc'\n  drop:\ttrue\n",
		"version: 1\nrules:\n- match: 'a:\t|b'\n  drop: true\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct parsed parsed = parse(refused[i]);

		assert_int_not_equal(parsed.result, 0);
		assert_non_null(strstr(parsed.diagnostics.items[0].text, "a tab after a colon"));
		parsed_clear(&parsed);
	}
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
		struct parsed parsed = parse(read[i]);

		assert_int_equal(parsed.result, 0);
		parsed_clear(&parsed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_merge_keys),
		cmocka_unit_test(test_merged_rules),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_doubling_aliases),
		cmocka_unit_test(test_doubling_merges),
		cmocka_unit_test(test_faults_by_alias),
		cmocka_unit_test(test_faults_by_merge),
		cmocka_unit_test(test_long_pattern_by_alias),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_empty_files),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_escaped_quotes),
		cmocka_unit_test(test_every_beginning),
		cmocka_unit_test(test_tab_behind_complex_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
