/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/chains.h"

#include "engine/parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct verdict chain_verdict(const char *prefix, const char *name)
{
	struct verdict verdict = {.kind = VERDICT_GOTO};

	snprintf(verdict.chain, sizeof(verdict.chain), "%s%s", prefix, name);
	return verdict;
}

struct verdict chain_of_target(const struct config *config, uint32_t target, const char *drop, const char *refuse,
			       const char *prefix)
{
	if (target == TARGET_DIRECT)
		return (struct verdict){.kind = VERDICT_RETURN};
	if (target == TARGET_DROP)
		return chain_verdict("", drop);
	if (target == TARGET_REFUSE)
		return chain_verdict("", refuse);
	return chain_verdict(prefix, config->proxies[target - TARGET_FIRST_PROXY].name);
}

const char *chain_proxy(const char *chain)
{
	const size_t prefix = strlen(CHAIN_PROXY_PREFIX);

	return strncmp(chain, CHAIN_PROXY_PREFIX, prefix) == 0 && chain[prefix] != '\0' ? chain + prefix : NULL;
}

static struct statement set_mark(const struct proxy *proxy)
{
	return (struct statement){.kind = STATEMENT_SET_MARK, .mark = proxy->mark};
}

/* The counter is named after the chain. */
static struct statement count_marked(const struct proxy *proxy)
{
	return statement_about(STATEMENT_COUNTER_NAME, chain_verdict(CHAIN_PROXY_PREFIX, proxy->name).chain);
}

unsigned chain_label(size_t proxy)
{
	return LABEL_FIRST_PROXY - (unsigned)proxy;
}

/*
 * Replies to the outside are never steered. Replies of a flow that began here from a foreign address don't count as
 * such: a proxy's transparent socket sent first, or a program that wants its packets to pass for replies. Nor do
 * replies of a steered flow, which come from the proxy, unless they go to a client on this host.
 */
static int add_reply_exception(struct chain *chain)
{
	int error =
		chain_add(chain, {.kind = STATEMENT_CT_REPLY}, {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN},
			  {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_STEERED}, RETURN);

	return error == 0 ? chain_add(chain, {.kind = STATEMENT_CT_REPLY},
				      {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN},
				      {.kind = STATEMENT_DADDR_LOCAL}, RETURN)
			  : error;
}

static int add_local_exception(struct chain *chain, const struct config *config)
{
	return config->bypass_local ? chain_add(chain, {.kind = STATEMENT_DADDR_LOCAL}, RETURN) : 0;
}

/* A chain that drops or rejects, with its counter. NULL if out of memory. */
static struct chain *add_end(struct ruleset *ruleset, const struct config *config, const char *name)
{
	struct chain *chain = ruleset_add_chain(ruleset, name, HOOK_NONE);

	if (chain == NULL || add_reply_exception(chain) < 0 || part_add_bypass(chain) < 0 ||
	    add_local_exception(chain, config) < 0 || ruleset_add_counter(ruleset, name) < 0)
		return NULL;
	return chain;
}

int chains_add_drop(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = add_end(ruleset, config, CHAIN_DROP);

	if (chain == NULL)
		return -ENOMEM;
	return chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_DROP},
			 {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_DROP}});
}

int chains_add_refuse(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = add_end(ruleset, config, CHAIN_REFUSE);
	int error = chain != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_COUNTER_NAME, .name = CHAIN_REFUSE});
	return error == 0 ? part_add_rejects(chain) : error;
}

/*
 * DNS hijacking is configured explicitly, so it precedes all other exceptions, even when the name server is this host.
 * It sets no label of the proxy's, since the packets don't go to the proxy's port.
 */
static int add_hijacked_marks(struct chain *chain, const struct proxy *proxy)
{
	struct hijacked kinds[HIJACKED_MAX];
	size_t count = part_list_hijacked(&proxy->dns_hijack, kinds);
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		error = chain_add(chain, MATCH_HIJACKED(kinds[i]), count_marked(proxy), set_mark(proxy), RETURN);
	return error;
}

/*
 * A relay answers questions for names, whoever is asked: usually a name server of this host, or the router, which is
 * under bypass. So this precedes that, and what the proxy's keys say of UDP and IPv6.
 */
static int add_relay_dns(struct chain *chain, const struct proxy *proxy, size_t index)
{
	int error = 0;

	for (int i = 0; i <= 1 && error == 0; i++)
		error = chain_add(chain, MATCH_QUESTIONS(i), count_marked(proxy),
				  {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_STEERED},
				  {.kind = STATEMENT_SET_CT_LABEL, .label = chain_label(index)}, set_mark(proxy),
				  RETURN);
	return error;
}

