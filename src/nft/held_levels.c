/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/held_levels.h"

#include "nft/attributes.h"
#include "nft/table.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <string.h>

/* What looks at a level without a lookup there (the guards of a strict config, for one) does not count. */
struct rule_summary {
	uint32_t level;
	bool has_lookup;
};

static void note_expression(struct rule_summary *rule, const struct nlattr *nest)
{
	struct attributes expression;
	const char *name = NULL;

	attributes_of_nest(&expression, nest);
	name = attribute_text(expression.of[NFTA_EXPR_NAME]);
	if (name == NULL)
		return;
	rule->has_lookup |= strcmp(name, "lookup") == 0;
	if (strcmp(name, "socket") != 0)
		return;
	attributes_of_nest(&expression, expression.of[NFTA_EXPR_DATA]);
	attribute_u32(expression.of[NFTA_SOCKET_LEVEL], &rule->level);
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct level_set *levels = data;
	struct rule_summary summary = {0};
	struct attributes rule;
	const struct nlattr *nest = NULL;

	attributes_of_message(&rule, message);
	if (rule.of[NFTA_RULE_EXPRESSIONS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, rule.of[NFTA_RULE_EXPRESSIONS]) note_expression(&summary, nest);
	if (summary.has_lookup && summary.level > 0 && summary.level <= CGROUP_LEVEL_MAX)
		levels->has[summary.level] = true;
	return MNL_CB_OK;
}

int held_levels_read(struct nft *nft, struct level_set *levels)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, NFT_MSG_GETRULE, NLM_F_DUMP);

	*levels = (struct level_set){0};
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, CHAIN_OUTPUT_MANGLE);
	return nft_request_run(nft, &request, note_rule, levels);
}
