/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/gateway_problems.h"

#include "engine/parts.h"
#include "inspect/gateway_match.h"
#include "inspect/host.h"
#include "socket/listeners.h"
#include "util/address.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/loopback.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	NAME_SIZE = ESCAPED_SIZE(IFNAMSIZ),
	ABOUT_SIZE = NAME_SIZE + PROXY_NAME_MAX + 64,
	COMMAND_SIZE = 256,
};

bool gateway_is_used(const struct config *config)
{
	return config->gateway.enabled && (config->containers || config->gateway.rule_count > 0);
}

static const char *shown_name(const struct link *link, char text[NAME_SIZE])
{
	return escape(text, NAME_SIZE, link->name, strlen(link->name));
}

static bool leaves_direct(const struct proxy *proxy)
{
	return proxy->udp == TRAFFIC_DIRECT || proxy->ipv6 == TRAFFIC_DIRECT || proxy->other == TRAFFIC_DIRECT;
}

/* Whether anything may be forwarded; a strict gateway may be one that lets nothing out but by proxies. */
static bool forwards_anything(const struct config *config)
{
	const struct gateway *gateway = &config->gateway;

	if (!gateway->strict || config->containers || config->bypass_count > 0)
		return true;
	for (size_t i = 0; i < gateway->rule_count; i++) {
		const uint32_t target = gateway->rules[i].target;

		if (target == TARGET_DIRECT ||
		    (target >= TARGET_FIRST_PROXY && leaves_direct(&config->proxies[target - TARGET_FIRST_PROXY])))
			return true;
	}
	return false;
}

static bool lets_pass(const struct gateway_rule *rule)
{
	return rule->target == TARGET_DIRECT || rule->target >= TARGET_FIRST_PROXY;
}

/* Whether a rule names the interface, and lets what arrives there pass. */
static bool is_named(const struct config *config, const struct link *link)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		if (lets_pass(&config->gateway.rules[i]) && gateway_rule_names(&config->gateway.rules[i], link->name))
			return true;
	}
	return false;
}

/* Whether packets that arrive on the interface may be steered, as far as that is known. */
static bool is_reached(const struct config *config, const struct link *link)
{
	if (config->containers && (link->is_bridge || link->is_veth))
		return true;
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		if (lets_pass(&config->gateway.rules[i]) && gateway_rule_reaches(&config->gateway.rules[i], link->name))
			return true;
	}
	return false;
}

static int report_no_forwarding(struct problems *problems)
{
	return problems_add(problems, PROBLEM_FORWARDING, _("IPv4 forwarding"),
			    problem_command("sysctl -w net.ipv4.ip_forward=1"),
			    "IPv4 forwarding is off (net.ipv4.ip_forward). What the gateway's rules send to proxies "
			    "gets there, but everything else from other hosts is dropped: what is direct, bypassed or "
			    "matched by no rule");
}

static int report_no_forwarding6(struct problems *problems)
{
	return problems_add(problems, PROBLEM_FORWARDING, _("IPv6 forwarding"),
			    problem_command("sysctl -w net.ipv6.conf.all.forwarding=1"),
			    "IPv6 forwarding is off (net.ipv6.conf.all.forwarding). What the gateway's rules send to "
			    "proxies gets there, but everything else from other hosts is dropped: what is direct, "
			    "bypassed or matched by no rule. With it, this host takes router advertisements only on "
			    "interfaces whose accept_ra is 2");
}

/* In sysctl's notation, a dot in a name is a slash. */
static int report_not_forwarding(const struct link *link, struct problems *problems)
{
	char about[ABOUT_SIZE];
	char name[NAME_SIZE];
	char *cure = NULL;

	snprintf(about, sizeof(about), _("IPv4 forwarding of %s"), shown_name(link, name));
	cure = strpbrk(name, " \\'\"$`!*?;&|<>()[]{}#~") == NULL
		       ? problem_command("sysctl -w net.ipv4.conf.%s.forwarding=1", name)
		       : NULL;
	for (char *at = cure != NULL ? strstr(cure, "conf.") + strlen("conf.") : NULL;
	     at != NULL && strchr(at, '.') != strrchr(at, '.'); at++) {
		if (*at == '.')
			*at = '/';
	}
	return problems_add(problems, PROBLEM_FORWARDING, about, cure,
			    "IPv4 forwarding is off for what arrives on the interface %s. What the gateway's rules "
			    "send to proxies gets there, but everything else from there is dropped: what is direct, "
			    "bypassed or matched by no rule",
			    name);
}

