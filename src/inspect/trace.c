/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/trace.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "inspect/gateway_match.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

/* A walk through chains. */
struct walk {
	const struct ruleset *ruleset;
	const struct packet *packet;
	struct trace *trace;
	bool is_marked; /* with a proxy's mark */
};

static int nfproto(const struct packet *packet)
{
	return packet->destination.to.family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

/* In an interval set, the last boundary at or before the address decides. */
static bool is_in(const struct set *set, const struct endpoint *address)
{
	bool found = false;

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		if (memcmp(set->elements[i].key, &address->ip6, address_size(address->family)) > 0)
			break;
		found = !(set->elements[i].flags & NFT_SET_ELEM_INTERVAL_END);
	}
	return found;
}

static bool is_multicast(const struct endpoint *address, int family)
{
	if (address->family != family)
		return false;
	return family == AF_INET ? IN_MULTICAST(ntohl(address->ip.s_addr)) : IN6_IS_ADDR_MULTICAST(&address->ip6);
}

static bool is_tcp_or_udp(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Returns the verdict of a map, or NULL. In an interval map, the last boundary at or before the key decides. */
static const struct verdict *find_verdict(const struct set *map, const void *key)
{
	const size_t size = map != NULL ? set_definition(map->type)->key_size : 0;
	const struct verdict *found = NULL;

	for (size_t i = 0; map != NULL && i < map->count; i++) {
		const int order = memcmp(map->elements[i].key, key, size);

		if (order > 0)
			break;
		if (set_has_intervals(map->type) || order == 0)
			found = map->elements[i].flags & NFT_SET_ELEM_INTERVAL_END ? NULL : map->elements[i].verdict;
	}
	return found;
}

/* Returns the verdict that a lookup by the sender has for the packet, or NULL. */
static const struct verdict *look_up(const struct walk *walk, const struct statement *statement)
{
	const struct sender *sender = walk->packet->sender;
	const struct set *map = ruleset_find_set(walk->ruleset, statement->name);

	if (sender == NULL)
		return NULL;
	switch (statement->kind) {
	case STATEMENT_IIFNAME_VMAP:
		return sender->interface[0] != '\0' ? find_verdict(map, sender->interface) : NULL;
	case STATEMENT_SADDR_VMAP:
		return sender->source.family == AF_INET ? find_verdict(map, &sender->source.ip) : NULL;
	case STATEMENT_SADDR6_VMAP:
		return sender->source.family == AF_INET6 ? find_verdict(map, &sender->source.ip6) : NULL;
	case STATEMENT_MAC_VMAP:
		return sender->has_mac ? find_verdict(map, sender->mac) : NULL;
	default:
		return NULL;
	}
}

/* Whether a condition holds for the first packet of a flow; actions always do. */
static bool holds(const struct walk *walk, const struct statement *statement)
{
	const struct destination *destination = &walk->packet->destination;
	const uint8_t protocol = destination->protocol;

	switch (statement->kind) {
	case STATEMENT_CT_REPLY:
	case STATEMENT_CT_LABEL:
	case STATEMENT_CT_DNAT:
	case STATEMENT_CT_ESTABLISHED:
	case STATEMENT_CT_INVALID:
	case STATEMENT_CT_RELATED:
	case STATEMENT_SADDR_FOREIGN:
	case STATEMENT_IIF_VMAP:
	case STATEMENT_IIF_SADDR_VMAP:
	case STATEMENT_IIF_SADDR6_VMAP:
	case STATEMENT_OIF_DADDR_IN:
	case STATEMENT_OIF_DADDR6_IN:
	case STATEMENT_IIF_VETH:
		return false;
	case STATEMENT_IIFNAME_VMAP:
	case STATEMENT_SADDR_VMAP:
	case STATEMENT_SADDR6_VMAP:
	case STATEMENT_MAC_VMAP:
		return look_up(walk, statement) != NULL;
	case STATEMENT_IIF_LO:
		return walk->packet->sender == NULL;
	case STATEMENT_DADDR_LOCAL:
		return destination->type == ADDRESS_LOCAL;
	case STATEMENT_DADDR_TO_US:
		return destination->type != ADDRESS_REMOTE && destination->type != ADDRESS_UNREACHABLE;
	case STATEMENT_DADDR_BROADCAST:
		return destination->type == ADDRESS_BROADCAST;
	case STATEMENT_DADDR_MULTICAST:
		return is_multicast(&destination->to, AF_INET);
	case STATEMENT_DADDR_MULTICAST6:
		return is_multicast(&destination->to, AF_INET6);
	case STATEMENT_DADDR_LINK_LOCAL:
		return destination->to.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&destination->to.ip6);
	case STATEMENT_DADDR_IN:
		return destination->to.family == AF_INET &&
		       is_in(ruleset_find_set(walk->ruleset, statement->name), &destination->to);
	case STATEMENT_DADDR6_IN:
		return destination->to.family == AF_INET6 &&
		       is_in(ruleset_find_set(walk->ruleset, statement->name), &destination->to);
	case STATEMENT_NFPROTO:
		return statement->protocol == nfproto(walk->packet);
	case STATEMENT_L4PROTO:
		return protocol == statement->protocol;
	case STATEMENT_NOT_L4PROTO:
		return protocol != statement->protocol;
	case STATEMENT_TCP_OR_UDP:
		return is_tcp_or_udp(protocol);
	case STATEMENT_NOT_TCP_OR_UDP:
		return !is_tcp_or_udp(protocol);
	case STATEMENT_DPORT:
		return destination->to.port == statement->port;
	case STATEMENT_CGROUP_VMAP:
	case STATEMENT_CGROUP_IN:
	case STATEMENT_IN_CGROUP:
	case STATEMENT_CT_UNCONFIRMED:
	case STATEMENT_CT_ORIGINAL:
	case STATEMENT_CT_NO_LABEL:
	case STATEMENT_DADDR:
	case STATEMENT_DADDR6:
	case STATEMENT_IIF_ANY:
	case STATEMENT_IIF_NONE:
	case STATEMENT_OIF_LO:
	case STATEMENT_MARK:
	case STATEMENT_MARKED:
	case STATEMENT_MARK_VMAP:
	case STATEMENT_COUNTER_NAME:
	case STATEMENT_SET_MARK:
	case STATEMENT_SET_CT_LABEL:
	case STATEMENT_DNAT:
	case STATEMENT_DNAT6:
	case STATEMENT_REDIRECT:
	case STATEMENT_TPROXY:
	case STATEMENT_TPROXY_IP:
	case STATEMENT_TPROXY_IP6:
	case STATEMENT_REJECT:
	case STATEMENT_REJECT_RESET:
	case STATEMENT_VERDICT:
		return true;
	}
	return true;
}

