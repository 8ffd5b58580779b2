/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "unit.h"

#include "cgroup/tree.h"
#include "policy/pattern_set.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

struct example {
	const char *path;
	int32_t rule;
};

static struct policy *make_policy(const char *const *patterns, size_t count)
{
	struct policy *policy = policy_new(patterns, count);

	assert_non_null(policy);
	return policy;
}

static void check_matches(const char *const *patterns, size_t count, const struct example *examples, size_t paths)
{
	struct policy *policy = make_policy(patterns, count);

	for (size_t i = 0; i < paths; i++)
		assert_int_equal(policy_match(policy, examples[i].path, strlen(examples[i].path)), examples[i].rule);
	policy_free(policy);
}

static void test_no_rules(void **state)
{
	struct policy *policy = make_policy(NULL, 0);

	(void)state;
	assert_int_equal(policy_match(policy, "/a", 2), NO_RULE);
	assert_int_equal(policy_match(policy, "/\xff", 2), NO_RULE);
	assert_int_equal(policy_match_inherited(policy, "/a/b", 4), NO_RULE);
	policy_free(policy);
	policy_free(NULL);
}

static void test_first_match_wins(void **state)
{
	static const char *const patterns[] = {"/a/b/c$", "/a/b", "^/a", "b", ".*"};
	static const struct example examples[] = {
		{"/a/b/c", 0}, {"/a/b/cc", 1}, {"/a/b", 1}, {"/a", 2}, {"/aa", 2}, {"/x/b", 3}, {"/x", 4}, {"/", 4},
	};

	(void)state;
	check_matches(patterns, COUNT(patterns), examples, COUNT(examples));
}

static void test_unanchored_and_anchored(void **state)
{
	static const char *const patterns[] = {"^/whole$", "middle", "^/begin", "end$", "(?i)CASE", "two.parts"};
	static const struct example examples[] = {
		{"/whole", 0},	 {"/whole/x", NO_RULE}, {"/x/whole", NO_RULE}, {"/a/xmiddlex/b", 1},
		{"/begin/x", 2}, {"/x/begin", NO_RULE}, {"/x/the-end", 3},     {"/x/the-end/x", NO_RULE},
		{"/x/case", 4},	 {"/two/parts", 5}, /* "." takes a slash */
	};

	(void)state;
	check_matches(patterns, COUNT(patterns), examples, COUNT(examples));
}

static void test_inherited(void **state)
{
	static const char *const patterns[] = {"^/a/b/c$", "^/a$", "^/x/y/"};
	static const struct example examples[] = {
		{"/a", 1},	{"/a/b", 1},	 {"/a/b/c", 0},	    {"/a/b/c/d/e", 0}, /* the nearest ancestor's */
		{"/a/b/cc", 1}, {"/x", NO_RULE}, {"/x/y", NO_RULE}, /* nothing is inherited from below, nor from a part
								       of a name */
		{"/x/y/z", 2},	{"/x/y/z/0", 2}, {"/ab", NO_RULE},  {"/", NO_RULE},
	};
	struct policy *policy = make_policy(patterns, COUNT(patterns));

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		assert_int_equal(policy_match_inherited(policy, examples[i].path, strlen(examples[i].path)),
				 examples[i].rule);
	policy_free(policy);
}

/* Where an inherited rule comes from. */
static void test_nearest(void **state)
{
	static const char *const patterns[] = {"^/a/b/c$", "^/a$", "\\x{fffd}$"};
	static const struct {
		const char *path;
		const char *matched;
	} examples[] = {
		{"/a/b/c", "/a/b/c"},	{"/a/b/c/d/e", "/a/b/c"},
		{"/a/b/cc", "/a"},	{"/a", "/a"},
		{"/b/a", ""},		{"/", ""},
		{"/x\xff/y", "/x\xff"},
	};
	struct policy *policy = make_policy(patterns, COUNT(patterns));

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		size_t length = strlen(examples[i].path);

		policy_match_nearest(policy, examples[i].path, &length);
		assert_int_equal(length, strlen(examples[i].matched));
	}
	policy_free(policy);
}

