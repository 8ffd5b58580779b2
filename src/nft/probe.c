/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/probe.h"

#include "nft/table.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_TABLE TABLE_NAME "-probe"

DEFINE_CLEANUP(struct ruleset *, ruleset_free)

/* level: one that is looked up, or 0 */
static int try(struct nft *nft, const struct ruleset *ruleset, uint32_t level, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	struct ruleset probed = *ruleset;
	struct level_set levels = {.has = {[0] = false}};

	levels.has[level] = level > 0;
	probed.table = PROBE_TABLE;
	batch_begin(&batch);
	table_put_new(&batch, PROBE_TABLE, 0, 0);
	table_put_contents(&batch, &probed, &levels);
	/* no batch_end(): the kernel checks all of it and takes it back (net/netfilter/nfnetlink.c) */
	return nft_send(nft, &batch, error);
}

/* What a kernel may be built without, each with the smallest rule that needs it. */
static const struct feature {
	const char *purpose;
	const char *module;
	enum chain_hook hook; /* HOOK_NONE: it is the lookup of levels in output-mangle */
	struct statement statement;
} features[] = {
	{
		.purpose = "to match a socket's cgroup",
		.module = "nft_socket (CONFIG_NFT_SOCKET and CONFIG_SOCK_CGROUP_DATA, Linux 5.13 or later)",
	},
	{
		.purpose = "to hand packets to a TPROXY server",
		.module = "nft_tproxy (CONFIG_NFT_TPROXY)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_TPROXY, .port = 1},
	},
	{
		.purpose = "to know the direction of a connection",
		.module = "nft_ct (CONFIG_NFT_CT)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_CT_REPLY},
	},
	{
		.purpose = "to know the host's own addresses",
		.module = "nft_fib_inet (CONFIG_NFT_FIB_INET)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_SADDR_FOREIGN},
	},
	{
		.purpose = "to refuse traffic",
		.module = "nft_reject_inet (CONFIG_NFT_REJECT_INET)",
		.hook = HOOK_FILTER_PREROUTING,
		.statement = {.kind = STATEMENT_REJECT},
	},
	{
		.purpose = "to redirect DNS",
		.module = "nft_nat and nft_chain_nat (CONFIG_NFT_NAT)",
		.hook = HOOK_NAT_OUTPUT,
		.statement = {.kind = STATEMENT_DNAT, .nat = {.port = 53}},
	},
};

/* The chains that the rules for levels are in and lead to, and nothing in them. For ruleset_free(); NULL without
 * memory. */
static struct ruleset *make_frame(void)
{
	static const char *const names[] = {CHAIN_STEER, CHAIN_DROP};
	struct ruleset *ruleset = calloc(1, sizeof(*ruleset));
	bool complete = ruleset != NULL && ruleset_add_chain(ruleset, CHAIN_OUTPUT_MANGLE, HOOK_ROUTE_OUTPUT) != NULL;

	for (size_t i = 0; complete && i < sizeof(names) / sizeof(names[0]); i++)
		complete = ruleset_add_chain(ruleset, names[i], HOOK_NONE) != NULL;
	if (!complete) {
		ruleset_free(ruleset);
		return NULL;
	}
	snprintf(ruleset->drop_chain, sizeof(ruleset->drop_chain), "%s", CHAIN_DROP);
	return ruleset;
}

static bool is_missing(struct nft *nft, const struct feature *feature)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = make_frame();
	struct chain *chain = NULL;
	struct error error;

	if (ruleset == NULL)
		return false;
	if (feature->hook == HOOK_NONE)
		return try(nft, ruleset, 1, &error) < 0;
	chain = ruleset_add_chain(ruleset, CHAIN_OUTPUT_NAT, feature->hook);
	if (chain == NULL || chain_add_rule(chain, &feature->statement, 1) < 0)
		return false;
	return try(nft, ruleset, 0, &error) < 0;
}

int nft_try(struct nft *nft, const struct ruleset *ruleset, struct error *error)
{
	int result = try(nft, ruleset, 1, error);

	if (result == 0 || result == -EPERM || result == -ENOMEM)
		return result;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (is_missing(nft, &features[i]))
			return error_set(
				error, result,
				"the kernel lacks what cgtproxy needs %s: the module %s. Load it with modprobe, "
				"or use a kernel that has it",
				features[i].purpose, features[i].module);
	}
	return result;
}

static int try_level(struct nft *nft, uint32_t level, struct error *error)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = make_frame();
	const struct statement statement = {.kind = STATEMENT_IN_CGROUP, .level = level};

	/* the first chain is output-mangle */
	if (ruleset == NULL || chain_add_rule(&ruleset->chains[0], &statement, 1) < 0)
		return error_set(error, -ENOMEM, "no memory to try which levels of cgroups can be looked up");
	return try(nft, ruleset, 0, error);
}

int nft_find_deepest_level(struct nft *nft, uint32_t *deepest, struct error *error)
{
	uint32_t above = CGROUP_LEVEL_MAX + 1;

	*deepest = 0;
	while (above - *deepest > 1) {
		const uint32_t level = *deepest + (above - *deepest) / 2;
		const int result = try_level(nft, level, error);

		if (result == 0)
			*deepest = level;
		else if (result == -EOPNOTSUPP)
			above = level;
		else
			return result;
	}
	return 0;
}
