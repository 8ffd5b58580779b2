/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/proxies.h"

#include "config/relay.h"
#include "inspect/cures.h"
#include "route/way.h"
#include "util/address.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/loopback.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How well somebody listens, from worst to best. */
enum state {
	STATE_NOBODY,
	STATE_ADDRESS,	   /* at an address where TPROXY does not look */
	STATE_TRANSPARENT, /* without the socket option, so that TPROXY passes it over */
	STATE_GOOD,
};

enum { TCP, UDP, PROTOCOLS };
enum { IP, IP6, FAMILIES };

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {[TCP] = {IPPROTO_TCP, "TCP"}, [UDP] = {IPPROTO_UDP, "UDP"}};

static const struct {
	uint8_t number;
	const char *name;
} families[] = {[IP] = {AF_INET, "IPv4"}, [IP6] = {AF_INET6, "IPv6"}};

/* A proxy, and how well each kind of traffic that is sent to it is listened for. */
struct judgement {
	const struct config *config;
	const struct proxy *proxy;
	bool is_wanted[PROTOCOLS][FAMILIES];
	enum state states[PROTOCOLS][FAMILIES];
	const struct listener *misplaced; /* one of STATE_ADDRESS */
	struct problems *problems;
};

int proxies_look_around(struct proxy_surroundings *surroundings)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = primary_address_find(&rtnetlink, AF_INET, &surroundings->ip);

	if (result == 0)
		result = primary_address_find(&rtnetlink, AF_INET6, &surroundings->ip6);
	surroundings->has_ip6 = result == 0 && way_look(&rtnetlink, AF_INET6) == 0;
	return rtnetlink_has_no_family(result) ? 0 : result;
}

/* An IPv6 socket that takes IPv4 is bound to no address, or to one that has that of IPv4 at its end. */
static bool is_at(const struct listener *listener, const struct primary_address *address)
{
	const uint8_t *bound = (const uint8_t *)&listener->address;
	const size_t size = address_size(address->family);

	if (!address->exists)
		return false;
	if (listener->family == AF_INET6 && address->family == AF_INET)
		bound += sizeof(struct in6_addr) - sizeof(struct in_addr);
	return memcmp(bound, &address->ip6, size) == 0;
}

static enum state state_of(const struct listener *listener, const struct primary_address *address)
{
	if (listener->interface != 0 && listener->interface != LOOPBACK_INDEX)
		return STATE_ADDRESS;
	if (!listener_is_wildcard(listener) && !is_at(listener, address))
		return STATE_ADDRESS;
	return listener->transparent ? STATE_GOOD : STATE_TRANSPARENT;
}

bool tproxy_finds_listener(const struct listener *listener, const struct proxy_surroundings *surroundings)
{
	for (size_t family = 0; family < FAMILIES; family++) {
		if (listener_takes_family(listener, families[family].number) &&
		    state_of(listener, family == IP ? &surroundings->ip : &surroundings->ip6) == STATE_GOOD)
			return true;
	}
	return false;
}

static void note_listener(struct judgement *judgement, const struct listener *listener,
			  const struct proxy_surroundings *surroundings)
{
	const size_t protocol = listener->protocol == IPPROTO_TCP ? TCP : UDP;

	for (size_t family = 0; family < FAMILIES; family++) {
		enum state *state = &judgement->states[protocol][family];
		enum state found = STATE_NOBODY;

		if (!listener_takes_family(listener, families[family].number))
			continue;
		found = state_of(listener, family == IP ? &surroundings->ip : &surroundings->ip6);
		if (found == STATE_ADDRESS && judgement->is_wanted[protocol][family] && *state == STATE_NOBODY)
			judgement->misplaced = listener;
		*state = found > *state ? found : *state;
	}
}

static bool has_state(const struct judgement *judgement, enum state state)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		for (size_t j = 0; j < FAMILIES; j++) {
			if (judgement->is_wanted[i][j] && judgement->states[i][j] == state)
				return true;
		}
	}
	return false;
}

/* Whether nobody at all listens for what is wanted of a protocol. */
static bool lacks_protocol(const struct judgement *judgement, size_t protocol)
{
	bool is_wanted = false;

	for (size_t family = 0; family < FAMILIES; family++) {
		is_wanted = is_wanted || judgement->is_wanted[protocol][family];
		if (judgement->is_wanted[protocol][family] && judgement->states[protocol][family] != STATE_NOBODY)
			return false;
	}
	return is_wanted;
}

static bool is_port_of_a_proxy(const struct config *config, uint16_t port)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].port == port)
			return true;
	}
	return false;
}

