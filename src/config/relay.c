/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/relay.h"

#include "config/selectors.h"
#include "config/value.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_SCHEME "tcp://"

/* The port after an address; without one, that of DNS. */
static bool parse_port(const char *text, uint16_t *port)
{
	char *end = NULL;
	unsigned long number = 0;

	*port = DNS_PORT;
	if (*text == '\0')
		return true;
	if (*text != ':' || text[1] < '1' || text[1] > '9')
		return false;
	number = strtoul(text + 1, &end, 10);
	*port = (uint16_t)number;
	return *end == '\0' && number <= UINT16_MAX;
}

static bool parse_server(const char *text, struct endpoint *server)
{
	const bool is_ip6 = *text == '[';
	const char *begin = is_ip6 ? text + 1 : text;
	const size_t length = strcspn(begin, is_ip6 ? "]" : ":");
	const char *rest = begin + length;
	char address[INET6_ADDRSTRLEN] = "";

	if (length >= sizeof(address) || (is_ip6 && *rest++ != ']'))
		return false;
	memcpy(address, begin, length);
	server->family = is_ip6 ? AF_INET6 : AF_INET;
	return inet_pton(server->family, address, &server->ip6) == 1 && parse_port(rest, &server->port);
}

bool relay_dns_parse(const char *text, struct relay_dns *dns)
{
	struct relay_dns read = {.kind = RELAY_DNS_OFF};

	if (strcmp(text, "fake-ip") == 0)
		read.kind = RELAY_DNS_FAKE_IP;
	else if (strncmp(text, SERVER_SCHEME, strlen(SERVER_SCHEME)) == 0)
		read.kind = RELAY_DNS_SERVER;
	else if (strcmp(text, "off") != 0)
		return false;
	if (read.kind == RELAY_DNS_SERVER && !parse_server(text + strlen(SERVER_SCHEME), &read.server))
		return false;
	*dns = read;
	return true;
}

struct relay_reader {
	struct proxy_relay relay;
	bool says_upstream; /* maybe not a valid one */
};

const char *relay_dns_write(const struct relay_dns *dns, char *out)
{
	char server[ENDPOINT_SIZE];

	if (dns->kind == RELAY_DNS_SERVER)
		snprintf(out, RELAY_DNS_SIZE, SERVER_SCHEME "%s", endpoint_write(&dns->server, server));
	else
		snprintf(out, RELAY_DNS_SIZE, "%s", dns->kind == RELAY_DNS_FAKE_IP ? "fake-ip" : "off");
	return out;
}

static bool read_upstream(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *url = NULL;
	struct relay_reader *reader = out;
	struct proxy_relay *relay = &reader->relay;
	struct error error;

	reader->says_upstream = true;
	if (!value_string(node, key, &url, diagnostics))
		return false;
	upstream_clear(&relay->upstream);
	relay->has_upstream = upstream_parse(&relay->upstream, url, &error) == 0;
	if (relay->has_upstream)
		return true;
	upstream_clear(&relay->upstream);
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: %s", key_label(key), error.text);
	return false;
}

static bool read_dns(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *text = NULL;

	if (!value_string(node, key, &text, diagnostics))
		return false;
	if (relay_dns_parse(text, out))
		return true;
	return yaml_expected(node, key_label(key),
			     _("off, fake-ip, or a name server like tcp://9.9.9.9 or tcp://[2620:fe::fe]:53"),
			     diagnostics);
}

const struct key relay_keys[] = {
	{"upstream", read_upstream, .label = "relay.upstream", .needs_value = true, .form = FORM_UPSTREAM,
	 .about = "The proxy that the relay passes connections on to: socks5://HOST:PORT, http://HOST:PORT, "
		  "socks5+unix:/PATH, http+unix:/PATH, or direct://"},
	{"dns", read_dns, offsetof(struct relay_reader, relay.dns), .label = "relay.dns", .form = FORM_RELAY_DNS,
	 .about = "Who answers the questions for names of this proxy's cgroups: off, whoever was asked, through the "
		  "proxy; fake-ip, the relay, so that the far end resolves them; or tcp://ADDRESS, that server"},
	{0},
};

bool read_relay(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct relay_reader reader = {.relay = {.enabled = true, .position = yaml_position(node)}};

	if (!keys_read(node, key->name, relay_keys, &reader, diagnostics))
		return false;
	if (!reader.says_upstream)
		diagnose(diagnostics, SEVERITY_ERROR, reader.relay.position,
			 "%s: the upstream is missing, which is the proxy that connections are passed on to, like "
			 "\"upstream: socks5://127.0.0.1:1080\"",
			 key->name);
	*(struct proxy_relay *)out = reader.relay;
	return true;
}

