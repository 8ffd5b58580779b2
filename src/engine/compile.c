/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Translates the config into rules. The only place that knows both. */

#include "engine/compile.h"

#include "engine/bypass.h"
#include "engine/chains.h"
#include "engine/container_chains.h"
#include "engine/gateway.h"
#include "engine/parts.h"
#include "nft/probe.h"
#include "nft/stamp.h"
#include "util/cleanup.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy *compile_policy(const struct config *config)
{
	CLEANUP(freep) const char **patterns = calloc(config->rule_count + 1, sizeof(*patterns));

	if (patterns == NULL)
		return NULL;
	for (size_t i = 0; i < config->rule_count; i++)
		patterns[i] = config->rules[i].pattern;
	return policy_new(patterns, config->rule_count);
}

struct verdict compile_verdict(const struct config *config, uint32_t target)
{
	return chain_of_target(config, target, CHAIN_DROP, CHAIN_REFUSE, CHAIN_PROXY_PREFIX);
}

int compile_steering(const struct config *config, struct steering *steering)
{
	const size_t count = TARGET_FIRST_PROXY + config->proxy_count;

	*steering = (struct steering){.strict = config->strict, .has_orphans = config->proxy_count > 0};
	steering->targets = calloc(count, sizeof(*steering->targets));
	if (steering->targets == NULL)
		return -ENOMEM;
	for (uint32_t target = 0; target < count; target++) {
		const struct verdict verdict = compile_verdict(config, target);

		if (verdict.kind == VERDICT_GOTO)
			memcpy(steering->targets[steering->target_count++], verdict.chain, sizeof(verdict.chain));
	}
	return 0;
}

void compile_target_name(const struct verdict *verdict, char *name)
{
	const char *proxy = chain_proxy(verdict->chain);

	if (verdict->kind == VERDICT_RETURN) {
		snprintf(name, NFT_NAME_SIZE, "direct");
		return;
	}
	if (verdict->kind == VERDICT_DROP || strcmp(verdict->chain, CHAIN_DROP) == 0) {
		snprintf(name, NFT_NAME_SIZE, "drop");
		return;
	}
	if (strcmp(verdict->chain, CHAIN_REFUSE) == 0) {
		snprintf(name, NFT_NAME_SIZE, "refuse");
		return;
	}
	snprintf(name, NFT_NAME_SIZE, "%s", proxy != NULL ? proxy : verdict->chain);
}

static struct statement match_mark(const struct proxy *proxy)
{
	return (struct statement){.kind = STATEMENT_MARK, .mark = proxy->mark};
}

/* A whole mark is looked up in a map; a masked mark has its own rule. */
static int add_dispatch(struct ruleset *ruleset, struct chain *chain, const char *map, const struct proxy *proxy,
			const char *prefix, bool from_loopback)
{
	struct verdict verdict = chain_verdict(prefix, proxy->name);

	if (fwmark_is_whole(&proxy->mark))
		return ruleset_map(ruleset, ruleset_find_set(ruleset, map), &proxy->mark.value, &verdict);
	if (from_loopback)
		return chain_add(chain, {.kind = STATEMENT_IIF_LO}, match_mark(proxy), statement_goto(verdict.chain));
	return chain_add(chain, match_mark(proxy), statement_goto(verdict.chain));
}

/* The mark selects the packet's proxy; if another program removed it, the label does. */
static int add_prerouting(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_PREROUTING, HOOK_FILTER_PREROUTING);
	int error = chain != NULL ? chain_add(chain, {.kind = STATEMENT_IIF_LO},
					      {.kind = STATEMENT_MARK_VMAP, .name = MAP_MARK})
				  : -ENOMEM;

	if (error < 0)
		return error;
	stamp_write(ruleset->comment, config->file, &config->loaded, config->version);
	chain->rules[0].comment = ruleset->comment;
	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = add_dispatch(ruleset, chain, MAP_MARK, &config->proxies[i], CHAIN_TPROXY_PREFIX, true);
	if (error == 0 && config->proxy_count > 0)
		error = chain_add(chain, {.kind = STATEMENT_IIF_LO},
				  {.kind = STATEMENT_CT_LABEL, .label = LABEL_STEERED}, statement_goto(CHAIN_UNMARKED));
	if (error < 0 || !config->gateway.enabled)
		return error;
	error = chain_add(chain, {.kind = STATEMENT_IIF_LO}, RETURN);
	if (error < 0)
		return error;
	return config->containers ? container_write_prerouting(chain, config)
				  : gateway_write_rules(ruleset, chain, config, config->gateway.strict);
}

static int add_prerouting_nat(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_PREROUTING_NAT, HOOK_NAT_PREROUTING);
	int error = chain != NULL ? chain_add(chain, {.kind = STATEMENT_IIF_LO}, RETURN) : -ENOMEM;

	if (error < 0)
		return error;
	return config->containers ? container_write_prerouting_nat(chain)
				  : gateway_write_redirect_rules(ruleset, chain, config);
}

