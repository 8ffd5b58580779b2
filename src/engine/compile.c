/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* From what the config says to the rules that do it. The only place that knows both. */

#include "engine/compile.h"

#include "nft/about.h"
#include "util/cleanup.h"

#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETURN                                                                                                         \
	{                                                                                                              \
		.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_RETURN }                                        \
	}

DEFINE_CLEANUP(struct ruleset *, ruleset_free)

static struct verdict verdict_goto(const char *name, const char *suffix)
{
	struct verdict verdict = {.kind = VERDICT_GOTO};

	snprintf(verdict.chain, sizeof(verdict.chain), "%s%s", name, suffix);
	return verdict;
}

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
	if (target == TARGET_DIRECT)
		return (struct verdict){.kind = VERDICT_RETURN};
	if (target == TARGET_DROP)
		return verdict_goto(CHAIN_DROP, "");
	return verdict_goto(config->proxies[target - TARGET_FIRST_PROXY].name, CHAIN_MARK_SUFFIX);
}

void compile_target_name(const struct verdict *verdict, char *name)
{
	size_t length = strlen(verdict->chain);
	size_t suffix = strlen(CHAIN_MARK_SUFFIX);

	if (verdict->kind == VERDICT_RETURN) {
		snprintf(name, CHAIN_NAME_SIZE, "direct");
		return;
	}
	if (verdict->kind == VERDICT_DROP || strcmp(verdict->chain, CHAIN_DROP) == 0) {
		snprintf(name, CHAIN_NAME_SIZE, "drop");
		return;
	}
	if (length > suffix && strcmp(verdict->chain + length - suffix, CHAIN_MARK_SUFFIX) == 0)
		length -= suffix;
	snprintf(name, CHAIN_NAME_SIZE, "%.*s", (int)length, verdict->chain);
}

static size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static struct interval interval_of(const struct network *network)
{
	size_t size = address_size(network->family);
	struct interval interval = {{0}, {0}};

	memcpy(interval.first, &network->ip6, size);
	memcpy(interval.last, &network->ip6, size);
	for (unsigned bit = network->prefix; bit < size * 8; bit++)
		interval.last[bit / 8] |= (uint8_t)(0x80U >> (bit % 8));
	return interval;
}

static int compare_intervals(const void *left, const void *right)
{
	return memcmp(((const struct interval *)left)->first, ((const struct interval *)right)->first,
		      sizeof(((const struct interval *)left)->first));
}

/* Whether the second begins within the first or right behind it; the first does not begin later. */
static bool touches(const struct interval *one, const struct interval *other, size_t size)
{
	uint8_t behind[sizeof(one->last)];

	memcpy(behind, one->last, sizeof(behind));
	for (size_t i = size; i > 0 && ++behind[i - 1] == 0; i--)
		;
	return memcmp(other->first, one->last, size) <= 0 || memcmp(other->first, behind, size) == 0;
}

/* The kernel's interval sets refuse what overlaps; that which touches is one interval for the reader as well. */
static size_t merge(struct interval *intervals, size_t count, size_t size)
{
	size_t merged = 0;

	qsort(intervals, count, sizeof(*intervals), compare_intervals);
	for (size_t i = 1; i < count; i++) {
		if (!touches(&intervals[merged], &intervals[i], size))
			intervals[++merged] = intervals[i];
		else if (memcmp(intervals[i].last, intervals[merged].last, size) > 0)
			memcpy(intervals[merged].last, intervals[i].last, size);
	}
	return merged + 1;
}

static int add_bypass(const struct config *config, int family, struct interval_set *set)
{
	if (config->bypass_count == 0)
		return 0;
	set->intervals = calloc(config->bypass_count, sizeof(*set->intervals));
	if (set->intervals == NULL)
		return -1;
	for (size_t i = 0; i < config->bypass_count; i++) {
		if (config->bypass[i].family == family)
			set->intervals[set->count++] = interval_of(&config->bypass[i]);
	}
	if (set->count > 0)
		set->count = merge(set->intervals, set->count, address_size(family));
	return 0;
}

/* What is never steered: answers to the outside, and the destinations of "bypass". */
static int add_exceptions(struct chain *chain, bool with_dnat)
{
	int error = chain_add(chain, {.kind = STATEMENT_CT_REPLY}, RETURN);

	if (with_dnat)
		error |= chain_add(chain, {.kind = STATEMENT_CT_DNAT}, RETURN);
	error |= chain_add(chain, {.kind = STATEMENT_DADDR_BYPASS}, RETURN);
	error |= chain_add(chain, {.kind = STATEMENT_DADDR_BYPASS6}, RETURN);
	return error;
}

/* Traffic to port 53 that dns-hijack takes: for each of its kinds one address family and one protocol. */
struct hijacked {
	bool ip6;
	bool tcp;
};

