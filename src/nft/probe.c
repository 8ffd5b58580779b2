/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/probe.h"

#include "nft/table.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <string.h>

static int try(struct nft *nft, const struct ruleset *ruleset, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	struct ruleset probed = *ruleset;

	probed.table = PROBE_TABLE;
	batch_begin(&batch);
	table_put_new(&batch, PROBE_TABLE, 0, 0);
	table_put_contents(&batch, &probed);
	/* no batch_end(): the kernel validates everything and rolls it back (net/netfilter/nfnetlink.c) */
	return nft_send(nft, &batch, error);
}

/* Features that a kernel may be built without, each with the smallest rule that needs it. */
static const struct feature {
	const char *purpose;
	const char *module;
	enum chain_hook hook;
	struct statement statement;
	bool is_optional; /* only needed by rulesets with such a statement */
} features[] = {
	{
		.purpose = N_("to match a socket's cgroup"),
		.module = N_("nft_socket (CONFIG_NFT_SOCKET and CONFIG_SOCK_CGROUP_DATA, Linux 5.13 or later)"),
		.hook = HOOK_ROUTE_OUTPUT,
		.statement = {.kind = STATEMENT_IN_CGROUP, .level = 1},
	},
	{
		.purpose = N_("to hand packets to a TPROXY server"),
		.module = "nft_tproxy (CONFIG_NFT_TPROXY)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_TPROXY, .port = 1},
	},
	{
		.purpose = N_("to know the direction of a connection"),
		.module = "nft_ct (CONFIG_NFT_CT)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_CT_REPLY},
	},
	{
		.purpose = N_("to know the proxy of a connection"),
		.module = N_("nf_conntrack with labels (CONFIG_NF_CONNTRACK_LABELS)"),
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_SET_CT_LABEL, .label = 127},
	},
	{
		.purpose = N_("to know the host's own addresses"),
		.module = "nft_fib_inet (CONFIG_NFT_FIB_INET)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_SADDR_FOREIGN},
	},
	{
		.purpose = N_("to refuse traffic"),
		.module = "nft_reject_inet (CONFIG_NFT_REJECT_INET)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_REJECT},
	},
	{
		.purpose = N_("to redirect DNS"),
		.module = N_("nft_nat and nft_chain_nat (CONFIG_NFT_NAT)"),
		.hook = HOOK_NAT_OUTPUT,
		.statement = {.kind = STATEMENT_DNAT, .to = {.port = 53}},
		.is_optional = true,
	},
	{
		.purpose = N_("to redirect the DNS of other devices"),
		.module = "nft_redir (CONFIG_NFT_REDIR)",
		.hook = HOOK_NAT_PREROUTING,
		.statement = {.kind = STATEMENT_REDIRECT, .port = 53},
		.is_optional = true,
	},
};

static int try_statement(struct nft *nft, enum chain_hook hook, const struct statement *statement, struct error *error)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = ruleset_new();
	struct chain *chain = ruleset != NULL ? ruleset_add_chain(ruleset, "probe", hook) : NULL;

	if (chain == NULL || chain_add_rule(chain, statement, 1) < 0)
		return error_set(error, -ENOMEM, "no memory to probe the kernel");
	return try(nft, ruleset, error);
}

static bool has_statement(const struct ruleset *ruleset, enum statement_kind kind)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		for (size_t j = 0; j < ruleset->chains[i].count; j++) {
			const struct rule *rule = &ruleset->chains[i].rules[j];

			for (size_t k = 0; k < rule->count; k++) {
				if (rule->statements[k].kind == kind)
					return true;
			}
		}
	}
	return false;
}

static bool is_missing(struct nft *nft, const struct ruleset *ruleset, const struct feature *feature)
{
	struct error error;
	int result = 0;

	if (!feature->is_optional || has_statement(ruleset, feature->statement.kind))
		result = try_statement(nft, feature->hook, &feature->statement, &error);
	return result < 0 && result != -ENOMEM;
}

int nft_dry_run(struct nft *nft, const struct ruleset *ruleset, struct error *error)
{
	int result = try(nft, ruleset, error);

	if (result == 0 || result == -EPERM || result == -ENOMEM)
		return result;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (is_missing(nft, ruleset, &features[i]))
			return error_set(
				error, result,
				"the kernel lacks what cgtproxy needs %s: the module %s. Load it with modprobe, "
				"or use a kernel that has it",
				_(features[i].purpose), _(features[i].module));
	}
	return result;
}

int nft_find_deepest_level(struct nft *nft, uint32_t *deepest, struct error *error)
{
	uint32_t above = CGROUP_LEVEL_MAX + 1;

	*deepest = 0;
	while (above - *deepest > 1) {
		const uint32_t level = *deepest + (above - *deepest) / 2;
		const struct statement statement = {.kind = STATEMENT_IN_CGROUP, .level = level};
		const int result = try_statement(nft, HOOK_ROUTE_OUTPUT, &statement, error);

		if (result == 0)
			*deepest = level;
		else if (result == -EOPNOTSUPP)
			above = level;
		else
			return result;
	}
	return 0;
}
