/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading a chain's rules: the levels that they look up, and the comment of one of them. */

#include "answers.h"

#include "nft/comment.h"
#include "nft/lookups.h"

#define CHAIN "output-mangle"

static struct nft make_nft(void)
{
	return (struct nft){.netlink = {.socket = anywhere, .port = 4711}};
}

static struct answers_rule begin_rule(uint32_t level)
{
	struct answers_rule rule = answers_rule(TABLE_NAME, CHAIN);
	struct nlmsghdr *message = answers_expression(&rule, "socket");

	answers_u32(message, NFTA_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	answers_u32(message, NFTA_SOCKET_LEVEL, level);
	return rule;
}

static void lookup(uint32_t level)
{
	struct answers_rule rule = begin_rule(level);

	mnl_attr_put_strz(answers_expression(&rule, "lookup"), NFTA_LOOKUP_SET, "cgroup-vmap");
	answers_end_rule(&rule);
}

static void goes_away(uint32_t level, int code)
{
	struct answers_rule rule = begin_rule(level);

	answers_expression(&rule, "cmp");
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, code, "DROP-CHAIN");
	answers_end_rule(&rule);
}

static struct cgroup_lookups read_lookups(void)
{
	struct nft nft = make_nft();
	struct cgroup_lookups lookups;

	memset(&lookups, 0xff, sizeof(lookups));
	assert_int_equal(nft_read_lookups(&nft, CHAIN, &lookups), 0);
	return lookups;
}

static size_t count_levels(const struct level_set *levels)
{
	size_t count = 0;

	for (size_t i = 0; i <= CGROUP_LEVEL_MAX; i++)
		count += levels->has[i];
	return count;
}

static void test_levels(void **state)
{
	struct cgroup_lookups lookups;

	(void)state;
	answers_to_next();
	lookup(CGROUP_LEVEL_MAX);
	lookup(1);
	answers_datagram();
	goes_away(3, NFT_GOTO);
	goes_away(4, NFT_JUMP);
	answers_done();
	lookups = read_lookups();
	assert_true(lookups.looked_up.has[1] && lookups.looked_up.has[CGROUP_LEVEL_MAX]);
	assert_int_equal(count_levels(&lookups.looked_up), 2);
	assert_true(lookups.all_go_away.has[3]);
	assert_int_equal(count_levels(&lookups.all_go_away), 1);
}

/* A rule that looks a cgroup up and then goes away is about those that are found only. */
static void test_a_lookup_before_a_goto(void **state)
{
	struct answers_rule rule;
	struct cgroup_lookups lookups;

	(void)state;
	answers_to_next();
	rule = begin_rule(2);
	answers_expression(&rule, "lookup");
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, NFT_GOTO, "proxy-a");
	answers_end_rule(&rule);
	answers_done();
	lookups = read_lookups();
	assert_true(lookups.looked_up.has[2]);
	assert_int_equal(count_levels(&lookups.all_go_away), 0);
}

/* Rules that others wrote, and levels that there are not. */
static void test_rules_that_are_not_like_ours(void **state)
{
	struct answers_rule rule;
	struct cgroup_lookups lookups;

	(void)state;
	answers_to_next();
	lookup(0);
	lookup(CGROUP_LEVEL_MAX + 1);
	lookup(UINT32_MAX);
	answers_nft(NFT_MSG_NEWRULE); /* nothing in it */
	rule = answers_rule(TABLE_NAME, CHAIN);
	answers_expression(&rule, NULL);
	mnl_attr_put_u16(answers_expression(&rule, "socket"), NFTA_SOCKET_LEVEL, 5); /* too short */
	answers_expression(&rule, "immediate");					     /* without data */
	answers_expression(&rule, "lookup");
	answers_end_rule(&rule);
	answers_done();
	lookups = read_lookups();
	assert_int_equal(count_levels(&lookups.looked_up), 0);
	assert_int_equal(count_levels(&lookups.all_go_away), 0);
}

static void test_no_lookups(void **state)
{
	static const int errors[] = {ENOENT, EPERM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct nft nft = make_nft();
		struct cgroup_lookups lookups;

		answers_clear(NULL);
		answers_to_next();
		answers_refuse(errors[i]);
		assert_int_equal(nft_read_lookups(&nft, CHAIN, &lookups), -errors[i]);
		assert_int_equal(count_levels(&lookups.looked_up), 0);
	}
}

static void commented_rule(const void *userdata, size_t size)
{
	struct nlmsghdr *message = answers_nft(NFT_MSG_NEWRULE);

	mnl_attr_put(message, NFTA_RULE_USERDATA, size, userdata);
}

#define USERDATA(bytes) commented_rule(bytes, sizeof(bytes) - 1)

static void assert_comment(const char *expected)
{
	struct nft nft = make_nft();
	char comment[COMMENT_SIZE];

	memset(comment, 'x', sizeof(comment));
	assert_int_equal(nft_read_comment(&nft, CHAIN, comment), 0);
	assert_string_equal(comment, expected);
}

/* Of several the first. */
static void test_a_comment(void **state)
{
	(void)state;
	answers_to_next();
	answers_nft(NFT_MSG_NEWRULE);
	USERDATA("\1\4\0\0\0\1"); /* an item of another type (nft's EBTABLES_POLICY) */
	USERDATA("\1\1x"
		 "\0\4one\0"
		 "\1\0");
	USERDATA("\0\4two\0");
	answers_done();
	assert_comment("one");
}

/* Anybody may write anything there. */
static void test_userdata_that_is_no_comment(void **state)
{
	(void)state;
	answers_to_next();
	USERDATA("");
	USERDATA("\0");
	USERDATA("\0\5four"); /* one byte is missing */
	USERDATA("\0\3abc");  /* its end does */
	USERDATA("\0\0");
	USERDATA("\0\0abc\0");
	USERDATA("\1\4one\0");
	answers_done();
	assert_comment("");
}

static void test_comments_that_are_too_long(void **state)
{
	(void)state;
	for (size_t size = COMMENT_SIZE; size <= COMMENT_SIZE + 1; size++) {
		char item[2 + COMMENT_SIZE + 1] = "";

		answers_clear(NULL);
		item[1] = (char)size;
		memset(item + 2, 'a', size - 1);
		answers_to_next();
		commented_rule(item, 2 + size);
		answers_done();
		assert_comment(size <= COMMENT_SIZE ? item + 2 : "");
	}
}

static void test_no_comment(void **state)
{
	struct nft nft = make_nft();
	char comment[COMMENT_SIZE] = "x";

	(void)state;
	answers_to_next();
	USERDATA("\0\4one\0");
	answers_fail(ENOBUFS);
	assert_int_equal(nft_read_comment(&nft, CHAIN, comment), -ENOBUFS);
	answers_to_next();
	answers_refuse(ENOENT);
	assert_int_equal(nft_read_comment(&nft, CHAIN, comment), -ENOENT);
	assert_string_equal(comment, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_levels, answers_clear),
		cmocka_unit_test_teardown(test_a_lookup_before_a_goto, answers_clear),
		cmocka_unit_test_teardown(test_rules_that_are_not_like_ours, answers_clear),
		cmocka_unit_test_teardown(test_no_lookups, answers_clear),
		cmocka_unit_test_teardown(test_a_comment, answers_clear),
		cmocka_unit_test_teardown(test_userdata_that_is_no_comment, answers_clear),
		cmocka_unit_test_teardown(test_comments_that_are_too_long, answers_clear),
		cmocka_unit_test_teardown(test_no_comment, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