static size_t list_hijacked(const struct dns_hijack *hijack, struct hijacked *kinds)
{
	size_t count = 0;

	if (!hijack->enabled)
		return 0;
	for (int ip6 = 0; ip6 <= (hijack->has_ip6 ? 1 : 0); ip6++) {
		for (int tcp = 0; tcp <= (hijack->tcp ? 1 : 0); tcp++)
			kinds[count++] = (struct hijacked){.ip6 = ip6, .tcp = tcp};
	}
	return count;
}

enum { HIJACKED_MAX = 4 };

#define MATCH_HIJACKED(hijacked)                                                                                       \
	{.kind = STATEMENT_NFPROTO, .protocol = (hijacked).ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4},                         \
		{.kind = STATEMENT_L4PROTO, .protocol = (hijacked).tcp ? IPPROTO_TCP : IPPROTO_UDP},                   \
	{                                                                                                              \
		.kind = STATEMENT_DPORT, .port = DNS_PORT                                                              \
	}

static struct statement set_mark(const struct proxy *proxy)
{
	return (struct statement){.kind = STATEMENT_SET_MARK, .mark = {.value = proxy->mark, .mask = proxy->mask}};
}

/*
 * DNS that is hijacked is so even where no-udp or no-ipv6 lets its like go direct: to hijack it was asked for by name.
 * It is marked before those rules are reached.
 */
static int add_hijacked_marks(struct chain *chain, const struct proxy *proxy)
{
	struct hijacked kinds[HIJACKED_MAX];
	size_t count = list_hijacked(&proxy->dns_hijack, kinds);
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		bool goes_direct = (kinds[i].ip6 && proxy->no_ipv6) || (!kinds[i].tcp && proxy->no_udp);

		if (goes_direct)
			error |= chain_add(chain, MATCH_HIJACKED(kinds[i]),
					   {.kind = STATEMENT_COUNTER_NAME, .name = proxy->name}, set_mark(proxy),
					   RETURN);
	}
	return error;
}

/* NAME-MARK: what leaves a cgroup of this proxy gets the proxy's mark, and is routed anew because of it. */
static int add_mark_chain(struct ruleset *ruleset, const struct proxy *proxy)
{
	struct verdict verdict = verdict_goto(proxy->name, CHAIN_MARK_SUFFIX);
	struct chain *chain = ruleset_add_chain(ruleset, verdict.chain, HOOK_NONE);
	int error = 0;

	if (chain == NULL)
		return -1;
	error = add_exceptions(chain, proxy->dns_hijack.enabled);
	error |= add_hijacked_marks(chain, proxy);
	if (proxy->no_ipv6)
		error |= chain_add(chain, {.kind = STATEMENT_NFPROTO, .protocol = NFPROTO_IPV6}, RETURN);
	if (proxy->no_udp)
		error |= chain_add(chain, {.kind = STATEMENT_NOT_L4PROTO, .protocol = IPPROTO_TCP}, RETURN);
	else
		error |= chain_add(chain, {.kind = STATEMENT_NOT_TCP_OR_UDP}, RETURN);
	error |= chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = proxy->name},
			   {.kind = STATEMENT_SET_CT_STEERED}, set_mark(proxy));
	return error;
}

/* NAME: what came around to the loopback interface is handed to the proxy's socket. */
static int add_tproxy_chain(struct ruleset *ruleset, const struct proxy *proxy)
{
	struct chain *chain = ruleset_add_chain(ruleset, proxy->name, HOOK_NONE);

	if (chain == NULL)
		return -1;
	return chain_add(chain, {.kind = STATEMENT_TCP_OR_UDP}, {.kind = STATEMENT_TPROXY, .port = proxy->port});
}

static struct statement dnat_to(const struct dns_hijack *hijack, bool ip6)
{
	struct statement dnat = {.kind = ip6 ? STATEMENT_DNAT6 : STATEMENT_DNAT, .nat = {.port = hijack->port}};

	if (ip6)
		dnat.nat.ip6 = hijack->ip6;
	else
		dnat.nat.ip = hijack->ip;
	return dnat;
}

/* NAME-DNS: without the mark, the NAT hook routes the packet to where it sends it, not to the loopback interface. */
static int add_dns_chain(struct ruleset *ruleset, const struct proxy *proxy)
{
	struct verdict verdict = verdict_goto(proxy->name, "-DNS");
	struct chain *chain = ruleset_add_chain(ruleset, verdict.chain, HOOK_NONE);
	const struct statement clear_mark = {.kind = STATEMENT_SET_MARK, .mark = {.value = 0, .mask = proxy->mask}};
	struct hijacked kinds[HIJACKED_MAX];
	size_t count = list_hijacked(&proxy->dns_hijack, kinds);
	int error = 0;

	if (chain == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		error |= chain_add(chain, MATCH_HIJACKED(kinds[i]), clear_mark,
				   dnat_to(&proxy->dns_hijack, kinds[i].ip6));
	return error;
}

static int add_drop_chain(struct ruleset *ruleset)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_DROP, HOOK_NONE);
	int error = 0;

	if (chain == NULL)
		return -1;
	ruleset->counters[ruleset->counter_count++] = CHAIN_DROP;
	snprintf(ruleset->drop_chain, sizeof(ruleset->drop_chain), "%s", CHAIN_DROP);
	ruleset->targets[ruleset->target_count++] = verdict_goto(CHAIN_DROP, "");
	error = add_exceptions(chain, false);
	error |= chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_DROP},
			   {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_DROP}});
	return error;
}