/* What a condition that holds says about the reason; the last one of a rule that says something counts. */
static enum trace_reason reason_of(const struct statement *statement, uint8_t protocol, enum trace_reason reason)
{
	static const enum trace_reason reasons[] = {
		[STATEMENT_DADDR_IN] = REASON_BYPASS,
		[STATEMENT_DADDR6_IN] = REASON_BYPASS,
		[STATEMENT_DADDR_LOCAL] = REASON_LOCAL,
		[STATEMENT_DADDR_BROADCAST] = REASON_BROADCAST,
		[STATEMENT_DADDR_TO_US] = REASON_NOT_FORWARDED,
		[STATEMENT_DADDR_LINK_LOCAL] = REASON_NOT_FORWARDED,
		[STATEMENT_DADDR_MULTICAST] = REASON_MULTICAST,
		[STATEMENT_DADDR_MULTICAST6] = REASON_MULTICAST,
		[STATEMENT_NFPROTO] = REASON_IPV6,
		[STATEMENT_NOT_TCP_OR_UDP] = REASON_OTHER,
		[STATEMENT_DPORT] = REASON_HIJACK,
		[STATEMENT_VERDICT] = REASON_TARGET,
	};

	if (statement->kind == STATEMENT_L4PROTO || statement->kind == STATEMENT_NOT_L4PROTO)
		return protocol == IPPROTO_UDP ? REASON_UDP : REASON_OTHER;
	return reasons[statement->kind] != REASON_TARGET ? reasons[statement->kind] : reason;
}

static bool matches(const struct walk *walk, const struct rule *rule, enum trace_reason *reason)
{
	*reason = REASON_TARGET;
	for (size_t i = 0; i < rule->count; i++) {
		if (!holds(walk, &rule->statements[i]))
			return false;
		*reason = reason_of(&rule->statements[i], walk->packet->destination.protocol, *reason);
	}
	return true;
}

static const struct statement *find_statement(const struct rule *rule, enum statement_kind kind)
{
	for (size_t i = 0; i < rule->count; i++) {
		if (rule->statements[i].kind == kind)
			return &rule->statements[i];
	}
	return NULL;
}

/* Returns the verdict of a rule that the packet matches, or NULL. */
static const struct verdict *verdict_of(const struct walk *walk, const struct rule *rule)
{
	const struct statement *statement = find_statement(rule, STATEMENT_VERDICT);

	if (statement != NULL)
		return &statement->verdict;
	for (size_t i = 0; i < rule->count; i++) {
		if (look_up(walk, &rule->statements[i]) != NULL)
			return look_up(walk, &rule->statements[i]);
	}
	return NULL;
}

static bool rejects(const struct rule *rule)
{
	return find_statement(rule, STATEMENT_REJECT) != NULL || find_statement(rule, STATEMENT_REJECT_RESET) != NULL;
}

