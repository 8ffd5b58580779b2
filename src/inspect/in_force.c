/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/in_force.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "nft/short_rule.h"
#include "route/rules.h"
#include "util/cleanup.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void note_traffic(const struct short_rule *rule, void *userdata)
{
	const struct short_match *match = &rule->matches[0];
	struct proxy *proxy = userdata;
	enum traffic traffic = TRAFFIC_DIRECT;

	if (rule->has_more || rule->match_count != 1)
		return;
	if (strcmp(rule->leads_to, CHAIN_REFUSE) == 0)
		traffic = TRAFFIC_REFUSE;
	else if (!rule->returns)
		return;
	if (match->key == NFT_META_NFPROTO && match->operation == NFT_CMP_EQ && match->value == NFPROTO_IPV6)
		proxy->ipv6 = traffic;
	if (match->key != NFT_META_L4PROTO)
		return;
	if ((match->operation == NFT_CMP_EQ && match->value == IPPROTO_UDP) ||
	    (match->operation == NFT_CMP_NEQ && match->value == IPPROTO_TCP))
		proxy->udp = traffic;
}

static void note_port(const struct short_rule *rule, void *userdata)
{
	struct proxy *proxy = userdata;

	if (rule->tproxy_port != 0)
		proxy->port = rule->tproxy_port;
}

static struct proxy *find_by_chain(const struct config *config, const char *chain)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (strcmp(chain_verdict(CHAIN_TPROXY_PREFIX, config->proxies[i].name).chain, chain) == 0)
			return &config->proxies[i];
	}
	return NULL;
}

/* A mark with a mask has a rule. */
static void note_mark(const struct short_rule *rule, void *userdata)
{
	struct proxy *proxy = find_by_chain(userdata, rule->leads_to);

	for (size_t i = 0; proxy != NULL && i < rule->match_count; i++) {
		if (rule->matches[i].key == NFT_META_MARK && rule->matches[i].operation == NFT_CMP_EQ)
			proxy->mark = (struct fwmark){rule->matches[i].value, rule->matches[i].mask};
	}
}

/* Whole marks are in a map. */
static void read_mark_map(const struct dump *dump, struct config *config)
{
	const struct set *set = dump_find_set(dump, MAP_MARK);

	for (size_t i = 0; set != NULL && set->type == SET_MARK_VERDICTS && i < set->count; i++) {
		const struct verdict *verdict = set->elements[i].verdict;
		struct proxy *proxy =
			verdict != NULL && verdict->kind == VERDICT_GOTO ? find_by_chain(config, verdict->chain) : NULL;

		if (proxy == NULL)
			continue;
		memcpy(&proxy->mark.value, set->elements[i].key, sizeof(proxy->mark.value));
		proxy->mark.mask = UINT32_MAX;
	}
}

static int list_proxies(const struct dump *dump, struct config *config)
{
	config->proxies = calloc(dump->chain_count + 1, sizeof(*config->proxies));
	if (config->proxies == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < dump->chain_count && config->proxy_count < PROXIES_MAX; i++) {
		const char *name = chain_proxy(dump->chains[i].name);

		if (name == NULL || strlen(name) > PROXY_NAME_MAX)
			continue;
		config->proxies[config->proxy_count].name = strdup(name);
		if (config->proxies[config->proxy_count].name == NULL)
			return -ENOMEM;
		config->proxy_count++;
	}
	return 0;
}

/* A chain may be gone meanwhile. */
static int read_chains(struct nft *nft, const struct dump *dump, struct config *config)
{
	int result = list_proxies(dump, config);

	for (size_t i = 0; i < config->proxy_count && result == 0; i++) {
		struct proxy *proxy = &config->proxies[i];

		result = short_rules_read(nft, chain_verdict(CHAIN_PROXY_PREFIX, proxy->name).chain, note_traffic,
					  proxy);
		if (result == 0)
			result = short_rules_read(nft, chain_verdict(CHAIN_TPROXY_PREFIX, proxy->name).chain, note_port,
						  proxy);
		result = result == -ENOENT ? 0 : result;
	}
	if (result == 0)
		result = short_rules_read(nft, CHAIN_PREROUTING, note_mark, config);
	read_mark_map(dump, config);
	return result == -ENOENT ? 0 : result;
}

static bool is_for_proxy(const struct policy_rule *rule, const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (fwmark_equals(&rule->mark, &config->proxies[i].mark))
			return true;
	}
	return false;
}

/* Where the policy rules for the proxies' marks lead to, and where they stand. */
static void note_table(const struct policy_rule *rule, struct config *config)
{
	if (config->route_table != 0 || !rule_has_our_shape(rule) || !is_for_proxy(rule, config))
		return;
	config->route_table = rule->table;
	config->rule_priority = rule->priority;
}

/* Either of its two policy rules shows the gateway's mark. Which rules the gateway has is not known. */
static int note_gateway(const struct policy_rule *rule, struct config *config)
{
	struct gateway *gateway = &config->gateway;
	const bool is_lookup = rule_has_our_shape(rule) && rule->table == config->route_table;

	if (gateway->enabled || config->route_table == 0 || is_for_proxy(rule, config) ||
	    !(is_lookup || rule_is_exemption(rule)))
		return 0;
	gateway->rules = calloc(1, sizeof(*gateway->rules));
	if (gateway->rules == NULL)
		return -ENOMEM;
	gateway->rules[gateway->rule_count++].target = TARGET_FIRST_PROXY;
	gateway->mark = rule->mark;
	gateway->enabled = true;
	return 0;
}

static int read_routing(struct config *config, int family)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	struct policy_rules rules = {0};
	int result = rules_list(&rtnetlink, family, &rules);

	for (size_t i = 0; i < rules.count; i++)
		note_table(&rules.items[i], config);
	for (size_t i = 0; i < rules.count && result == 0; i++)
		result = note_gateway(&rules.items[i], config);
	free(rules.items);
	return rtnetlink_has_no_family(result) ? 0 : result;
}

int in_force_read(struct nft *nft, const struct dump *dump, struct config **config, struct error *error)
{
	CLEANUP(config_freep) struct config *read = calloc(1, sizeof(*read));
	int result = read != NULL ? read_chains(nft, dump, read) : -ENOMEM;

	if (result == 0)
		result = read_routing(read, AF_INET);
	if (result == 0)
		result = read_routing(read, AF_INET6);
	if (result < 0)
		return error_set(error, result, "can't read what is in force: %s", strerror(-result));
	*config = read;
	read = NULL;
	return 0;
}