static int judge_ip(const struct config *config, const struct links *links, struct problems *problems)
{
	bool forwards = false;
	bool is_wanted = false;
	int result = 0;

	for (size_t i = 0; i < links->count; i++) {
		forwards = forwards || links->items[i].forwards_ip;
		is_wanted = is_wanted || (links->items[i].has_ip && is_reached(config, &links->items[i]));
	}
	if (!forwards)
		return is_wanted ? report_no_forwarding(problems) : 0;
	for (size_t i = 0; i < links->count && result == 0; i++) {
		const struct link *link = &links->items[i];

		if (link->has_ip && !link->forwards_ip && is_named(config, link))
			result = report_not_forwarding(link, problems);
	}
	return result;
}

/* A host that only uses IPv6 has addresses that expire, and would lose its router to forwarding. */
static bool wants_ip6(const struct config *config, const struct links *links)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		const struct gateway_rule *rule = &config->gateway.rules[i];

		for (size_t j = 0; rule->selector == GATEWAY_SOURCE && lets_pass(rule) && j < rule->value_count; j++) {
			if (rule->values[j].source.family == AF_INET6)
				return true;
		}
	}
	for (size_t i = 0; i < links->count; i++) {
		if (links->items[i].has_ip6 && is_named(config, &links->items[i]))
			return true;
	}
	return false;
}

int gateway_judge_forwarding(const struct config *config, const struct links *links, struct problems *problems)
{
	int result = 0;

	if (!forwards_anything(config))
		return 0;
	result = judge_ip(config, links, problems);
	if (result == 0 && !links->forwards_ip6 && wants_ip6(config, links))
		result = report_no_forwarding6(problems);
	return result;
}

/* Whether queries that arrive on the interface may be redirected to the proxy's name server. */
static bool is_redirected(const struct config *config, size_t proxy, const struct link *link)
{
	if (config->containers && (link->is_bridge || link->is_veth))
		return true;
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		const struct gateway_rule *rule = &config->gateway.rules[i];

		if (rule->target == TARGET_FIRST_PROXY + proxy && gateway_rule_reaches(rule, link->name))
			return true;
	}
	return false;
}

/* Returns 1 if a socket gets what comes to the address, 0 if not, or a negative errno. */
static int is_listened_at(const struct endpoint *address, uint32_t interface)
{
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	int result = listeners_find_udp_at(address, interface, &listeners);

	return result < 0 ? result : listeners.count > 0;
}

/*
 * Returns 1 if a socket gets what is redirected to an interface's address, 0 if none does although there are such
 * addresses, or else 1 as well, or a negative errno.
 */
static int gets_redirected(const struct config *config, size_t proxy, const struct links *links, int family)
{
	struct endpoint address = {.family = family, .port = config->proxies[proxy].dns_hijack.port};
	size_t asked = 0;
	int result = 0;

	for (size_t i = 0; i < links->count && result == 0; i++) {
		const struct link *link = &links->items[i];

		if (!(family == AF_INET ? link->has_ip : link->has_ip6) || !is_redirected(config, proxy, link))
			continue;
		if (family == AF_INET)
			address.ip = link->ip;
		else
			address.ip6 = link->ip6;
		asked++;
		result = is_listened_at(&address, link->index);
	}
	return asked == 0 ? 1 : result;
}

static int report_name_server(const struct proxy *proxy, const char *address, struct problems *problems)
{
	char about[ABOUT_SIZE];

	snprintf(about, sizeof(about), _("the name server of %s"), proxy->name);
	return problems_add(problems, PROBLEM_NAME_SERVER, about,
			    problem_cure("let it listen on all addresses, or also on those of the interfaces on which "
					 "other hosts' queries arrive, at UDP port %u",
					 proxy->dns_hijack.port),
			    "the name server of the proxy %s listens on %s only, at UDP port %u. dns-hijack redirects "
			    "other hosts' queries to this host's address on the interface where they arrive, so they "
			    "are not answered",
			    proxy->name, address, proxy->dns_hijack.port);
}