/* All that match, not only the first, in one automaton and where there is none. */
static void test_each(void **state)
{
	static const char *const patterns[] = {"^/a", "b$", "x", "^/a/b$", "\\x{fffd}"};
	static const bool wanted[] = {true, true, false, true, false};
	static const char *const large[] = {"^/a-\\pL{400}$", "^/a-\\pL{399,400}$", "^/[ab]-\\pL{400}$",
					    "^/b-\\pL{400}"};
	static const bool wanted_of_large[] = {true, true, true, false};
	struct policy *policy = make_policy(patterns, COUNT(patterns));
	struct pattern_set *set = pattern_set_new(large, COUNT(large));
	bool matched[COUNT(patterns)];
	char path[404] = "/a-";

	(void)state;
	memset(matched, 1, sizeof(matched));
	policy_match_each(policy, "/a/b", 4, matched);
	assert_memory_equal(matched, wanted, sizeof(wanted));
	policy_match_each(policy, "/\xff", 2, matched);
	assert_true(matched[4]);
	assert_false(matched[0]);
	memset(path + 3, 'x', 400);
	assert_non_null(set);
	pattern_set_match_each(set, path, 403, matched);
	assert_memory_equal(matched, wanted_of_large, sizeof(wanted_of_large));
	pattern_set_free(set);
	policy_free(policy);
}

/* The path ends where its length says. */
static void test_length_counts(void **state)
{
	static const char *const patterns[] = {"/ab$", "\\x00"};
	struct policy *policy = make_policy(patterns, COUNT(patterns));

	(void)state;
	assert_int_equal(policy_match(policy, "/abc", 3), 0);
	assert_int_equal(policy_match(policy, "/abc", 4), NO_RULE);
	policy_free(policy);
}

/* Go reads each byte of invalid UTF-8 as one U+FFFD (unicode/utf8, DecodeRune), and existing configs rely on that. */
static void test_invalid_utf8(void **state)
{
	static const char *const patterns[] = {
		"^/x\\x{FFFD}y$",    "^/x\\x{FFFD}{2}y$", "^/x\\x{FFFD}{3}y$", "^/x\\x{FFFD}{4}y$",
		"^/x\\x{FFFD}{5}y$", "^/x中y$",		  "^/x中\\x{FFFD}y$",  "^/x\\x{FFFD}中y$",
	};
	static const struct example examples[] = {
		{"/x\xff"
		 "y",
		 0},
		{"/x\x80"
		 "y",
		 0},			    /* a continuation of nothing */
		{"/x\xc0\xafy", 1},	    /* a slash, too long */
		{"/x\xc1\xbfy", 1},	    /* likewise */
		{"/x\xe0\x80\xafy", 2},	    /* likewise */
		{"/x\xf0\x80\x80\xafy", 3}, /* likewise */
		{"/x\xed\xa0\x80y", 2},	    /* U+D800, a surrogate */
		{"/x\xed\xbf\xbfy", 2},	    /* U+DFFF, another */
		{"/x\xf4\x90\x80\x80y", 3}, /* beyond U+10FFFF */
		{"/x\xf8\x88\x80\x80\x80y", 4},
		{"/x\xe4\xb8y", 1},	/* broken off */
		{"/x\xf0\x9f\x9ay", 2}, /* likewise */
		{"/x\xef\xbf\xbdy", 0}, /* U+FFFD itself */
		{"/x中y", 5},
		{"/x中\xe4y", 6},
		{"/x\xe4中y", 7},
	};

	(void)state;
	check_matches(patterns, COUNT(patterns), examples, COUNT(examples));
}

static void test_invalid_at_the_end(void **state)
{
	static const char *const patterns[] = {"^/x\\x{FFFD}$", "^/x\\x{FFFD}{2}$"};
	static const struct example examples[] = {{"/x\xe4", 0}, {"/x\xe4\xb8", 1}, {"/x\xf0\x9f", 1}};

	(void)state;
	check_matches(patterns, COUNT(patterns), examples, COUNT(examples));
}

/* An invalid byte is one character of the path; it must not evade a rule. */
static void test_invalid_elsewhere_in_the_path(void **state)
{
	static const char *const patterns[] = {"^/.\\.slice/target$", "/target"};
	static const struct example examples[] = {
		{"/\xff.slice/target", 0}, {"/\xff\xff.slice/target", 1}, {"/a/target/\xfe", 1}};

	(void)state;
	check_matches(patterns, COUNT(patterns), examples, COUNT(examples));
}

/* Each of the bytes becomes three: the longest text there is. */
static void test_longest_invalid_path(void **state)
{
	static const char *const patterns[] = {"^/\\x{FFFD}+e$", "^/\\x{FFFD}+$"};
	struct policy *policy = make_policy(patterns, COUNT(patterns));
	char *path = malloc(CGROUP_PATH_SIZE);
	size_t length = CGROUP_PATH_SIZE - 1;

	(void)state;
	assert_non_null(path);
	memset(path, 0xff, length);
	path[0] = '/';
	assert_int_equal(policy_match(policy, path, length), 1);
	path[length - 1] = 'e';
	assert_int_equal(policy_match(policy, path, length), 0);
	free(path);
	policy_free(policy);
}

