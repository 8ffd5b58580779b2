/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Words for shells: what sh makes of them is the text again. */

#include "unit.h"

#include "util/quote.h"

#include <stdio.h>
#include <stdlib.h>

static void check(const char *text, const char *expected)
{
	char *word = quote_for_shell(text);

	assert_non_null(word);
	assert_string_equal(word, expected);
	free(word);
}

static void test_plain(void **state)
{
	(void)state;
	check("mihomo.service", "mihomo.service");
	check("app:org.telegram.desktop", "app:org.telegram.desktop");
	check("/user.slice/user@1000.service", "/user.slice/user@1000.service");
}

static void test_quoted(void **state)
{
	(void)state;
	check("", "''");
	check("a b", "'a b'");
	check("app-a\\x2db.scope", "'app-a\\x2db.scope'");
	check("it's", "'it'\\''s'");
	check("'; rm -rf ~; '", "''\\''; rm -rf ~; '\\'''");
	check("$(true)`true`", "'$(true)`true`'");
	check("~root", "'~root'");
}

static void test_escaped(void **state)
{
	(void)state;
	check("a\x1b[31m", "'a\\x1b[31m'");
	check("a\nb", "'a\\x0ab'");
	check("\xff", "'\\xff'");
}

/* The shell itself is asked. */
static void test_shell(void **state)
{
	static const char *const texts[] = {"it's", "a b", "$HOME", "*", "\"", "'''", "a\\b", "-n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *word = quote_for_shell(texts[i]);
		char command[256];
		char got[256] = "";
		FILE *shell = NULL;

		assert_non_null(word);
		snprintf(command, sizeof(command), "printf %%s %s", word);
		shell = popen(command, "r"); /* NOLINT(cert-env33-c) */
		assert_non_null(shell);
		assert_int_equal(fread(got, 1, sizeof(got) - 1, shell), strlen(texts[i]));
		assert_int_equal(pclose(shell), 0);
		assert_string_equal(got, texts[i]);
		free(word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