static int judge_name_server(const struct config *config, size_t index, const struct links *links, bool is_ip6,
			     struct problems *problems)
{
	const struct proxy *proxy = &config->proxies[index];
	const struct dns_hijack *hijack = &proxy->dns_hijack;
	struct endpoint loopback = {.family = is_ip6 ? AF_INET6 : AF_INET, .port = hijack->port};
	int result = 0;

	if ((is_ip6 && !hijack->has_ip6) || !part_is_loopback(hijack, is_ip6))
		return 0;
	if (is_ip6)
		loopback.ip6 = hijack->ip6;
	else
		loopback.ip = hijack->ip;
	result = gets_redirected(config, index, links, loopback.family);
	if (result != 0)
		return result < 0 ? result : 0;
	result = is_listened_at(&loopback, LOOPBACK_INDEX);
	if (result > 0) {
		char address[ENDPOINT_SIZE];

		loopback.port = 0;
		result = report_name_server(proxy, endpoint_write(&loopback, address), problems);
	}
	return result;
}

int gateway_judge_name_servers(const struct config *config, const struct links *links, struct problems *problems)
{
	int result = 0;

	for (size_t i = 0; i < config->proxy_count && result == 0; i++) {
		const size_t before = problems->count;

		if (!config->proxies[i].dns_hijack.enabled)
			continue;
		result = judge_name_server(config, i, links, false, problems);
		if (result == 0 && problems->count == before)
			result = judge_name_server(config, i, links, true, problems);
	}
	return result;
}

/* What is to be set to 0 for one bridge. */
struct bridge_filters {
	bool all_ip; /* by the sysctls, for all bridges */
	bool all_ip6;
	bool ip; /* by the bridge's own settings */
	bool ip6;
};

static char *turn_off(const struct bridge_filters *filters, const struct link *link)
{
	const bool has_both = (filters->all_ip || filters->all_ip6) && (filters->ip || filters->ip6);
	char sysctls[COMMAND_SIZE] = "";
	char settings[COMMAND_SIZE] = "";

	if (filters->all_ip || filters->all_ip6)
		snprintf(sysctls, sizeof(sysctls), "sysctl -w%s%s",
			 filters->all_ip ? " net.bridge.bridge-nf-call-iptables=0" : "",
			 filters->all_ip6 ? " net.bridge.bridge-nf-call-ip6tables=0" : "");
	if (filters->ip || filters->ip6)
		snprintf(settings, sizeof(settings), "ip link set %s type bridge%s%s", link->name,
			 filters->ip ? " nf_call_iptables 0" : "", filters->ip6 ? " nf_call_ip6tables 0" : "");
	return problem_command("%s%s%s", sysctls, has_both ? "\n" : "", settings);
}

static int report_bridge(const struct bridge_filters *filters, const struct link *link, struct problems *problems)
{
	char about[ABOUT_SIZE];
	char name[NAME_SIZE];

	snprintf(about, sizeof(about), _("the bridge %s"), shown_name(link, name));
	return problems_add(problems, PROBLEM_GATEWAY_BRIDGE, about, turn_off(filters, link),
			    "the gateway's rules apply to the bridge %s, and br_netfilter sends bridged packets "
			    "through the prerouting chain twice (net.bridge.bridge-nf-call-iptables, -ip6tables), as "
			    "container engines set it: what is for a proxy is lost, and so is what is merely bridged "
			    "from one port to another. There is no way around that but to turn it off",
			    name);
}

int gateway_judge_bridges(const struct config *config, const struct links *links, struct problems *problems)
{
	const bool all_ip = host_filters_bridges(false);
	const bool all_ip6 = host_filters_bridges(true);
	int result = 0;

	for (size_t i = 0; i < links->count && result == 0; i++) {
		const struct link *link = &links->items[i];
		const struct bridge_filters filters = {all_ip, all_ip6, link->filters_ip, link->filters_ip6};

		if (link->is_bridge && (filters.all_ip || filters.all_ip6 || filters.ip || filters.ip6) &&
		    is_reached(config, link))
			result = report_bridge(&filters, link, problems);
	}
	return result;
}

int gateway_judge(const struct config *config, struct problems *problems)
{
	CLEANUP(links_clear) struct links links = {0};
	int result = gateway_is_used(config) ? links_read(&links) : 0;

	if (result == 0 && gateway_is_used(config))
		result = gateway_judge_forwarding(config, &links, problems);
	return result == 0 ? gateway_judge_name_servers(config, &links, problems) : result;
}