static void check_udp(struct proxy *proxy, bool says_udp, struct diagnostics *diagnostics)
{
	if (proxy->relay.upstream.kind != UPSTREAM_HTTP || proxy->udp != TRAFFIC_PROXY)
		return;
	proxy->udp = TRAFFIC_REFUSE;
	if (says_udp)
		diagnose(
			diagnostics, SEVERITY_ERROR, proxy->relay.position,
			"the proxy %s: an HTTP proxy can't carry UDP. Leave out \"udp\", which refuses it then, or say "
			"\"udp: direct\"",
			proxy->name);
}

void check_relay(struct proxy *proxy, bool says_udp, struct diagnostics *diagnostics)
{
	const struct proxy_relay *relay = &proxy->relay;

	if (!relay->enabled || !relay->has_upstream)
		return;
	check_udp(proxy, says_udp, diagnostics);
	if (relay->dns.kind == RELAY_DNS_FAKE_IP && relay->upstream.kind == UPSTREAM_DIRECT)
		diagnose(diagnostics, SEVERITY_ERROR, relay->position,
			 "the proxy %s: \"dns: fake-ip\" leaves names to the far end to resolve, and with \"upstream: "
			 "direct://\" there is none",
			 proxy->name);
	if (relay->dns.kind != RELAY_DNS_OFF && proxy->dns_hijack.enabled)
		diagnose(
			diagnostics, SEVERITY_ERROR, proxy->dns_hijack.position,
			"the proxy %s: \"dns-hijack\" and \"dns\" of its relay are for the same questions; keep one of "
			"the two",
			proxy->name);
}

static bool overlaps(const struct network *network, const struct network *fake)
{
	const unsigned shorter = network->prefix < fake->prefix ? network->prefix : fake->prefix;
	const uint8_t *one = (const uint8_t *)&network->ip6;
	const uint8_t *other = (const uint8_t *)&fake->ip6;

	if (network->family != fake->family || memcmp(one, other, shorter / 8) != 0)
		return false;
	return shorter % 8 == 0 || (one[shorter / 8] ^ other[shorter / 8]) >> (8 - shorter % 8) == 0;
}

static bool is_bypassed(const struct config *config, const struct network *network)
{
	for (size_t i = 0; i < config->bypass_count; i++) {
		if (overlaps(&config->bypass[i], network))
			return true;
	}
	return false;
}

void check_fake_networks(const struct config *config, struct diagnostics *diagnostics)
{
	const struct network network = FAKE_NETWORK_IP;

	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (proxy->relay.dns.kind != RELAY_DNS_FAKE_IP || !is_bypassed(config, &network))
			continue;
		diagnose(diagnostics, SEVERITY_ERROR, proxy->relay.position,
			 "the proxy %s: with \"dns: fake-ip\", names have addresses of 198.18.0.0/15, some of which "
			 "\"bypass\" lets past the proxy. Take these out of \"bypass\"",
			 proxy->name);
		return;
	}
}

bool relay_has_fake_ip6(const struct config *config, const struct proxy *proxy)
{
	const struct network network = FAKE_NETWORK_IP6;

	return proxy->ipv6 == TRAFFIC_PROXY && !is_bypassed(config, &network);
}

static const struct proxy *first_relayed(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].relay.enabled)
			return &config->proxies[i];
	}
	return NULL;
}

int relay_add_rule(struct config *config)
{
	const struct proxy *proxy = first_relayed(config);
	struct config_rule *rules = NULL;
	struct config_rule rule = {.target = TARGET_DIRECT};

	if (proxy == NULL)
		return 0;
	rule.position = proxy->relay.position;
	rules = reallocarray(config->rules, config->rule_count + 1, sizeof(*rules));
	if (rules == NULL)
		return -ENOMEM;
	config->rules = rules;
	if (selector_write_rule(SELECTOR_UNIT, "unit", RELAY_UNIT_PREFIX ".service", &rule) < 0) {
		rule_clear(&rule);
		return -ENOMEM;
	}
	memmove(rules + 1, rules, config->rule_count * sizeof(*rules));
	rules[0] = rule;
	config->rule_count++;
	return 0;
}
