/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FIREWALL_H
#define CGTPROXY_TEST_UNIT_FIREWALL_H

/* Writes the kernel's dump of other programs' rules, and checks how they are classified. */

#include "answers.h"

#include "inspect/firewall.h"

#include <linux/netfilter/nf_tables_compat.h>
#include <stdio.h>

#define CONFIG                                                                                                         \
	"version: 1\n"                                                                                                 \
	"tproxies: {a: {mark: 3000, port: 7893}, b: {mark: 0x100/0xff00, port: 7894}}\n"                               \
	"rules:\n"                                                                                                     \
	"  - {match: '^/a$', tproxy: a}\n"                                                                             \
	"  - {match: '^/b$', tproxy: b}\n"

enum { ACCEPT = NF_ACCEPT, DROP = NF_DROP };

static inline void chain_of(uint8_t family, const char *table, const char *name, uint32_t hook, int32_t priority,
			    uint32_t policy)
{
	struct nlmsghdr *message = answers_nft(NFT_MSG_NEWCHAIN);
	struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	struct nlattr *nest = NULL;

	head->nfgen_family = family;
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
	if (hook == NF_INET_NUMHOOKS)
		return;
	nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	answers_u32(message, NFTA_HOOK_HOOKNUM, hook);
	answers_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	mnl_attr_nest_end(message, nest);
	answers_u32(message, NFTA_CHAIN_POLICY, policy);
}

/* The only chain; its rules follow. */
static inline void only_chain(const char *name, uint32_t hook, int32_t priority, uint32_t policy)
{
	answers_to_next();
	chain_of(NFPROTO_INET, "theirs", name, hook, priority, policy);
	answers_done();
	answers_to_next();
}

static inline void load(struct answers_rule *rule, uint32_t key)
{
	struct nlmsghdr *message = answers_expression(rule, "meta");

	answers_u32(message, NFTA_META_KEY, key);
	answers_u32(message, NFTA_META_DREG, NFT_REG_1);
}

static inline void compare(struct answers_rule *rule, uint32_t operation, uint32_t value)
{
	struct nlmsghdr *message = answers_expression(rule, "cmp");

	answers_u32(message, NFTA_CMP_OP, operation);
	answers_value(message, NFTA_CMP_DATA, &value, sizeof(value));
}

static inline void mask(struct answers_rule *rule, uint32_t bits)
{
	static const uint32_t nothing;
	struct nlmsghdr *message = answers_expression(rule, "bitwise");

	answers_value(message, NFTA_BITWISE_MASK, &bits, sizeof(bits));
	answers_value(message, NFTA_BITWISE_XOR, &nothing, sizeof(nothing));
}

static inline void set_mark(struct answers_rule *rule)
{
	struct nlmsghdr *message = answers_expression(rule, "meta");

	answers_u32(message, NFTA_META_KEY, NFT_META_MARK);
	answers_u32(message, NFTA_META_SREG, NFT_REG_1);
}

static inline void give_verdict(struct answers_rule *rule, int code, const char *chain)
{
	answers_verdict(answers_expression(rule, "immediate"), NFTA_IMMEDIATE_DATA, code, chain);
}

static inline struct answers_rule begin_rule(const char *chain)
{
	return answers_rule("theirs", chain);
}

/* Ends a rule with its handle. */
static inline void end_rule(struct answers_rule *rule, uint64_t handle)
{
	answers_end_rule(rule);
	mnl_attr_put_u64(rule->message, NFTA_RULE_HANDLE, htobe64(handle));
}

static inline int inspect(const struct config *config, struct problems *problems)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = 4711}};
	struct others *others = NULL;
	int result = firewall_begin(&others, &nft, config);

	*problems = (struct problems){0};
	for (int more = 1; result == 0 && more > 0;) {
		more = others_read(others);
		result = more < 0 ? more : 0;
	}
	if (result == 0)
		result = firewall_judge(others, config, problems);
	others_free(others);
	return result;
}

static inline struct problems problems_of(const char *text)
{
	struct config *config = parse_good(text);
	struct problems problems;

	assert_int_equal(inspect(config, &problems), 0);
	assert_int_equal(answers.asked, answers.expected);
	config_free(config);
	return problems;
}

static inline void assert_none(void)
{
	struct problems problems = problems_of(CONFIG);

	assert_int_equal(problems.count, 0);
	problems_clear(&problems);
}

/* Asserts one problem of that kind and with that fix, which may be NULL. */
static inline void assert_only(enum problem_kind kind, const char *cure)
{
	struct problems problems = problems_of(CONFIG);
	const struct problem *only = problems.count == 1 ? problems.items : NULL;

	if (only == NULL) {
		fail_msg("%zu problems", problems.count);
		return;
	}
	assert_int_equal(only->kind, kind);
	assert_string_equal(only->about, "the chain theirs of the table inet theirs");
	assert_int_equal(strncmp(only->text, only->about, strlen(only->about)), 0);
	if (cure == NULL)
		assert_null(only->cure);
	else
		assert_string_equal(only->cure, cure);
	problems_clear(&problems);
}

#define PASS_BOTH                                                                                                      \
	"nft 'insert rule inet theirs theirs meta mark 3000 return; "                                                  \
	"insert rule inet theirs theirs meta mark and 0xff00 == 0x100 return'"
#define PASS_A "nft 'insert rule inet theirs theirs meta mark 3000 return'"
#define PASS_B "nft 'insert rule inet theirs theirs meta mark and 0xff00 == 0x100 return'"

static inline void rule_that_marks(void)
{
	struct answers_rule rule = begin_rule("theirs");

	set_mark(&rule);
	end_rule(&rule, 5);
}

#endif
