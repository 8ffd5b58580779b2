/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Punctuation that only looks like YAML's, and backslashes in double quotes. */

#include "unit.h"

#include "config/lookalikes.h"

#include <stdio.h>
#include <string.h>

static struct diagnostics check(const char *text, bool is_clean)
{
	struct diagnostics diagnostics = {0};

	if (lookalikes_check(text, strlen(text), &diagnostics) != is_clean)
		fail_msg("%s: %s", text, diagnostics.count > 0 ? diagnostics.items[0].text : "nothing");
	return diagnostics;
}

/* One error and no more, there, about this. */
static void assert_reported(const char *text, int line, int column, const char *about)
{
	struct diagnostics diagnostics = check(text, false);

	if (diagnostics.count != 1)
		fail_msg("%s: %zu diagnostics", text, diagnostics.count);
	if (diagnostics.items[0].position.line != line || diagnostics.items[0].position.column != column ||
	    strstr(diagnostics.items[0].text, about) == NULL)
		fail_msg("%s: %d:%d: %s", text, diagnostics.items[0].position.line,
			 diagnostics.items[0].position.column, diagnostics.items[0].text);
	diagnostics_clear(&diagnostics);
}

static void test_where_punctuation_is_meant(void **state)
{
	static const struct {
		const char *text;
		int line;
		int column;
		const char *about;
	} cases[] = {
		{"version：1\n", 1, 8, "full-width colon (：, U+FF1A) where YAML needs a plain \":\""},
		{"version： 1\n", 1, 8, "colon"},
		{"a:\n  mark ：3000\n", 2, 8, "colon"},
		{"- match：^/a\n", 1, 8, "colon"},
		{"- - a：1", 1, 6, "colon"},
		{"\"mark\"：3000\n", 1, 7, "colon"},
		{"a: {mark：3000}\n", 1, 9, "colon"},
		{"a: {b: 1，c: 2}\n", 1, 9, "full-width comma"},
		{"a: {b: 1， c: 2}\n", 1, 9, "full-width comma"},
		{"a: [10.0.0.0/8，::1]\n", 1, 15, "full-width comma"},
		{"a: [b、c]\n", 1, 6, "Chinese comma"},
		{"a: [\n  b，\n  c]\n", 2, 4, "full-width comma"},
		{"a: [\"b\"，c]\n", 1, 8, "full-width comma"},
		{"a: ［b]\n", 1, 4, "bracket"},
		{"a: [b］\n", 1, 6, "bracket"},
		{"a: {b: 1｝\n", 1, 9, "brace"},
		{"a: {b: [1]｝", 1, 11, "brace"},
		{"port:　7893\n", 1, 6, "full-width space (U+3000) where YAML needs a plain space"},
		{"port: 　7893\n", 1, 7, "full-width space"},
		{"port: 7893　\n", 1, 11, "full-width space"},
		{"port: 7893　", 1, 11, "full-width space"},
		{"a:\n　b: 1\n", 2, 1, "full-width space"},
		{"a:\n \xc2\xa0"
		 "b: 1\n",
		 2, 2, "no-break space (U+00A0)"},
		{"－ a\n", 1, 1, "full-width hyphen"},
		{"– a\n", 1, 1, "dash"},
		{"-　a\n", 1, 2, "full-width space"},
		{"＃ a: b\n", 1, 1, "number sign"},
		{"a: “b\"\n", 1, 4, "typographic quote (“, U+201C) where YAML needs a plain double quote (\")"},
		{"a: ‘b\n", 1, 4, "needs a plain single quote (')"},
		{"a: \"b”\nc: d\n", 1, 6, "typographic quote"},
		{"a: 'b’\nc: 'd'\n", 1, 6, "typographic quote"},
		{"中文: {a：1}\n", 1, 7, "colon"},
		{"a: \"b\\.c\"\n", 1, 6, "escape \"\\.\""},
		{"a: \"\\d\"\n", 1, 5, "single quotes"},
		{"a: [\"x\", \"^/\\S\"]\n", 1, 13, "escape \"\\S\""},
		{"a: \"\\中\"\n", 1, 5, "escape"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_reported(cases[i].text, cases[i].line, cases[i].column, cases[i].about);
}

static void test_all_of_them_at_once(void **state)
{
	struct diagnostics diagnostics = check("version：1\nbypass：[a，b]\n- match: “x”\n", false);

	(void)state;
	assert_int_equal(diagnostics.count, 4);
	diagnostics_clear(&diagnostics);
}

static void test_within_values_and_comments_they_mean_themselves(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"# 注释：这里，“引号”　\n  # 也：是\na: b # c：d，“e”\n",
		"a: 中：文\n",
		"- match: ^/中：文，“引号”　x、［a］【b】\n",
		"a: \"b：c，d　‘e’ “f” \\\\. \\u0041 \\x41 \\n\\t\\\"\"\n",
		"a: \"b\\\n  c：d\"\n",
		"a: 'it''s：b, “c'\n",
		"a: 'b\\.c\\d'\n",
		"a: b\\.c\\d\n",
		"{a: ^/b，c, d: true}\n",
		"{a: 'x：y', d: true} # ：\n",
		"a: |\n  b：c\n\n  d：e\nf: g\n",
		"- a: >-\n    b：c\n  d: e\n",
		"a: &b c：d\n",
		"a: !!str b：c\n",
		"a: [::1, fc00::/7, \"::1\"]\n",
		"a: {b: [c, {d: e}], f: g}\n",
		"---\na: b\n...\n",
		"a: https://b/c#d：e\n",
		"a: - b\n",
		"]]}} ,\n",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a\n",
		"a: \"b",
		"a: \"b\\",
		"'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct diagnostics diagnostics = check(texts[i], true);

		if (diagnostics.count != 0)
			fail_msg("%s: %s", texts[i], diagnostics.items[0].text);
	}
}

static void test_a_backspace_is_a_warning(void **state)
{
	struct diagnostics diagnostics = check("a: \"\\bfoo\"\n", true);

	(void)state;
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics.items[0].severity, SEVERITY_WARNING);
	assert_non_null(strstr(diagnostics.items[0].text, "word boundary"));
	diagnostics_clear(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_punctuation_is_meant),
		cmocka_unit_test(test_all_of_them_at_once),
		cmocka_unit_test(test_within_values_and_comments_they_mean_themselves),
		cmocka_unit_test(test_a_backspace_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