static int add_gateway(struct ruleset *ruleset, const struct config *config)
{
	int error = gateway_add_targets(ruleset, config);

	if (error == 0)
		error = gateway_add_redirects(ruleset, config);
	if (error == 0 && config->containers)
		error = container_add_chains(ruleset, config);
	return error == 0 && gateway_has_redirects(config) ? add_prerouting_nat(ruleset, config) : error;
}

static bool has_hijacks(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			return true;
	}
	return false;
}

static int add_output_nat(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_OUTPUT_NAT, HOOK_NAT_OUTPUT);
	int error = chain != NULL ? chain_add(chain, {.kind = STATEMENT_MARK_VMAP, .name = MAP_MARK_DNS}) : -ENOMEM;

	for (size_t i = 0; i < config->proxy_count && error == 0; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			error = add_dispatch(ruleset, chain, MAP_MARK_DNS, &config->proxies[i], CHAIN_DNS_PREFIX,
					     false);
	}
	return error;
}

/*
 * An unsteered flow that begins here from a foreign address is a proxy's, or that of a program that wants its packets
 * to pass for replies to the outside. It is labelled before conntrack confirms it: its packet may never arrive on the
 * loopback interface, even if it is for this host. A reset by which some rule refuses what is forwarded belongs to a
 * flow that began elsewhere.
 */
static int note_foreign(struct chain *chain)
{
	return chain_add(chain, {.kind = STATEMENT_CT_UNCONFIRMED}, {.kind = STATEMENT_CT_ORIGINAL},
			 {.kind = STATEMENT_IIF_NONE}, {.kind = STATEMENT_SADDR_FOREIGN},
			 {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_STEERED},
			 {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_FOREIGN});
}

/*
 * A listener's SYN-ACK has no cgroup (net/netfilter/nft_socket.c, sk_fullsock), so the targets' chains don't see it. In
 * a connection that began here from a foreign address, it is not meant for anyone outside.
 */
static int fence_answers(struct chain *chain)
{
	return chain_add(chain, {.kind = STATEMENT_CT_REPLY}, {.kind = STATEMENT_CT_LABEL, .label = LABEL_FOREIGN},
			 {.kind = STATEMENT_L4PROTO, .protocol = IPPROTO_TCP}, statement_goto(CHAIN_FENCE));
}

/* For packets that another program gave its own mark after our chain. Unmarked packets cost one comparison. */
static int fence_other_marks(struct ruleset *ruleset, struct chain *postrouting, const struct config *config)
{
	int error = chain_add(postrouting, {.kind = STATEMENT_MARKED}, statement_goto(CHAIN_OTHER_MARK));
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_OTHER_MARK, HOOK_NONE);

	if (error == 0 && chain == NULL)
		error = -ENOMEM;
	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_CT_LABEL, .label = chain_label(i)},
				  statement_goto(CHAIN_FENCE));
	return error;
}

/*
 * For queries redirected to a name server on this host, from a socket bound to another interface. Loopback addresses
 * are not checked for being local, since the loopback interface may be down.
 */
static int fence_hijacked_to(struct chain *chain, uint16_t to_port, struct statement address, bool is_loopback)
{
	const struct statement port = {.kind = STATEMENT_DPORT, .port = to_port};
	const struct statement hijacked = {.kind = STATEMENT_CT_LABEL, .label = LABEL_HIJACKED};

	if (is_loopback)
		return chain_add(chain, port, address, hijacked, statement_goto(CHAIN_FENCE));
	return chain_add(chain, port, address, hijacked, {.kind = STATEMENT_DADDR_LOCAL}, statement_goto(CHAIN_FENCE));
}

static int fence_hijacked(struct chain *chain, const struct config *config)
{
	int error = 0;

	for (size_t i = 0; i < config->proxy_count && error == 0; i++) {
		const struct dns_hijack *hijack = &config->proxies[i].dns_hijack;

		if (hijack->enabled)
			error = fence_hijacked_to(chain, hijack->port,
						  (struct statement){.kind = STATEMENT_DADDR, .ip = hijack->ip},
						  part_is_loopback(hijack, false));
		if (error == 0 && hijack->enabled && hijack->has_ip6)
			error = fence_hijacked_to(chain, hijack->port,
						  (struct statement){.kind = STATEMENT_DADDR6, .ip6 = hijack->ip6},
						  part_is_loopback(hijack, true));
	}
	return error;
}

