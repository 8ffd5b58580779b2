/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Changing one rule of a drop-in and nothing else. */

#include "config/dropin_edit.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#define RULE CLEANUP(written_rule_clear) struct written_rule

static struct written_rule rule(const char *key, const char *value, const char *target, bool is_tproxy)
{
	return (struct written_rule){
		.key = strdup(key), .value = strdup(value), .target = strdup(target), .is_tproxy = is_tproxy};
}

static void assert_put(const char *text, const struct written_rule *new, const char *expected)
{
	CLEANUP(freep) char *edited = NULL;
	struct error error;

	assert_int_equal(dropin_put_rule(text, strlen(text), new, &edited, &error), 0);
	assert_string_equal(edited, expected);
}

static void assert_removed(const char *text, const char *key, const char *value, const char *expected)
{
	CLEANUP(freep) char *edited = NULL;
	struct error error;

	assert_int_equal(dropin_remove_rule(text, strlen(text), key, value, &edited, &error), 0);
	assert_string_equal(edited, expected);
}

#define HEAD                                                                                                           \
	"# Rules that \"cgtproxy route\" has written. They come before those of config.yaml.\n"                        \
	"# You may edit them: comments and the order of rules are kept.\n"

static void test_first_rule(void **state)
{
	RULE app = rule("app", "org.telegram.desktop", "mihomo", true);

	(void)state;
	assert_put("", &app, HEAD "rules:\n  - app: org.telegram.desktop\n    tproxy: mihomo\n");
	assert_put("# mine\n", &app, "# mine\nrules:\n  - app: org.telegram.desktop\n    tproxy: mihomo\n");
	assert_put("# mine", &app, "# mine\nrules:\n  - app: org.telegram.desktop\n    tproxy: mihomo\n");
	assert_put("# mine\nrules:\n# end\n", &app,
		   "# mine\nrules:\n  - app: org.telegram.desktop\n    tproxy: mihomo\n# end\n");
	assert_put("rules: []\n", &app, HEAD "rules:\n  - app: org.telegram.desktop\n    tproxy: mihomo\n");
}

#define RULES                                                                                                          \
	"# head\n"                                                                                                     \
	"rules:\n"                                                                                                     \
	"# of a\n"                                                                                                     \
	"- app: a # why\n"                                                                                             \
	"  direct: true\n"                                                                                             \
	"\n"                                                                                                           \
	"# of b\n"                                                                                                     \
	"- unit: b.service\n"                                                                                          \
	"  # in b\n"                                                                                                   \
	"  tproxy: p\n"                                                                                                \
	"\n"                                                                                                           \
	"# end\n"

static void test_more_rules(void **state)
{
	RULE app = rule("app", "c", "drop", false);
	RULE user = rule("user", "alice", "drop", false);
	RULE again = rule("app", "a", "p", true);

	(void)state;
	assert_put(RULES, &app,
		   "# head\nrules:\n- app: c\n  drop: true\n# of a\n- app: a # why\n  direct: true\n\n# of b\n"
		   "- unit: b.service\n  # in b\n  tproxy: p\n\n# end\n");
	assert_put(RULES, &user,
		   "# head\nrules:\n# of a\n- app: a # why\n  direct: true\n\n# of b\n"
		   "- unit: b.service\n  # in b\n  tproxy: p\n- user: alice\n  drop: true\n\n# end\n");
	assert_put(RULES, &again,
		   "# head\nrules:\n# of a\n- app: a\n  tproxy: p\n\n# of b\n"
		   "- unit: b.service\n  # in b\n  tproxy: p\n\n# end\n");
}

static void test_removal(void **state)
{
	(void)state;
	assert_removed(RULES, "app", "a",
		       "# head\nrules:\n# of a\n\n# of b\n- unit: b.service\n  # in b\n  tproxy: p\n\n# end\n");
	assert_removed(RULES, "unit", "b.service",
		       "# head\nrules:\n# of a\n- app: a # why\n  direct: true\n\n# of b\n\n# end\n");
	assert_removed("rules:\n- {app: a, drop: true}\n- {app: b, drop: true}\n", "app", "a",
		       "rules:\n- {app: b, drop: true}\n");
	assert_removed("rules:\n  - app: a\n    drop: true", "app", "a", "rules:\n");
	assert_removed("rules: [{app: a, drop: true}]\n# end\n", "app", "a", "# end\nrules: []\n");
}

/* Names that YAML would take for something else. */
static void test_values(void **state)
{
	static const char *const values[] = {"true",
					     "null",
					     "~",
					     "1000",
					     "a: b",
					     "# a",
					     "'a'",
					     "\"a\"",
					     "a\\x2db",
					     "- a",
					     "*a",
					     "&a",
					     "!a",
					     "[a]",
					     "{a}",
					     "a ",
					     "@a",
					     "%a",
					     "\xe4\xb8\xad",
					     "0x10",
					     "?",
					     "getty@tty1.service"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		CLEANUP(written_rules_clear) struct written_rules rules = {0};
		CLEANUP(freep) char *edited = NULL;
		RULE new = rule("app", values[i], "p", true);
		struct error error;

		if (dropin_put_rule("", 0, &new, &edited, &error) < 0)
			fail_msg("%s", values[i]);
		assert_int_equal(written_rules_read(edited, strlen(edited), &rules, &error), 0);
		assert_int_equal(rules.count, 1);
		assert_string_equal(rules.items[0].value, values[i]);
		assert_int_equal(rules.items[0].line, 4);
	}
}

/* Nothing is changed where more than the one rule would be. */
static void test_unclear_layouts(void **state)
{
	static const char *const texts[] = {
		"rules: [{app: a, drop: true}, {app: b, drop: true}]\n",
		"rules: [{app: a, drop: true},\n  {app: b, drop: true}]\n",
		"{rules: [{app: a, drop: true}, {app: b, direct: true}]}\n",
	};
	RULE again = rule("app", "a", "direct", false);

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *edited = NULL;
		struct error error;

		assert_int_equal(dropin_put_rule(texts[i], strlen(texts[i]), &again, &edited, &error), -ENOTSUP);
		assert_null(edited);
		assert_int_equal(dropin_remove_rule(texts[i], strlen(texts[i]), "app", "a", &edited, &error), -ENOTSUP);
		assert_null(edited);
	}
}

static void test_lists_of_names(void **state)
{
	static const char text[] = "rules:\n- app: [a, b]\n  drop: true\n";
	RULE one = rule("app", "a", "p", true);
	char *edited = NULL;
	struct error error;

	(void)state;
	assert_put(text, &one, "rules:\n- app: a\n  tproxy: p\n- app: [a, b]\n  drop: true\n");
	assert_int_equal(dropin_remove_rule(text, strlen(text), "app", "a", &edited, &error), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_rule),	cmocka_unit_test(test_more_rules),
		cmocka_unit_test(test_removal),		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unclear_layouts), cmocka_unit_test(test_lists_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