/* Finds a port at which somebody listens as a proxy should, and that no proxy of the config has. 0: none, or several.
 */
static uint16_t find_other_port(const struct judgement *judgement)
{
	CLEANUP(listeners_clear) struct listeners listeners = {0};
	uint16_t port = 0;

	/* all that listen on TCP are few; all sockets of UDP can be very many */
	if (listeners_find_tcp(&listeners) < 0)
		return 0;
	for (size_t i = 0; i < listeners.count; i++) {
		const struct listener *listener = &listeners.items[i];

		if (!listener->transparent || is_port_of_a_proxy(judgement->config, listener->port) ||
		    listener->port == port)
			continue;
		if (port != 0)
			return 0;
		port = listener->port;
	}
	return port;
}

static char *edit_port(const struct judgement *judgement, uint16_t port)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", port);
	return cure_by_key(judgement->config, judgement->proxy, "port", number);
}

/* A relay has its port from the config, by its socket's unit. */
static char *restart_relay(const struct proxy *proxy)
{
	return problem_command("systemctl daemon-reload && systemctl restart " RELAY_UNIT_PREFIX "%s.socket",
			       proxy->name);
}

static char *cure_of_absent(const struct judgement *judgement, uint16_t other)
{
	const struct proxy *proxy = judgement->proxy;

	if (proxy->relay.enabled && other != 0)
		return restart_relay(proxy);
	if (proxy->relay.enabled)
		return problem_command("systemctl enable --now " RELAY_UNIT_PREFIX "%s", proxy->name);
	return other != 0 ? edit_port(judgement, other)
			  : problem_cure("start the proxy that is to listen on port %u", proxy->port);
}

static int report_absent(struct judgement *judgement)
{
	const struct proxy *proxy = judgement->proxy;
	const uint16_t other = find_other_port(judgement);
	char hint[96] = "";

	if (other != 0)
		snprintf(hint, sizeof(hint), _(". Something listens for TPROXY on port %u"), other);
	return problems_add(judgement->problems, PROBLEM_PROXY_ABSENT, proxy->name, cure_of_absent(judgement, other),
			    "nothing listens on port %u, where the traffic for the proxy %s is sent, so it is "
			    "refused%s",
			    proxy->port, proxy->name, hint);
}

/* Another program, often the proxy behind it, has the relay's port. */
static char *move_relay(const struct judgement *judgement)
{
	const struct proxy *proxy = judgement->proxy;
	CLEANUP(freep) char *place = place_in_file(judgement->config, proxy->position.line);

	return place != NULL
		       ? problem_cure("write a free port as the \"port\" of %s (%s), where its relay is to listen, "
				      "then: systemctl reload cgtproxy; systemctl daemon-reload && systemctl restart "
				      "cgtproxy-relay@%s.socket",
				      proxy->name, place, proxy->name)
		       : NULL;
}

static char *cure_of_not_transparent(const struct judgement *judgement)
{
	const uint16_t other = find_other_port(judgement);

	if (judgement->proxy->relay.enabled)
		return move_relay(judgement);
	return other != 0 ? edit_port(judgement, other)
			  : problem_cure(
				    "open a port for TPROXY in the proxy's own config (\"tproxy-port\" of mihomo, "
				    "an inbound \"tproxy\" of sing-box, \"sockopt\": {\"tproxy\": \"tproxy\"} of v2ray "
				    "and xray), and name it as the port of %s",
				    judgement->proxy->name);
}

static int report_not_transparent(struct judgement *judgement)
{
	const struct proxy *proxy = judgement->proxy;

	return problems_add(
		judgement->problems, PROBLEM_PROXY_TRANSPARENT, proxy->name, cure_of_not_transparent(judgement),
		"the program that listens on port %u, where the traffic for the proxy %s is sent, does not listen "
		"for "
		"TPROXY (its socket lacks the option IP_TRANSPARENT), so it is refused. It may be a port for SOCKS or "
		"HTTP",
		proxy->port, proxy->name);
}

static int report_misplaced(struct judgement *judgement)
{
	const struct listener *listener = judgement->misplaced;
	const struct proxy *proxy = judgement->proxy;
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(listener->family, &listener->address, address, sizeof(address));
	return problems_add(
		judgement->problems, PROBLEM_PROXY_ADDRESS, proxy->name,
		problem_cure("let the proxy listen on all addresses, or on %s, at port %u",
			     listener->family == AF_INET ? "127.0.0.1" : "::1", proxy->port),
		"the program that listens on port %u, where the traffic for the proxy %s is sent, does so on "
		"%s%s. TPROXY looks for sockets on all addresses or on the first one of the loopback "
		"interface, so the traffic is refused",
		proxy->port, proxy->name, address, listener->interface != 0 ? _(" of one interface only") : "");
}