/* A whole mark is looked up in a map; one that is only some bits has a rule of its own. */
static int add_dispatch(struct chain *chain, struct mark_map *map, const struct proxy *proxy, const char *suffix,
			bool from_loopback)
{
	struct verdict verdict = verdict_goto(proxy->name, suffix);
	const struct statement match = {.kind = STATEMENT_MARK, .mark = {proxy->mark, proxy->mask}};
	const struct statement go = {.kind = STATEMENT_VERDICT, .verdict = verdict};

	if (proxy->mask == UINT32_MAX)
		return mark_map_add(map, proxy->mark, &verdict);
	if (from_loopback)
		return chain_add(chain, {.kind = STATEMENT_IIF_LO}, match, go);
	return chain_add(chain, match, go);
}

static int add_base_chains(struct ruleset *ruleset, const struct config *config, bool hijacks)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_PREROUTING, HOOK_FILTER_PREROUTING_MANGLE);
	int error = 0;

	if (chain == NULL)
		return -1;
	if (chain_add(chain, {.kind = STATEMENT_IIF_LO}, {.kind = STATEMENT_MARK_VMAP}) < 0)
		return -1;
	about_write(ruleset->about, config->file, config->loaded);
	chain->rules[0].comment = ruleset->about;
	for (size_t i = 0; i < config->proxy_count; i++)
		error |= add_dispatch(chain, &ruleset->marks, &config->proxies[i], "", true);
	if (hijacks) {
		chain = ruleset_add_chain(ruleset, CHAIN_OUTPUT_NAT, HOOK_NAT_OUTPUT);
		if (chain == NULL)
			return -1;
		error |= chain_add(chain, {.kind = STATEMENT_MARK_DNS_VMAP});
	}
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			error |= add_dispatch(chain, &ruleset->dns_marks, &config->proxies[i], "-DNS", false);
	}
	if (ruleset_add_chain(ruleset, CHAIN_STEER, HOOK_NONE) == NULL ||
	    ruleset_add_chain(ruleset, CHAIN_OUTPUT_MANGLE, HOOK_ROUTE_OUTPUT_MANGLE) == NULL)
		return -1;
	return error;
}

static int add_proxy(struct ruleset *ruleset, const struct proxy *proxy)
{
	int error = add_mark_chain(ruleset, proxy);

	ruleset->targets[ruleset->target_count++] = verdict_goto(proxy->name, "-MARK");
	ruleset->counters[ruleset->counter_count++] = proxy->name;
	error |= add_tproxy_chain(ruleset, proxy);
	if (proxy->dns_hijack.enabled)
		error |= add_dns_chain(ruleset, proxy);
	return error;
}

struct ruleset *compile_ruleset(const struct config *config)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = calloc(1, sizeof(*ruleset));
	struct ruleset *compiled = NULL;
	bool hijacks = false;
	int error = 0;

	if (ruleset == NULL)
		return NULL;
	ruleset->table = TABLE_NAME;
	ruleset->strict = config->strict;
	ruleset->counters = calloc(1 + config->proxy_count, sizeof(*ruleset->counters));
	ruleset->targets = calloc(1 + config->proxy_count, sizeof(*ruleset->targets));
	if (ruleset->counters == NULL || ruleset->targets == NULL)
		return NULL;
	error = add_bypass(config, AF_INET, &ruleset->bypass) | add_bypass(config, AF_INET6, &ruleset->bypass6);
	error |= add_drop_chain(ruleset);
	for (size_t i = 0; i < config->proxy_count; i++) {
		error |= add_proxy(ruleset, &config->proxies[i]);
		hijacks |= config->proxies[i].dns_hijack.enabled;
	}
	ruleset->has_hijacks = hijacks;
	ruleset->has_proxies = config->proxy_count > 0;
	if (ruleset->has_proxies)
		ruleset->steered_mark = (struct mark){config->proxies[0].mark, config->proxies[0].mask};
	error |= add_base_chains(ruleset, config, hijacks);
	if (error != 0)
		return NULL;
	compiled = ruleset;
	ruleset = NULL;
	return compiled;
}