static void end_with(struct walk *walk, enum trace_outcome outcome, enum trace_reason reason)
{
	walk->trace->outcome = outcome;
	walk->trace->reason = reason;
}

/* Returns the first rule of a chain from the index on that the packet matches, or NULL. */
static const struct rule *next_match(const struct walk *walk, const struct chain *chain, size_t *at,
				     enum trace_reason *reason)
{
	while (*at < chain->count) {
		const struct rule *rule = &chain->rules[(*at)++];

		if (matches(walk, rule, reason))
			return rule;
	}
	return NULL;
}

/* @reached_for: why another chain led here, which remains the reason */
static void follow(struct walk *walk, const struct chain *chain, enum trace_reason reached_for)
{
	enum trace_reason reason = REASON_TARGET;
	const struct rule *rule = NULL;
	size_t at = 0;

	while (chain != NULL && (rule = next_match(walk, chain, &at, &reason)) != NULL) {
		const struct verdict *verdict = verdict_of(walk, rule);
		const enum trace_reason why = reached_for != REASON_TARGET ? reached_for : reason;

		walk->is_marked = walk->is_marked || find_statement(rule, STATEMENT_SET_MARK) != NULL;
		if (walk->is_marked) {
			end_with(walk, reason == REASON_HIJACK ? TRACE_HIJACK : TRACE_PROXY, reason);
			return;
		}
		if (rejects(rule)) {
			end_with(walk, TRACE_REFUSE, reached_for);
			return;
		}
		if (verdict != NULL && verdict->kind == VERDICT_DROP) {
			end_with(walk, TRACE_DROP, why);
			return;
		}
		if (verdict != NULL && verdict->kind == VERDICT_RETURN) {
			end_with(walk, TRACE_DIRECT, why);
			return;
		}
		if (verdict != NULL && verdict->kind == VERDICT_GOTO) {
			follow(walk, ruleset_find_chain(walk->ruleset, verdict->chain), why);
			return;
		}
	}
	end_with(walk, TRACE_DIRECT, reached_for);
}

/* The statement of a kind that the packet reaches in one of the proxy's other chains, or NULL. */
static const struct statement *find_in_chain(const struct walk *walk, const char *prefix, enum statement_kind kind)
{
	const struct chain *chain = ruleset_find_chain(walk->ruleset, chain_verdict(prefix, walk->trace->proxy).chain);
	enum trace_reason reason = REASON_TARGET;
	const struct rule *rule = NULL;
	size_t at = 0;

	while (chain != NULL && (rule = next_match(walk, chain, &at, &reason)) != NULL) {
		if (find_statement(rule, kind) != NULL)
			return find_statement(rule, kind);
	}
	return NULL;
}

static void note_server(struct trace *trace, const struct statement *dnat, bool ip6)
{
	trace->server = (struct endpoint){.family = ip6 ? AF_INET6 : AF_INET, .port = dnat->to.port};
	if (ip6)
		trace->server.ip6 = dnat->to.ip6;
	else
		trace->server.ip = dnat->to.ip;
}

static void find_server(const struct walk *walk)
{
	const bool ip6 = walk->packet->destination.to.family == AF_INET6;
	struct endpoint *server = &walk->trace->server;
	const struct statement *statement = NULL;

	if (walk->trace->outcome == TRACE_PROXY) {
		statement = find_in_chain(walk, CHAIN_TPROXY_PREFIX, STATEMENT_TPROXY);
		server->port = statement != NULL ? statement->port : 0;
	}
	if (walk->trace->outcome != TRACE_HIJACK)
		return;
	statement = find_in_chain(walk, CHAIN_DNS_PREFIX, ip6 ? STATEMENT_DNAT6 : STATEMENT_DNAT);
	if (statement != NULL)
		note_server(walk->trace, statement, ip6);
}

static void find_bypass(const struct config *config, struct trace *trace)
{
	for (size_t i = 0; i < config->bypass_count && trace->bypass.family == 0; i++) {
		if (network_contains(&config->bypass[i], &trace->packet.destination.to))
			trace->bypass = config->bypass[i];
	}
}

static bool is_bypassed(const struct walk *walk)
{
	const struct endpoint *address = &walk->packet->destination.to;

	return is_in(ruleset_find_set(walk->ruleset, address->family == AF_INET ? SET_BYPASS : SET_BYPASS6), address);
}

/* The chain that packets of a target go to, or NULL if the ruleset has no such target. */
static const struct chain *chain_of(const struct ruleset *ruleset, const char *target)
{
	if (strcmp(target, "drop") == 0)
		return ruleset_find_chain(ruleset, CHAIN_DROP);
	if (strcmp(target, "refuse") == 0)
		return ruleset_find_chain(ruleset, CHAIN_REFUSE);
	return ruleset_find_chain(ruleset, chain_verdict(CHAIN_PROXY_PREFIX, target).chain);
}