/* Forwarded packets are exempt: other programs may have marked them. */
static int add_fence_chain(struct ruleset *ruleset)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_FENCE, HOOK_NONE);
	int error = chain != NULL ? chain_add(chain, {.kind = STATEMENT_OIF_LO}, RETURN) : -ENOMEM;

	if (error == 0)
		error = ruleset_add_counter(ruleset, CHAIN_FENCE);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_IIF_ANY}, RETURN);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_FENCE},
				  {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_DROP}});
	return error;
}

/*
 * Whatever misrouted them (a socket bound to an interface, another program's policy rules, IPv6 disabled on the
 * loopback interface): steered packets about to leave by an interface other than lo are stopped. One comparison per
 * proxy costs less than a set.
 */
static int add_fence(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_POSTROUTING, HOOK_FILTER_POSTROUTING);
	int error = chain != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = note_foreign(chain);
	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = chain_add(chain, match_mark(&config->proxies[i]), statement_goto(CHAIN_FENCE));
	if (error == 0 && config->gateway.enabled)
		error = gateway_write_fence(chain, config);
	if (error == 0)
		error = fence_answers(chain);
	if (error == 0)
		error = fence_hijacked(chain, config);
	if (error == 0 && config->proxy_count > 0)
		error = fence_other_marks(ruleset, chain, config);
	return error == 0 ? add_fence_chain(ruleset) : error;
}

static int add_chains(struct ruleset *ruleset, const struct config *config)
{
	int error = chains_add_drop(ruleset, config);

	if (error == 0)
		error = chains_add_refuse(ruleset, config);
	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = chains_add_proxy(ruleset, config, i);
	if (error == 0 && config->gateway.enabled)
		error = add_gateway(ruleset, config);
	if (error == 0)
		error = add_prerouting(ruleset, config);
	if (error == 0 && has_hijacks(config))
		error = add_output_nat(ruleset, config);
	if (error == 0)
		error = add_fence(ruleset, config);
	if (error == 0 && config->proxy_count > 0)
		error = chains_add_orphan(ruleset, config);
	if (error == 0 && config->proxy_count > 0)
		error = chains_add_unmarked(ruleset, config);
	return error;
}

static int add_bypass(struct ruleset *ruleset, const struct config *config, const char *name, int family)
{
	const enum set_type type = family == AF_INET ? SET_IPV4_INTERVALS : SET_IPV6_INTERVALS;
	struct set *set = ruleset_add_set(ruleset, name, type);

	return set != NULL ? bypass_add(set, config, family) : -ENOMEM;
}

static int add_sets(struct ruleset *ruleset, const struct config *config, const struct steering *steering,
		    const struct contents *contents)
{
	int error = add_bypass(ruleset, config, SET_BYPASS, AF_INET);

	if (error == 0)
		error = add_bypass(ruleset, config, SET_BYPASS6, AF_INET6);
	if (error == 0 && (ruleset_add_set(ruleset, MAP_MARK, SET_MARK_VERDICTS) == NULL ||
			   ruleset_add_set(ruleset, MAP_MARK_DNS, SET_MARK_VERDICTS) == NULL))
		error = -ENOMEM;
	if (error == 0)
		error = steering_add_sets(steering, ruleset, contents->elements, contents->element_count);
	return error == 0 && config->containers ? container_add_sets(ruleset, config, &contents->containers) : error;
}

int compile_lookups(struct ruleset *ruleset, const struct steering *steering, const struct level_set *levels)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_STEER, HOOK_NONE);
	int error = chain != NULL ? steering_write_targets(steering, levels, chain) : -ENOMEM;

	if (error < 0)
		return error;
	chain = ruleset_add_chain(ruleset, CHAIN_OUTPUT_MANGLE, HOOK_ROUTE_OUTPUT);
	return chain != NULL ? steering_write_lookups(steering, levels, chain) : -ENOMEM;
}

struct ruleset *compile_ruleset(const struct config *config, const struct steering *steering,
				const struct contents *contents)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = ruleset_new();
	struct ruleset *compiled = NULL;

	if (ruleset == NULL || add_sets(ruleset, config, steering, contents) < 0 || add_chains(ruleset, config) < 0 ||
	    compile_lookups(ruleset, steering, &contents->levels) < 0)
		return NULL;
	for (size_t i = 0; i < ruleset->set_count; i++)
		set_sort(&ruleset->sets[i]);
	compiled = ruleset;
	ruleset = NULL;
	return compiled;
}

int compile_and_dry_run(struct nft *nft, const struct config *config, struct error *error)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = NULL;
	CLEANUP(steering_clear) struct steering steering = {0};
	struct contents contents = {.element_count = 0};

	contents.levels.has[1] = true; /* so that a lookup is tried as well */
	if (compile_steering(config, &steering) == 0)
		ruleset = compile_ruleset(config, &steering, &contents);
	if (ruleset == NULL)
		return error_set(error, -ENOMEM, "no memory for the rules of the config");
	return nft_dry_run(nft, ruleset, error);
}
