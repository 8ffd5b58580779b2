/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/gateway.h"

#include "engine/chains.h"
#include "engine/gateway_lookups.h"
#include "engine/names.h"
#include "engine/parts.h"

#include <errno.h>
#include <string.h>

struct verdict gateway_verdict(const struct config *config, uint32_t target)
{
	return chain_of_target(config, target, CHAIN_GATEWAY_DROP, CHAIN_GATEWAY_REFUSE, CHAIN_GATEWAY_PREFIX);
}

static const struct statement elsewhere = {.kind = STATEMENT_SADDR_ELSEWHERE};
static const struct statement drop = {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_DROP}};

/* Packets to this host are not forwarded, nor are those to groups. */
static int add_destinations(struct chain *chain)
{
	int error = part_add_bypass(chain);

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_DADDR_TO_US}, RETURN);
	return error == 0 ? chain_add(chain, {.kind = STATEMENT_DADDR_LINK_LOCAL}, RETURN) : error;
}

int gateway_add_false_beginnings(struct chain *chain)
{
	return chain_add(chain, {.kind = STATEMENT_CT_UNCONFIRMED}, elsewhere,
			 {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_GATEWAY});
}

static int drop_established(struct chain *chain, enum statement_kind direction, struct statement source)
{
	return chain_add(chain, {.kind = STATEMENT_CT_ESTABLISHED}, {.kind = direction},
			 {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_GATEWAY},
			 {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN}, source,
			 {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_GATEWAY_DROP}, drop);
}

/*
 * Packets in a flow of another device or of this host. With several uplinks, an answer from outside may arrive where
 * the route to its source does not lead, so only this host's own addresses tell of a reply that it is forged.
 */
static int drop_forged(struct chain *chain)
{
	int error = drop_established(chain, STATEMENT_CT_ORIGINAL, elsewhere);

	return error == 0
		       ? drop_established(chain, STATEMENT_CT_REPLY, (struct statement){.kind = STATEMENT_SADDR_LOCAL})
		       : error;
}

/* They may be for a name server on this host, too. */
static int add_relay_dns(struct chain *chain, const struct proxy *proxy)
{
	const struct verdict questions = chain_verdict(CHAIN_QUESTIONS_PREFIX, proxy->name);
	int error = 0;

	for (int i = 0; i <= 1 && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_CT_ORIGINAL}, MATCH_QUESTIONS(i),
				  statement_goto(questions.chain));
	return error;
}

/*
 * What is not the gateway's. Answers are not, but for two kinds of flows whose answers don't come from outside: those
 * that began here from a foreign address, like a proxy's that speaks first, and steered ones, which a proxy answers.
 * An ICMP error is no answer. Other programs redirect to published ports.
 *
 * @proxy: whose chain it is, or NULL
 */
static int add_exceptions(struct chain *chain, const struct proxy *proxy)
{
	int error = gateway_add_false_beginnings(chain);

	if (error == 0 && proxy != NULL && proxy->relay.dns.kind != RELAY_DNS_OFF)
		error = add_relay_dns(chain, proxy);
	if (error == 0 && proxy != NULL && proxy->dns_hijack.enabled)
		error = chain_add(chain, {.kind = STATEMENT_CT_ORIGINAL},
				  {.kind = STATEMENT_CT_LABEL, .label = LABEL_HIJACKED}, RETURN);
	if (error == 0)
		error = add_destinations(chain);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_CT_ORIGINAL}, {.kind = STATEMENT_CT_DNAT},
				  {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_HIJACKED}, RETURN);
	if (error == 0)
		error = drop_forged(chain);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_CT_REPLY}, {.kind = STATEMENT_CT_ESTABLISHED},
				  {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN},
				  {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_GATEWAY}, RETURN);
	return error == 0 ? chain_add(chain, {.kind = STATEMENT_CT_DNAT},
				      {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_HIJACKED}, RETURN)
			  : error;
}

/* A refusal quotes what it refuses: it must not be a way to whoever is named as the sender. */
static int add_rejects(struct chain *chain)
{
	int error = chain_add(chain, {.kind = STATEMENT_NOT_L4PROTO, .protocol = IPPROTO_TCP}, elsewhere, drop);

	return error == 0 ? part_add_rejects(chain) : error;
}

/* A chain that drops or rejects, and its counter. NULL if out of memory. */
static struct chain *add_end(struct ruleset *ruleset, const char *name)
{
	struct chain *chain = ruleset_add_chain(ruleset, name, HOOK_NONE);