static void test_many_rules(void **state)
{
	enum { RULES = 2000, PATTERN_SIZE = 32 };
	char(*texts)[PATTERN_SIZE] = calloc(RULES, PATTERN_SIZE);
	const char **patterns = calloc(RULES, sizeof(*patterns));
	struct policy *policy = NULL;
	char path[PATTERN_SIZE];

	(void)state;
	assert_non_null(texts);
	assert_non_null(patterns);
	for (unsigned i = 0; i < RULES; i++) {
		/* the last half says the same as the first, and must never be heard */
		snprintf(texts[i], PATTERN_SIZE, "^/app-%u\\.scope$", i % (RULES / 2));
		patterns[i] = texts[i];
	}
	policy = make_policy(patterns, RULES);
	free(patterns);
	free(texts);
	for (unsigned i = 0; i < RULES; i++) {
		snprintf(path, sizeof(path), "/app-%u.scope", i);
		assert_int_equal(policy_match(policy, path, strlen(path)), i < RULES / 2 ? (int32_t)i : NO_RULE);
	}
	policy_free(policy);
}

/* So many large expressions that no automaton for all of them fits the budget. */
static void test_too_large_for_one_automaton(void **state)
{
	enum { LETTERS = 400 };
	static const char *const patterns[] = {"^/a-\\pL{400}$", "^/a-\\pL{399,400}$", "^/[ab]-\\pL{400}$",
					       "^/b-\\pL{400}"};
	static const struct {
		const char *head;
		size_t letters;
		int32_t rule;
	} paths[] = {
		{"/a-", LETTERS, 0},	       {"/a-", LETTERS - 1, 1},
		{"/a-", LETTERS - 2, NO_RULE}, {"/a-", LETTERS + 1, NO_RULE},
		{"/b-", LETTERS, 2},	       {"/b-", LETTERS + 1, 3},
		{"/b-", LETTERS - 1, NO_RULE}, {"/x/b-", LETTERS + 1, NO_RULE},
	};
	struct pattern_set *set = pattern_set_new(patterns, COUNT(patterns));
	char path[LETTERS + 16];

	(void)state;
	assert_non_null(set);
	assert_true(pattern_set_is_slow(set));
	for (size_t i = 0; i < COUNT(paths); i++) {
		size_t head = strlen(paths[i].head);

		memcpy(path, paths[i].head, head);
		memset(path + head, 'x', paths[i].letters);
		assert_int_equal(pattern_set_first_match(set, path, head + paths[i].letters), paths[i].rule);
	}
	pattern_set_free(set);
}

static void test_small_sets_are_not_slow(void **state)
{
	static const char *const patterns[] = {"/a", "[a-z]{1000}"};
	struct pattern_set *set = pattern_set_new(patterns, COUNT(patterns));

	(void)state;
	assert_non_null(set);
	assert_false(pattern_set_is_slow(set));
	pattern_set_free(set);
	set = pattern_set_new(NULL, 0);
	assert_non_null(set);
	assert_false(pattern_set_is_slow(set));
	pattern_set_free(set);
}

/* Where a backtracking matcher would take the age of the universe. */
static void test_hostile_patterns(void **state)
{
	static const char *const patterns[] = {"(a*)*b", "(a|aa)+c", "(a|a?)+d", "^/(([a-z])+.)+[A-Z]([a-z])+$",
					       "(.*){50}e"};
	struct policy *policy = make_policy(patterns, COUNT(patterns));
	size_t length = CGROUP_PATH_SIZE - 1;
	char *path = malloc(length);

	(void)state;
	assert_non_null(path);
	memset(path, 'a', length);
	path[0] = '/';
	assert_int_equal(policy_match(policy, path, length), NO_RULE);
	path[length - 1] = 'e';
	assert_int_equal(policy_match(policy, path, length), 4);
	path[length - 1] = 'c';
	assert_int_equal(policy_match(policy, path, length), 1);
	path[length - 1] = 'b';
	assert_int_equal(policy_match(policy, path, length), 0);
	free(path);
	policy_free(policy);
}