bool trace_packet(const struct ruleset *ruleset, const struct config *config, const char *target, struct trace *trace)
{
	struct walk walk = {ruleset, &trace->packet, trace, false};
	const struct chain *chain = NULL;

	*trace = (struct trace){.packet = trace->packet};
	if (strcmp(target, "direct") == 0)
		return true;
	chain = chain_of(ruleset, target);
	/* the bypass sets come first in every chain */
	if (chain == NULL && is_bypassed(&walk)) {
		end_with(&walk, TRACE_DIRECT, REASON_BYPASS);
		find_bypass(config, trace);
		return true;
	}
	if (chain == NULL)
		return false;
	if (strncmp(chain->name, CHAIN_PROXY_PREFIX, strlen(CHAIN_PROXY_PREFIX)) == 0)
		snprintf(trace->proxy, sizeof(trace->proxy), "%s", target);
	follow(&walk, chain, REASON_TARGET);
	find_server(&walk);
	if (trace->reason == REASON_BYPASS)
		find_bypass(config, trace);
	return true;
}

/* Returns the first verdict that a base chain has for the packet of another host, or NULL: none. */
static const struct verdict *first_verdict(const struct walk *walk, const char *base)
{
	const struct chain *chain = ruleset_find_chain(walk->ruleset, base);
	enum trace_reason reason = REASON_TARGET;
	const struct rule *rule = NULL;
	size_t at = 0;

	while (chain != NULL && (rule = next_match(walk, chain, &at, &reason)) != NULL) {
		if (verdict_of(walk, rule) != NULL)
			return verdict_of(walk, rule);
	}
	return NULL;
}

static const char *target_of(const struct verdict *verdict)
{
	if (verdict == NULL || verdict->kind != VERDICT_GOTO)
		return "direct";
	if (strcmp(verdict->chain, CHAIN_GATEWAY_DROP) == 0)
		return "drop";
	if (strcmp(verdict->chain, CHAIN_GATEWAY_REFUSE) == 0)
		return "refuse";
	return verdict->chain + strlen(CHAIN_GATEWAY_PREFIX);
}

void trace_sender(const struct ruleset *ruleset, const struct sender *sender, char target[NFT_NAME_SIZE])
{
	const struct packet packet = {.destination.to.family = sender->source.family, .sender = sender};
	const struct walk walk = {.ruleset = ruleset, .packet = &packet};

	snprintf(target, NFT_NAME_SIZE, "%s", target_of(first_verdict(&walk, CHAIN_PREROUTING)));
}

/* Whether the NAT hook, which comes first, redirects the packet to a name server. */
static bool is_redirected(struct walk *walk)
{
	const struct verdict *verdict = first_verdict(walk, CHAIN_PREROUTING_NAT);
	const struct chain *chain = verdict != NULL && verdict->kind == VERDICT_GOTO
					    ? ruleset_find_chain(walk->ruleset, verdict->chain)
					    : NULL;
	const bool ip6 = walk->packet->destination.to.family == AF_INET6;
	enum trace_reason reason = REASON_TARGET;
	size_t at = 0;
	const struct rule *rule = chain != NULL ? next_match(walk, chain, &at, &reason) : NULL;
	const struct statement *dnat =
		rule != NULL ? find_statement(rule, ip6 ? STATEMENT_DNAT6 : STATEMENT_DNAT) : NULL;
	const struct statement *redirect = rule != NULL ? find_statement(rule, STATEMENT_REDIRECT) : NULL;

	if (dnat == NULL && redirect == NULL)
		return false;
	end_with(walk, TRACE_HIJACK, REASON_HIJACK);
	if (dnat != NULL)
		note_server(walk->trace, dnat, ip6);
	else
		walk->trace->server.port = redirect->port;
	return true;
}

void trace_forwarded(const struct ruleset *ruleset, const struct config *config, struct trace *trace)
{
	struct walk walk = {ruleset, &trace->packet, trace, false};
	const struct verdict *verdict = NULL;

	*trace = (struct trace){.packet = trace->packet};
	verdict = first_verdict(&walk, CHAIN_PREROUTING);
	if (verdict == NULL || verdict->kind != VERDICT_GOTO)
		return;
	if (strncmp(verdict->chain, CHAIN_GATEWAY_PREFIX, strlen(CHAIN_GATEWAY_PREFIX)) == 0)
		snprintf(trace->proxy, sizeof(trace->proxy), "%s", target_of(verdict));
	if (is_redirected(&walk))
		return;
	follow(&walk, ruleset_find_chain(ruleset, verdict->chain), REASON_TARGET);
	find_server(&walk);
	if (trace->reason == REASON_BYPASS)
		find_bypass(config, trace);
}