	if (chain == NULL || ruleset_add_counter(ruleset, name) < 0 || add_exceptions(chain, NULL) < 0)
		return NULL;
	return chain;
}

static int add_drop(struct ruleset *ruleset)
{
	struct chain *chain = add_end(ruleset, CHAIN_GATEWAY_DROP);

	if (chain == NULL)
		return -ENOMEM;
	return chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_GATEWAY_DROP}, drop);
}

/*
 * Packets that conntrack can't make sense of may be late or duplicate ones of an answer from a server behind this host,
 * whose connection would be reset if they were answered.
 */
static int drop_invalid(struct chain *chain)
{
	return chain_add(chain, {.kind = STATEMENT_CT_INVALID}, statement_goto(CHAIN_GATEWAY_DROP));
}

static int add_refuse(struct ruleset *ruleset)
{
	struct chain *chain = add_end(ruleset, CHAIN_GATEWAY_REFUSE);
	int error = chain != NULL ? drop_invalid(chain) : -ENOMEM;

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_GATEWAY_REFUSE});
	return error == 0 ? add_rejects(chain) : error;
}

static struct statement set_mark(const struct config *config)
{
	return (struct statement){.kind = STATEMENT_SET_MARK, .mark = config->gateway.mark};
}

/*
 * ICMP errors about what a proxy sends to a client are for the proxy's socket, which learns from them that its packets
 * are too large for a link on the way. Those about other flows are like any other protocol: they quote what they like.
 */
static int add_icmp_errors(struct chain *chain, const struct config *config)
{
	static const uint8_t protocols[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};
	static const unsigned labels[] = {LABEL_GATEWAY, LABEL_FOREIGN};
	int error = 0;

	for (size_t i = 0; i < sizeof(protocols) * 2 && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_CT_RELATED},
				  {.kind = STATEMENT_L4PROTO, .protocol = protocols[i / 2]},
				  {.kind = STATEMENT_CT_LABEL, .label = labels[i % 2]}, set_mark(config),
				  {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_ACCEPT}});
	return error;
}

/* Connections that were open before they could be steered would break. */
static int add_open_flows(struct chain *chain)
{
	return chain_add(chain, {.kind = STATEMENT_CT_ESTABLISHED},
			 {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_GATEWAY},
			 {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN}, RETURN);
}

/*
 * The proxy may listen at the loopback address, at any, or at that of the interface on which the packet has arrived.
 * Without a mark, what no socket takes would be forwarded.
 */
static int add_tproxies(struct chain *chain, uint16_t port)
{
	const struct statement targets[] = {
		{.kind = STATEMENT_TPROXY_IP, .to = {.ip = {htonl(INADDR_LOOPBACK)}, .port = port}},
		{.kind = STATEMENT_TPROXY_IP6, .to = {.ip6 = IN6ADDR_LOOPBACK_INIT, .port = port}},
		{.kind = STATEMENT_TPROXY, .port = port},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]) && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_TCP_OR_UDP}, targets[i],
				  {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_ACCEPT}});
	return error == 0 ? add_rejects(chain) : error;
}

/* The last rules of a chain for a proxy. */
static int add_steering(struct chain *chain, const struct config *config, const struct proxy *proxy)
{
	const struct verdict name = chain_verdict(CHAIN_GATEWAY_PREFIX, proxy->name);
	int error = chain_add(chain, statement_about(STATEMENT_COUNTER_NAME, name.chain),
			      {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_GATEWAY}, set_mark(config));

	return error == 0 ? add_tproxies(chain, proxy->port) : error;
}

/* questions-NAME: the questions for names that a relay answers. */
static int add_questions(struct ruleset *ruleset, const struct config *config, const struct proxy *proxy)
{
	struct chain *chain =
		ruleset_add_chain(ruleset, chain_verdict(CHAIN_QUESTIONS_PREFIX, proxy->name).chain, HOOK_NONE);

	return chain != NULL ? add_steering(chain, config, proxy) : -ENOMEM;
}

/* gateway-NAME: what is forwarded for others is handed to the proxy's socket. */
static int add_proxy(struct ruleset *ruleset, const struct config *config, const struct proxy *proxy)
{
	const struct verdict name = chain_verdict(CHAIN_GATEWAY_PREFIX, proxy->name);
	int error = proxy->relay.dns.kind != RELAY_DNS_OFF ? add_questions(ruleset, config, proxy) : 0;
	struct chain *chain = ruleset_add_chain(ruleset, name.chain, HOOK_NONE);

	if (chain == NULL)
		return -ENOMEM;
	if (error == 0)
		error = add_exceptions(chain, proxy);
	if (error == 0)
		error = add_icmp_errors(chain, config);
	if (error == 0 && !config->gateway.strict)
		error = add_open_flows(chain);
	if (error == 0)
		error = part_add_refusals(chain, proxy, CHAIN_GATEWAY_REFUSE, false);
	if (error == 0)
		error = part_add_exclusions(chain, proxy);
	if (error == 0)
		error = drop_invalid(chain);
	if (error == 0)
		error = add_steering(chain, config, proxy);
	return error == 0 ? ruleset_add_counter(ruleset, name.chain) : error;
}