/* The automaton of this has 2^20 states, far more than its budget holds at a time. */
static void test_patterns_of_many_states(void **state)
{
	static const char *const patterns[] = {"a[ab]{20}c", "b[ab]{20}c"};
	struct policy *policy = make_policy(patterns, COUNT(patterns));
	char path[20001] = "/";
	uint32_t random = 1;

	(void)state;
	for (size_t i = 1; i < sizeof(path); i++) {
		random = random * 1664525 + 1013904223;
		path[i] = random >> 31 ? 'a' : 'b';
	}
	assert_int_equal(policy_match(policy, path, sizeof(path)), NO_RULE);
	path[sizeof(path) - 1] = 'c';
	path[sizeof(path) - 22] = 'b';
	assert_int_equal(policy_match(policy, path, sizeof(path)), 1);
	path[sizeof(path) - 22] = 'a';
	assert_int_equal(policy_match(policy, path, sizeof(path)), 0);
	policy_free(policy);
}

static void test_validity(void **state)
{
	static const struct {
		const char *pattern;
		const char *reason;
		const char *fragment;
		size_t offset;
	} faults[] = {
		{"/a(b", "missing )", "/a(b", 0},
		{"/a[b", "missing ]", "[b", 2},
		{"/ok/a{2,1}b", "invalid repetition size", "{2,1}", 5},
		{"/a{1001}", "invalid repetition size", "{1001}", 2},
		{"a(?=b)", "invalid perl operator", "(?=", 1},
		{"(a)\\1", "invalid escape sequence", "\\1", 3},
		{"*a", "no argument for repetition operator", "*", 0},
		{"a**", "bad repetition operator", "**", 1},
		{"[z-a]", "invalid character class range", "z-a", 1},
		{"/a)", "unexpected )", "/a)", 0},
		{"/a\\", "trailing \\", "", 0},
		{"(?P<1", "invalid named capture group", "(?P<1", 0},
		{"a\xff", "invalid UTF-8", "", 0},
		{"\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}\\pL{1000}",
		 "pattern too large - compile failed", "", 0},
	};
	static const char valid[] = "^/user\\.slice/.*\\pL{2}(?i:x)";
	struct pattern_error error;

	(void)state;
	assert_true(pattern_is_valid("", 0, &error));
	assert_true(pattern_is_valid(valid, strlen(valid), &error));
	for (size_t i = 0; i < COUNT(faults); i++) {
		assert_false(pattern_is_valid(faults[i].pattern, strlen(faults[i].pattern), &error));
		assert_string_equal(error.reason, faults[i].reason);
		assert_string_equal(error.fragment, faults[i].fragment);
		assert_int_equal(error.offset, faults[i].offset);
	}
}

static void test_anchored(void **state)
{
	static const struct {
		const char *pattern;
		bool anchored;
	} examples[] = {
		{"^/a", true},	    {"\\A/a", true},	   {"^", true},		{"^(a|b)/(c|(d|e))$", true},
		{"^/a\\|b", true},  {"^/[a|b]", true},	   {"^/[\\]|]x", true}, {"^/(?:a|b)", true},
		{"/a", false},	    {"", false},	   {"\\^/a", false},	{"[^/]a", false},
		{"a^/b", false},    {"^/a|/b", false},	   {"^(a)|b", false},	{"^\\(a|b", false},
		{"^[(]a|b", false}, {"^(a|b)|(c)", false}, {"(^/a|b)", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		if (pattern_is_anchored(examples[i].pattern) != examples[i].anchored)
			fail_msg("%s", examples[i].pattern);
	}
}

/* What is quoted matches itself, and nothing else. */
static void test_quote(void **state)
{
	static const char *const texts[] = {"", "docker.service", "a-b\\x2dc@1.scope", "中^$.|?*+()[]{}\\Q\\E/",
					    "\n\t\x01"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *quoted = pattern_quote(texts[i], strlen(texts[i]));
		char pattern[256];
		const char *const patterns[] = {pattern};
		struct example examples[] = {{texts[i], 0}, {"dockerXservice", NO_RULE}, {"a-b", NO_RULE}};

		assert_non_null(quoted);
		snprintf(pattern, sizeof(pattern), "^%s$", quoted);
		check_matches(patterns, 1, examples, COUNT(examples));
		free(quoted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_first_match_wins),
		cmocka_unit_test(test_unanchored_and_anchored),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_length_counts),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_invalid_at_the_end),
		cmocka_unit_test(test_invalid_elsewhere_in_the_path),
		cmocka_unit_test(test_longest_invalid_path),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_too_large_for_one_automaton),
		cmocka_unit_test(test_small_sets_are_not_slow),
		cmocka_unit_test(test_hostile_patterns),
		cmocka_unit_test(test_patterns_of_many_states),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_anchored),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