/* proxy-NAME: packets from this proxy's cgroups get the proxy's mark, and are rerouted because of it. */
static int add_mark_chain(struct ruleset *ruleset, const struct config *config, size_t index)
{
	const struct proxy *proxy = &config->proxies[index];
	struct chain *chain =
		ruleset_add_chain(ruleset, chain_verdict(CHAIN_PROXY_PREFIX, proxy->name).chain, HOOK_NONE);
	int error = chain != NULL ? add_reply_exception(chain) : -ENOMEM;

	if (error == 0 && proxy->dns_hijack.enabled)
		error = chain_add(chain, {.kind = STATEMENT_CT_LABEL, .label = LABEL_HIJACKED}, RETURN);
	if (error == 0 && proxy->relay.dns.kind != RELAY_DNS_OFF)
		error = add_relay_dns(chain, proxy, index);
	if (error == 0)
		error = part_add_bypass(chain);
	if (error == 0)
		error = add_hijacked_marks(chain, proxy);
	if (error == 0)
		error = add_local_exception(chain, config);
	if (error == 0)
		error = part_add_refusals(chain, proxy, CHAIN_REFUSE, true);
	if (error == 0)
		error = part_add_exclusions(chain, proxy);
	if (error == 0)
		error = chain_add(chain, count_marked(proxy), {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_STEERED},
				  {.kind = STATEMENT_SET_CT_LABEL, .label = chain_label(index)}, set_mark(proxy));
	return error;
}

/*
 * tproxy-NAME: packets that arrive on the loopback interface are handed to the proxy's socket. If there is none, they
 * must not reach another local socket on the same port, so they are refused. But packets to this host's addresses pass:
 * replies to the proxy carry the mark if net.ipv4.tcp_fwmark_accept is set.
 */
static int add_tproxy_chain(struct ruleset *ruleset, const struct proxy *proxy)
{
	struct chain *chain =
		ruleset_add_chain(ruleset, chain_verdict(CHAIN_TPROXY_PREFIX, proxy->name).chain, HOOK_NONE);
	int error = chain != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_TCP_OR_UDP},
				  {.kind = STATEMENT_TPROXY, .port = proxy->port},
				  {.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_ACCEPT}});
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_DADDR_LOCAL}, RETURN);
	return error == 0 ? part_add_rejects(chain) : error;
}

/*
 * dns-NAME: clears the mark, so that the NAT hook routes the packet to its new destination, not to the loopback
 * interface.
 */
static int add_dns_chain(struct ruleset *ruleset, const struct proxy *proxy)
{
	struct chain *chain = ruleset_add_chain(ruleset, chain_verdict(CHAIN_DNS_PREFIX, proxy->name).chain, HOOK_NONE);
	const struct statement clear_mark = {.kind = STATEMENT_SET_MARK,
					     .mark = {.value = 0, .mask = proxy->mark.mask}};
	struct hijacked kinds[HIJACKED_MAX];
	size_t count = part_list_hijacked(&proxy->dns_hijack, kinds);
	int error = chain != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && error == 0; i++)
		error = chain_add(chain, MATCH_HIJACKED(kinds[i]), clear_mark,
				  {.kind = STATEMENT_SET_CT_LABEL, .label = LABEL_HIJACKED},
				  part_dnat(&proxy->dns_hijack, kinds[i].ip6));
	return error;
}

int chains_add_proxy(struct ruleset *ruleset, const struct config *config, size_t index)
{
	const struct proxy *proxy = &config->proxies[index];
	int error = add_mark_chain(ruleset, config, index);

	if (error == 0)
		error = ruleset_add_counter(ruleset, chain_verdict(CHAIN_PROXY_PREFIX, proxy->name).chain);
	if (error == 0)
		error = add_tproxy_chain(ruleset, proxy);
	if (error == 0 && proxy->dns_hijack.enabled)
		error = add_dns_chain(ruleset, proxy);
	return error;
}

/*
 * A chain whose packets follow their flow. Packets of the other direction, a proxy's replies from foreign addresses,
 * pass unchanged.
 */
static struct chain *add_flow_chain(struct ruleset *ruleset, const char *name)
{
	struct chain *chain = ruleset_add_chain(ruleset, name, HOOK_NONE);
	int error = chain != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_CT_REPLY},
				  {.kind = STATEMENT_CT_NO_LABEL, .label = LABEL_FOREIGN}, RETURN);
	if (error == 0)
		error = chain_add(chain, {.kind = STATEMENT_CT_ORIGINAL},
				  {.kind = STATEMENT_CT_LABEL, .label = LABEL_FOREIGN}, RETURN);
	return error == 0 ? chain : NULL;
}

int chains_add_orphan(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = add_flow_chain(ruleset, CHAIN_ORPHAN);
	int error = chain != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_CT_LABEL, .label = chain_label(i)},
				  set_mark(&config->proxies[i]));
	return error;
}

static struct statement go_to_tproxy(const struct proxy *proxy)
{
	return statement_goto(chain_verdict(CHAIN_TPROXY_PREFIX, proxy->name).chain);
}

int chains_add_unmarked(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = add_flow_chain(ruleset, CHAIN_UNMARKED);
	int error = chain != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < config->proxy_count && error == 0; i++)
		error = chain_add(chain, {.kind = STATEMENT_CT_LABEL, .label = chain_label(i)},
				  set_mark(&config->proxies[i]), go_to_tproxy(&config->proxies[i]));
	return error;
}