int gateway_add_targets(struct ruleset *ruleset, const struct config *config)
{
	int error = add_drop(ruleset);

	if (error == 0)
		error = add_refuse(ruleset);
	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = add_proxy(ruleset, config, &config->proxies[i]);
	return error;
}

int gateway_write_rules(struct ruleset *ruleset, struct chain *chain, const struct config *config, bool refuses)
{
	const struct gateway_lookups lookups = {config, gateway_verdict, CHAIN_GATEWAY_PREFIX, refuses};
	int result = gateway_write_lookups(&lookups, ruleset, chain);

	if (result == 0 && refuses)
		result = chain_add(chain, statement_goto(CHAIN_GATEWAY_REFUSE));
	return result < 0 ? result : 0;
}

/* Whether any rule leads to a target. */
static bool has_target(const struct config *config, uint32_t target)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		if (config->gateway.rules[i].target == target)
			return true;
	}
	for (size_t i = 0; i < config->rule_count && config->containers; i++) {
		if (config->rules[i].target == target)
			return true;
	}
	return false;
}

bool gateway_has_redirect(const struct config *config, uint32_t target)
{
	return target >= TARGET_FIRST_PROXY && config->proxies[target - TARGET_FIRST_PROXY].dns_hijack.enabled &&
	       has_target(config, target);
}

bool gateway_has_redirects(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (gateway_has_redirect(config, (uint32_t)(TARGET_FIRST_PROXY + i)))
			return true;
	}
	return false;
}

struct verdict gateway_redirect_verdict(const struct config *config, uint32_t target)
{
	if (!gateway_has_redirect(config, target))
		return (struct verdict){.kind = VERDICT_RETURN};
	return chain_verdict(CHAIN_REDIRECT_PREFIX, config->proxies[target - TARGET_FIRST_PROXY].name);
}

/*
 * redirect-NAME: a name server at the loopback address can't be reached from another interface, so the query goes to
 * this host's address on that interface, with the same port.
 */
static int add_redirect(struct ruleset *ruleset, const struct proxy *proxy)
{
	const struct dns_hijack *hijack = &proxy->dns_hijack;
	struct chain *chain =
		ruleset_add_chain(ruleset, chain_verdict(CHAIN_REDIRECT_PREFIX, proxy->name).chain, HOOK_NONE);
	struct hijacked kinds[HIJACKED_MAX];
	size_t count = part_list_hijacked(hijack, kinds);
	int error = chain != NULL ? part_add_bypass(chain) : -ENOMEM;

	for (size_t i = 0; i < count && error == 0; i++) {
		const struct statement to_this_host = {.kind = STATEMENT_REDIRECT, .port = hijack->port};
		const bool is_loopback = part_is_loopback(hijack, kinds[i].ip6);

		error = chain_add(chain, MATCH_HIJACKED(kinds[i]),
				  {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_HIJACKED},
				  is_loopback ? to_this_host : part_dnat(hijack, kinds[i].ip6));
	}
	return error;
}

int gateway_add_redirects(struct ruleset *ruleset, const struct config *config)
{
	int error = 0;

	for (size_t i = 0; i < config->proxy_count && error == 0; i++) {
		if (gateway_has_redirect(config, (uint32_t)(TARGET_FIRST_PROXY + i)))
			error = add_redirect(ruleset, &config->proxies[i]);
	}
	return error;
}

int gateway_write_redirect_rules(struct ruleset *ruleset, struct chain *chain, const struct config *config)
{
	const struct gateway_lookups lookups = {config, gateway_redirect_verdict, CHAIN_REDIRECT_PREFIX, false};
	int result = gateway_write_lookups(&lookups, ruleset, chain);

	return result < 0 ? result : 0;
}

int gateway_write_fence(struct chain *chain, const struct config *config)
{
	return chain_add(chain, {.kind = STATEMENT_MARK, .mark = config->gateway.mark}, {.kind = STATEMENT_IIF_ANY},
			 {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_FENCE},
			 {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_DROP}});
}
