/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/trace.h"

#include "engine/chains.h"
#include "engine/names.h"
#include "inspect/gateway_match.h"
#include "inspect/trace_match.h"

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
		[STATEMENT_OIF_DADDR_IN] = REASON_CONTAINER,
		[STATEMENT_OIF_DADDR6_IN] = REASON_CONTAINER,
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
		if (!match_holds(walk->ruleset, walk->packet, &rule->statements[i]))
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
		if (match_sender(walk->ruleset, walk->packet, &rule->statements[i]) != NULL)
			return match_sender(walk->ruleset, walk->packet, &rule->statements[i]);
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
			/* what goes to a relay, and not elsewhere, has the labels of what goes to a proxy */
			end_with(walk,
				 reason == REASON_HIJACK && find_statement(rule, STATEMENT_SET_CT_LABEL) == NULL
					 ? TRACE_HIJACK
					 : TRACE_PROXY,
				 reason);
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

static void note_relay_dns(const struct config *config, struct trace *trace)
{
	const struct proxy *proxy = config_find_proxy(config, trace->proxy);

	if (trace->outcome == TRACE_PROXY && trace->reason == REASON_HIJACK && proxy != NULL)
		trace->dns = proxy->relay.dns;
}

/* Wherever the packet goes: other programs' connections to such an address fail. */
static void note_fake_address(const struct config *config, struct trace *trace)
{
	const struct network ip = FAKE_NETWORK_IP;
	const struct network ip6 = FAKE_NETWORK_IP6;
	const struct endpoint *to = &trace->packet.destination.to;

	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].relay.dns.kind == RELAY_DNS_FAKE_IP)
			trace->is_fake = network_contains(&ip, to) || network_contains(&ip6, to);
	}
}

static bool is_bypassed(const struct walk *walk)
{
	const struct endpoint *address = &walk->packet->destination.to;

	return match_is_in(ruleset_find_set(walk->ruleset, address->family == AF_INET ? SET_BYPASS : SET_BYPASS6),
			   address);
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
	note_fake_address(config, trace);
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
	note_relay_dns(config, trace);
	if (trace->reason == REASON_BYPASS)
		find_bypass(config, trace);
	return true;
}

/* Returns the chain that a verdict leads to for more lookups of the target, or NULL. */
static const struct chain *further_lookups(const struct walk *walk, const struct verdict *verdict)
{
	static const char *const names[] = {CHAIN_GATEWAY_RULES, CHAIN_CONTAINER_BRIDGE, CHAIN_REDIRECT_RULES,
					    CHAIN_HIJACK_BRIDGE};

	for (size_t i = 0; verdict->kind == VERDICT_GOTO && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(verdict->chain, names[i]) == 0)
			return ruleset_find_chain(walk->ruleset, names[i]);
	}
	return NULL;
}

static bool looks_up_containers(const struct rule *rule)
{
	return find_statement(rule, STATEMENT_IIF_VMAP) != NULL ||
	       find_statement(rule, STATEMENT_IIF_SADDR_VMAP) != NULL ||
	       find_statement(rule, STATEMENT_IIF_SADDR6_VMAP) != NULL;
}

/*
 * Returns the first verdict that a base chain has for the packet of another host, or NULL: none.
 *
 * @is_container: set to whether that is a container's, or NULL
 */
static const struct verdict *first_verdict(const struct walk *walk, const char *base, bool *is_container)
{
	const struct chain *chain = ruleset_find_chain(walk->ruleset, base);
	enum trace_reason reason = REASON_TARGET;
	const struct rule *rule = NULL;
	size_t at = 0;

	while (chain != NULL && (rule = next_match(walk, chain, &at, &reason)) != NULL) {
		const struct verdict *verdict = verdict_of(walk, rule);

		if (verdict == NULL)
			continue;
		if (further_lookups(walk, verdict) == NULL) {
			if (is_container != NULL)
				*is_container = looks_up_containers(rule);
			return verdict;
		}
		chain = further_lookups(walk, verdict);
		at = 0;
	}
	return NULL;
}

/* The proxy that a chain for forwarded packets is for, or NULL. */
static const char *proxy_of(const struct verdict *verdict)
{
	static const char *const prefixes[] = {CHAIN_GATEWAY_PREFIX, CHAIN_CONTAINER_PREFIX};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(verdict->chain, prefixes[i], strlen(prefixes[i])) == 0)
			return verdict->chain + strlen(prefixes[i]);
	}
	return NULL;
}

static const char *target_of(const struct verdict *verdict)
{
	if (verdict == NULL || verdict->kind != VERDICT_GOTO)
		return "direct";
	if (strcmp(verdict->chain, CHAIN_GATEWAY_DROP) == 0 || strcmp(verdict->chain, CHAIN_CONTAINER_DROP) == 0)
		return "drop";
	if (strcmp(verdict->chain, CHAIN_GATEWAY_REFUSE) == 0 || strcmp(verdict->chain, CHAIN_CONTAINER_REFUSE) == 0)
		return "refuse";
	return proxy_of(verdict) != NULL ? proxy_of(verdict) : verdict->chain;
}

bool trace_sender(const struct ruleset *ruleset, const struct sender *sender, char target[NFT_NAME_SIZE])
{
	const struct packet packet = {.destination.to.family = sender->source.family, .sender = sender};
	const struct walk walk = {.ruleset = ruleset, .packet = &packet};

	bool is_container = false;

	snprintf(target, NFT_NAME_SIZE, "%s", target_of(first_verdict(&walk, CHAIN_PREROUTING, &is_container)));
	return is_container;
}

/* Whether the NAT hook, which comes first, redirects the packet to a name server. */
static bool is_redirected(struct walk *walk)
{
	const struct verdict *verdict = first_verdict(walk, CHAIN_PREROUTING_NAT, NULL);
	const bool ip6 = walk->packet->destination.to.family == AF_INET6;
	const struct rule *rule = NULL;
	const struct statement *dnat = NULL;
	const struct statement *redirect = NULL;

	while (verdict != NULL && verdict->kind == VERDICT_GOTO) {
		const struct chain *chain = ruleset_find_chain(walk->ruleset, verdict->chain);
		enum trace_reason reason = REASON_TARGET;
		size_t at = 0;

		rule = chain != NULL ? next_match(walk, chain, &at, &reason) : NULL;
		verdict = rule != NULL ? verdict_of(walk, rule) : NULL;
	}
	dnat = rule != NULL ? find_statement(rule, ip6 ? STATEMENT_DNAT6 : STATEMENT_DNAT) : NULL;
	redirect = rule != NULL ? find_statement(rule, STATEMENT_REDIRECT) : NULL;
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
	note_fake_address(config, trace);
	verdict = first_verdict(&walk, CHAIN_PREROUTING, NULL);
	if (verdict == NULL || verdict->kind != VERDICT_GOTO)
		return;
	if (proxy_of(verdict) != NULL)
		snprintf(trace->proxy, sizeof(trace->proxy), "%s", proxy_of(verdict));
	if (is_redirected(&walk))
		return;
	follow(&walk, ruleset_find_chain(ruleset, verdict->chain), REASON_TARGET);
	find_server(&walk);
	note_relay_dns(config, trace);
	if (trace->reason == REASON_BYPASS)
		find_bypass(config, trace);
}