/* A relay takes TCP always, and UDP if its socket's unit was made for it. */
static int report_protocol(struct judgement *judgement)
{
	const size_t lacking = lacks_protocol(judgement, UDP) ? UDP : TCP;
	const struct proxy *proxy = judgement->proxy;
	char *cure = NULL;

	if (proxy->relay.enabled)
		cure = restart_relay(proxy);
	else if (lacking == UDP)
		cure = cure_by_key(judgement->config, proxy, "udp", "refuse");
	else
		cure = problem_cure("let the proxy take TCP at port %u as well", proxy->port);
	return problems_add(judgement->problems, PROBLEM_PROXY_PROTOCOL, proxy->name, cure,
			    "nothing listens on port %u of %s, where %s for the proxy %s is sent, so it is refused%s",
			    proxy->port, protocols[lacking].name, protocols[lacking].name, proxy->name,
			    lacking == UDP && !proxy->relay.enabled
				    ? _(". Let the proxy take UDP there, or have UDP refused at once")
				    : "");
}

/* Writes down what is wanted and nobody listens for: "TCP over IPv6, UDP over IPv6". Returns its length. */
static size_t list_lacking(const struct judgement *judgement, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; i < PROTOCOLS; i++) {
		for (size_t j = 0; j < FAMILIES; j++) {
			if (!judgement->is_wanted[i][j] || judgement->states[i][j] != STATE_NOBODY ||
			    lacks_protocol(judgement, i) || length >= size)
				continue;
			length += (size_t)snprintf(text + length, size - length,
						   length > 0 ? _(", %s over %s") : _("%s over %s"), protocols[i].name,
						   families[j].name);
		}
	}
	return length;
}

static int report_families(struct judgement *judgement)
{
	const struct proxy *proxy = judgement->proxy;
	char lacking[128];
	const bool is_ip6 = list_lacking(judgement, lacking, sizeof(lacking)) > 0 && strstr(lacking, "IPv4") == NULL;

	if (*lacking == '\0')
		return 0;
	return problems_add(
		judgement->problems, PROBLEM_PROXY_FAMILY, proxy->name,
		is_ip6 ? cure_by_key(judgement->config, proxy, "ipv6", "refuse")
		       : problem_cure("let the proxy listen for %s at port %u as well", lacking, proxy->port),
		"on port %u, where the traffic for the proxy %s is sent, nothing listens for %s, so that "
		"is refused%s",
		proxy->port, proxy->name, lacking,
		is_ip6 ? _(". Let the proxy listen on IPv6, too, or have IPv6 refused at once") : "");
}

static int report(struct judgement *judgement)
{
	int result = 0;

	if (lacks_protocol(judgement, TCP) && (lacks_protocol(judgement, UDP) || !judgement->is_wanted[UDP][IP]))
		return report_absent(judgement);
	if (has_state(judgement, STATE_TRANSPARENT))
		result = report_not_transparent(judgement);
	/* of a port for something else, how it takes UDP and IPv6 means nothing */
	if (has_state(judgement, STATE_TRANSPARENT) && !has_state(judgement, STATE_GOOD))
		return result;
	if (result == 0 && has_state(judgement, STATE_ADDRESS) && judgement->misplaced != NULL)
		result = report_misplaced(judgement);
	if (result == 0 && (lacks_protocol(judgement, TCP) || lacks_protocol(judgement, UDP)))
		result = report_protocol(judgement);
	return result == 0 ? report_families(judgement) : result;
}

int proxy_judge(const struct config *config, const struct proxy *proxy, const struct listeners *listeners,
		const struct proxy_surroundings *surroundings, struct problems *problems)
{
	/* questions for names are sent to a relay that answers them, whatever becomes of other UDP */
	const bool udp = proxy->udp == TRAFFIC_PROXY || proxy->relay.dns.kind != RELAY_DNS_OFF;
	const bool ip6 = proxy->ipv6 == TRAFFIC_PROXY && surroundings->has_ip6;
	struct judgement judgement = {
		.config = config,
		.proxy = proxy,
		.is_wanted = {[TCP] = {[IP] = true, [IP6] = ip6}, [UDP] = {[IP] = udp, [IP6] = udp && ip6}},
		.problems = problems,
	};

	for (size_t i = 0; i < listeners->count; i++)
		note_listener(&judgement, &listeners->items[i], surroundings);
	return report(&judgement);
}
