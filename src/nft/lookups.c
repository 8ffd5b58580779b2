/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/lookups.h"

#include "nft/attributes.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <string.h>

uint32_t level_set_deepest(const struct level_set *levels)
{
	uint32_t deepest = CGROUP_LEVEL_MAX;

	while (deepest > 0 && !levels->has[deepest])
		deepest--;
	return deepest;
}

/* The relevant parts of a rule. */
struct rule_summary {
	uint32_t level;
	bool has_lookup;
	bool has_goto;
};

static bool is_goto(const struct nlattr *immediate)
{
	struct attributes attributes;
	uint32_t code = 0;

	attributes_of_nest(&attributes, immediate);
	attributes_of_nest(&attributes, attributes.of[NFTA_IMMEDIATE_DATA]);
	attributes_of_nest(&attributes, attributes.of[NFTA_DATA_VERDICT]);
	return attribute_u32(attributes.of[NFTA_VERDICT_CODE], &code) && (int)code == NFT_GOTO;
}

static void note_expression(struct rule_summary *rule, const struct nlattr *nest)
{
	struct attributes expression;
	const char *name = NULL;

	attributes_of_nest(&expression, nest);
	name = attribute_text(expression.of[NFTA_EXPR_NAME]);
	if (name == NULL)
		return;
	rule->has_lookup |= strcmp(name, "lookup") == 0;
	rule->has_goto |= strcmp(name, "immediate") == 0 && is_goto(expression.of[NFTA_EXPR_DATA]);
	if (strcmp(name, "socket") != 0)
		return;
	attributes_of_nest(&expression, expression.of[NFTA_EXPR_DATA]);
	attribute_u32(expression.of[NFTA_SOCKET_LEVEL], &rule->level);
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct cgroup_lookups *lookups = data;
	struct rule_summary summary = {0};
	struct attributes rule;
	const struct nlattr *nest = NULL;

	attributes_of_message(&rule, message);
	if (rule.of[NFTA_RULE_EXPRESSIONS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, rule.of[NFTA_RULE_EXPRESSIONS]) note_expression(&summary, nest);
	if (summary.level == 0 || summary.level > CGROUP_LEVEL_MAX)
		return MNL_CB_OK;
	if (summary.has_lookup)
		lookups->looked_up.has[summary.level] = true;
	else if (summary.has_goto)
		lookups->all_go_away.has[summary.level] = true;
	return MNL_CB_OK;
}

int nft_read_lookups(struct nft *nft, const char *chain, struct cgroup_lookups *lookups)
{
	*lookups = (struct cgroup_lookups){0};
	return nft_list(nft, NFT_MSG_GETRULE, chain, note_rule, lookups);
}
