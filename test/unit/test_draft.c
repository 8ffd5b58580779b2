/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The config that is made of the templates. */

#include "unit.h"

#include "config/draft.h"
#include "util/cleanup.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* What the user's language makes of the name of the English template. */
static const char *translation;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
const char *__wrap_translate(const char *text);

const char *__wrap_translate(const char *text)
{
	return strcmp(text, "init.yaml.in") == 0 ? translation : text;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

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

static void assert_made_of(const char *text, const char *template)
{
	assert_non_null(text);
	assert_int_equal(strncmp(text, template, strcspn(template, "@")), 0);
}

static void test_the_translated_template_is_used(void **state)
{
	(void)state;
	for (const struct draft_template *each = draft_templates; each->file != NULL; each++) {
		CLEANUP(freep) char *text = NULL;

		translation = each->file;
		text = draft_write(&plain);
		assert_made_of(text, each->text);
	}
}

static void test_a_language_without_a_template_has_the_english_one(void **state)
{
	CLEANUP(freep) char *text = NULL;

	(void)state;
	translation = "init.tlh.yaml.in";
	text = draft_write(&plain);
	assert_made_of(text, draft_templates[0].text);
}

/* Returns the next line that is no explanation, or that is one for programs, and goes behind it; NULL at the end. */
static const char *next_line(const char **at, size_t *length)
{
	static const char for_editors[] = "# yaml-language-server:";

	while (**at != '\0') {
		const char *line = *at;
		const char *word = line + strspn(line, " ");

		*length = strcspn(line, "\n");
		*at = line + *length + (line[*length] == '\n');
		/* a setting that is disabled, or a command, is indented */
		if (*word != '#' || strncmp(line, "#  ", 3) == 0 ||
		    strncmp(line, for_editors, strlen(for_editors)) == 0)
			return line;
	}
	return NULL;
}

static void test_templates_differ_only_in_explanations(void **state)
{
	(void)state;
	for (const struct draft_template *each = draft_templates + 1; each->file != NULL; each++) {
		const char *english = draft_templates[0].text;
		const char *translated = each->text;
		const char *line = NULL;
		size_t lines = 0;
		size_t length = 0;
		size_t translated_length = 0;

		while ((line = next_line(&english, &length)) != NULL) {
			const char *other = next_line(&translated, &translated_length);

			assert_non_null(other);
			assert_int_equal(translated_length, length);
			assert_memory_equal(other, line, length);
			lines++;
		}
		assert_null(next_line(&translated, &translated_length));
		assert_within(lines, 40, SIZE_MAX);
		assert_non_null(strstr(each->text, "@PROXY@"));
	}
}

int main(void)
{
	const struct CMUnitTest of_each[] = {
		cmocka_unit_test(test_all_that_is_filled_in),
		cmocka_unit_test(test_what_the_proxy_lacks),
		cmocka_unit_test(test_name_server),
		cmocka_unit_test(test_keys_in_values),
	};
	const struct CMUnitTest of_all[] = {
		cmocka_unit_test(test_the_translated_template_is_used),
		cmocka_unit_test(test_a_language_without_a_template_has_the_english_one),
		cmocka_unit_test(test_templates_differ_only_in_explanations),
	};
	int failed = 0;

	for (const struct draft_template *each = draft_templates; each->file != NULL; each++) {
		translation = each->file;
		failed += cmocka_run_group_tests_name(each->file, of_each, NULL, NULL);
	}
	return failed + cmocka_run_group_tests_name("all templates", of_all, NULL, NULL);
}
