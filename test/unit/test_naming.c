/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The selectors that are written for cgroups. That they match is tested with each of them. */

#include "faults.h"

#include "inspect/naming.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

#define MANAGER "/user.slice/user-1000.slice/user@1000.service"
#define APPS MANAGER "/app.slice"

static const struct {
	const char *path;
	const char *selector;
	bool temporary;
} cases[] = {
	{"/system.slice/mihomo.service", "unit: mihomo.service"},
	{"/system.slice/mihomo.service/child/deep", "unit: mihomo.service"},
	{"/system.slice/system-mihomo.slice/mihomo@home.service", "unit: mihomo@home.service"},
	{"/system.slice/system-sing\\x2dbox.slice/sing-box@a\\x2db.service", "unit: sing-box@a\\x2db.service"},
	{"/proxy.slice/proxy-mihomo.slice/mihomo.service", "unit: mihomo.service"},
	{"/system.slice/_cpu.service", "unit: cpu.service"},
	{"/watchdog.service", "unit: watchdog.service"},
	{"/system.slice/docker-6d2f0c.scope", "unit: docker-6d2f0c.scope", true},
	{"/machine.slice/libpod-0a1b2c.scope/container", "unit: libpod-0a1b2c.scope", true},
	{"/system.slice/run-r12.scope", "unit: run-r12.scope", true},
	{"/user.slice/user-1000.slice/session-3.scope", "unit: session-3.scope", true},
	{"/cgtproxy.slice/cgtproxy-direct.slice/run-r12.scope", "slice: cgtproxy-direct.slice"},
	{"/proxies.slice", "slice: proxies.slice"},
	{APPS "/mihomo.service", "user-unit: mihomo.service"},
	{MANAGER "/background.slice/mihomo.service/x", "user-unit: mihomo.service"},
	{APPS "/app-gnome-clash\\x2dverge-4711.scope", "app: clash-verge"},
	{APPS "/app-org.kde.konsole@b2c6.service", "app: org.kde.konsole"},
	{APPS "/app-clash\\x2dverge@autostart.service", "app: clash-verge"},
	{APPS "/app-flatpak-io.github.proxy-4711.scope", "app: io.github.proxy"},
	{APPS "/app-gnome-it\\x27s\\x20mine-4711.scope", "app: 'it''s mine'"},
	{APPS "/app-gnome-\\xe4-4711.scope", "user-unit: app-gnome-\\xe4-4711.scope", true},
	{APPS "/app-gnome-\\x1b-4711.scope", "user-unit: app-gnome-\\x1b-4711.scope", true},
	{APPS "/app-org.gnome.Terminal.slice/vte-spawn-0a1b.scope", "user-unit: vte-spawn-0a1b.scope", true},
	{MANAGER "/cgtproxy.slice/cgtproxy-direct.slice/run-1.scope", "slice: cgtproxy-direct.slice"},
	{MANAGER "/init.scope", "user-unit: init.scope", true},
	/* what only looks like a manager is the unit that it is in */
	{"/system.slice/x.service" MANAGER "/mihomo.service", "unit: x.service"},
	/* without systemd */
	{"/", "match: '^/$'"},
	{"/docker/6d2f0c", "match: '^/docker/6d2f0c(/|$)'"},
	{"/system.slice", "match: '^/system\\.slice(/|$)'"},
	{"/user.slice/user-1000.slice", "match: '^/user\\.slice/user-1000\\.slice(/|$)'"},
	{"/a b/it's #1: x", "match: '^/a b/it\\x27s #1: x(/|$)'"},
	{"/x/y\nz", "match: '^/x/y[^/]+z(/|$)'"},
	{"/x/\xc3\xa4\xc3\xb6/z", "match: '^/x/[^/]+/z(/|$)'"},
	{"/x/\xff\xfe/z", "match: '^/x/[^/]+/z(/|$)'"},
	/* no names of units, though they end like them */
	{"/a b.service", "match: '^/a b\\.service(/|$)'"},
	{"/system.slice/x.service;rm", "match: '^/system\\.slice/x\\.service;rm(/|$)'"},
};

static bool matches(const char *selector, const char *path)
{
	char text[1024];
	struct parsed parsed;
	struct policy *policy = NULL;
	bool matched = false;

	snprintf(text, sizeof(text), "version: 1\nrules:\n  - %s\n    direct: true\n", selector);
	parsed = parse(text);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.diagnostics.count, 0);
	policy = policy_new((const char *const[]){parsed.config->rules[0].pattern}, 1);
	assert_non_null(policy);
	matched = policy_match(policy, path, strlen(path)) == 0;
	policy_free(policy);
	parsed_clear(&parsed);
	return matched;
}

static void test_selectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool temporary = !cases[i].temporary;
		char *selector = naming_selector(cases[i].path, &temporary);

		assert_non_null(selector);
		assert_string_equal(selector, cases[i].selector);
		assert_int_equal(temporary, cases[i].temporary);
		assert_true(matches(selector, cases[i].path));
		free(selector);
	}
}

/* Without YAML's quotes, as a word for "cgtproxy route". */
static void test_words(void **state)
{
	static const char *const words[][2] = {
		{"/system.slice/mihomo.service", "unit:mihomo.service"},
		{"/nope.slice", "slice:nope.slice"},
		{"/some/it's a (path)", "match:^/some/it\\x27s a \\(path\\)(/|$)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		bool temporary = true;
		char *word = naming_word(words[i][0], &temporary);

		assert_non_null(word);
		assert_string_equal(word, words[i][1]);
		assert_false(temporary);
		free(word);
	}
}

/* Names of any bytes give a rule that matches, or none that is wrong. */
static void test_any_bytes(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char path[64] = "/system.slice/";
		size_t length = strlen(path);
		bool temporary = false;
		char *selector = NULL;

		for (int i = 0; i < 12; i++) {
			seed = seed * 1103515245 + 12345;
			path[length] = (char)(seed >> 16);
			length += path[length] != '\0' && path[length] != '/';
		}
		snprintf(path + length, sizeof(path) - length, "%s", round % 2 == 0 ? ".service" : "");
		selector = naming_selector(path, &temporary);
		assert_non_null(selector);
		for (const char *at = selector; *at != '\0'; at++)
			assert_true(*at >= ' ' && *at <= '~');
		assert_true(matches(selector, path));
		free(selector);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
