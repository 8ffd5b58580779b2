/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading rules of a few comparisons and an end, whoever wrote them. */

#include "answers.h"

#include "nft/short_rule.h"

#include <netinet/in.h>

#define CHAIN "tproxy-mihomo"

static struct short_rule noted[4];
static size_t noted_count;

static void note(const struct short_rule *rule, void *userdata)
{
	assert_ptr_equal(userdata, noted);
	assert_true(noted_count < COUNT(noted));
	noted[noted_count++] = *rule;
}

static void read_rules(size_t expected)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = 4711}};

	noted_count = 0;
	answers_done();
	assert_int_equal(short_rules_read(&nft, CHAIN, note, noted), 0);
	assert_int_equal(noted_count, expected);
}

static void add_meta(struct answers_rule *rule, uint32_t key)
{
	struct nlmsghdr *message = answers_expression(rule, "meta");

	answers_u32(message, NFTA_META_KEY, key);
	answers_u32(message, NFTA_META_DREG, NFT_REG32_00);
}

static void add_comparison(struct answers_rule *rule, uint32_t operation, const void *value, size_t size)
{
	struct nlmsghdr *message = answers_expression(rule, "cmp");

	answers_u32(message, NFTA_CMP_OP, operation);
	answers_value(message, NFTA_CMP_DATA, value, size);
}

static void reads_what_ours_are(void **state)
{
	static const uint32_t mask = 0xff0000;
	static const uint32_t value = 0x70000;
	static const uint8_t udp = IPPROTO_UDP;
	const uint16_t port = htons(7893);
	struct answers_rule rule;

	(void)state;
	answers_to_next();
	rule = answers_rule(TABLE_NAME, CHAIN);
	add_meta(&rule, NFT_META_MARK);
	answers_value(answers_expression(&rule, "bitwise"), NFTA_BITWISE_MASK, &mask, sizeof(mask));
	add_comparison(&rule, NFT_CMP_EQ, &value, sizeof(value));
	add_meta(&rule, NFT_META_L4PROTO);
	add_comparison(&rule, NFT_CMP_NEQ, &udp, sizeof(udp));
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, NFT_GOTO, "proxy-a");
	answers_end_rule(&rule);
	rule = answers_rule(TABLE_NAME, CHAIN);
	answers_value(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, &port, sizeof(port));
	answers_u32(answers_expression(&rule, "tproxy"), NFTA_TPROXY_REG_PORT, NFT_REG_1);
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, NFT_RETURN, NULL);
	answers_end_rule(&rule);
	read_rules(2);
	assert_false(noted[0].has_more);
	assert_int_equal(noted[0].match_count, 2);
	assert_int_equal(noted[0].matches[0].key, NFT_META_MARK);
	assert_int_equal(noted[0].matches[0].mask, mask);
	assert_int_equal(noted[0].matches[0].value, value);
	assert_int_equal(noted[0].matches[1].mask, UINT32_MAX);
	assert_int_equal(noted[0].matches[1].operation, NFT_CMP_NEQ);
	assert_int_equal(noted[0].matches[1].value, IPPROTO_UDP);
	assert_string_equal(noted[0].leads_to, "proxy-a");
	assert_false(noted[0].returns);
	assert_int_equal(noted[1].tproxy_port, 7893);
	assert_true(noted[1].returns);
	assert_string_equal(noted[1].leads_to, "");
}

/* Others may write whatever they like into the table where it has no owner. */
static void does_not_believe_others(void **state)
{
	char long_name[NFT_NAME_SIZE + 8] = "";
	static const uint8_t wide[16] = {1};
	struct answers_rule rule;

	(void)state;
	memset(long_name, 'a', sizeof(long_name) - 1);
	answers_to_next();
	answers_nft(NFT_MSG_NEWRULE); /* nothing in it */
	rule = answers_rule(TABLE_NAME, CHAIN);
	for (size_t i = 0; i < SHORT_RULE_MATCHES + 2; i++) { /* more than there is room for */
		add_meta(&rule, NFT_META_MARK);
		add_comparison(&rule, NFT_CMP_EQ, wide, sizeof(uint32_t));
	}
	answers_verdict(answers_expression(&rule, "immediate"), NFTA_IMMEDIATE_DATA, NFT_GOTO, long_name);
	answers_end_rule(&rule);
	rule = answers_rule(TABLE_NAME, CHAIN);
	add_comparison(&rule, NFT_CMP_EQ, wide, sizeof(uint32_t)); /* of nothing */
	add_meta(&rule, NFT_META_MARK);
	add_comparison(&rule, NFT_CMP_EQ, wide, sizeof(wide)); /* too wide */
	answers_expression(&rule, "bitwise");
	answers_expression(&rule, "meta");
	answers_expression(&rule, "immediate");
	answers_expression(&rule, "tproxy");
	answers_expression(&rule, NULL);
	answers_end_rule(&rule);
	rule = answers_rule(TABLE_NAME, CHAIN);
	answers_u32(answers_expression(&rule, "tproxy"), NFTA_TPROXY_REG_PORT, NFT_REG_1); /* of no port */
	answers_end_rule(&rule);
	read_rules(3);
	assert_int_equal(noted[0].match_count, SHORT_RULE_MATCHES);
	assert_true(noted[0].has_more);
	assert_string_equal(noted[0].leads_to, "");
	assert_int_equal(noted[1].match_count, 0);
	assert_true(noted[1].has_more);
	assert_int_equal(noted[2].tproxy_port, 0);
}

static void fails_as_the_kernel_does(void **state)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = 4711}};

	(void)state;
	answers_to_next();
	answers_refuse(ENOENT);
	assert_int_equal(short_rules_read(&nft, CHAIN, note, noted), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(reads_what_ours_are, answers_clear),
		cmocka_unit_test_teardown(does_not_believe_others, answers_clear),
		cmocka_unit_test_teardown(fails_as_the_kernel_does, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
